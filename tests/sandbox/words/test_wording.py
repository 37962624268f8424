"""What posts say."""

import re
import statistics

import pytest

from bizmeme.sandbox.dice import stream
from bizmeme.sandbox.moods import NO_TEXT, TOPICS
from bizmeme.sandbox.words import wording
from bizmeme.sandbox.words.lexicon import CLAUSES
from bizmeme.sandbox.words.phrases import PHRASES, read
from bizmeme.sandbox.words.wording import Saying

WORDED = [topic for topic in TOPICS if topic != NO_TEXT]


def texts(topic: str, count: int, **changes: bool) -> list[str]:
    return [
        wording.compose(Saying(topic, index % 6, **changes), stream("test", topic, index))
        for index in range(count)
    ]


@pytest.mark.parametrize("changes", [{}, {"muddled": True}, {"unseen": True}])
@pytest.mark.parametrize("topic", WORDED)
def test_a_text_speaks_of_its_topic_in_the_way_it_should(topic: str, changes: dict[str, bool]) -> None:
    for text in texts(topic, 150, **changes):
        seen = read(text)
        assert seen.topic == topic
        assert {"muddled": seen.muddled, "unseen": seen.unseen} == {
            "muddled": False,
            "unseen": False,
        } | changes


def test_a_post_without_a_topic_says_nothing() -> None:
    assert set(texts(NO_TEXT, 20)) == {""}


def test_filler_speaks_of_no_topic() -> None:
    said = (" ".join(wording.filler(30, stream("filler", k), period=k % 6)) for k in range(2000))
    assert {read(text).topic for text in said} == {NO_TEXT}


def test_a_prompt_that_cuts_at_200_characters_still_holds_the_phrase() -> None:
    long = [text for topic in WORDED for text in texts(topic, 300) if len(text) > 200]
    assert len(long) > 50
    for text in long:
        assert read(text[:200].rsplit(maxsplit=1)[0]).topic != NO_TEXT


def test_no_text_is_longer_than_the_board_allows() -> None:
    dice = stream("long")
    assert 1_900 < len(wording.worded(Saying("chat", 0), 500, dice)) <= wording.MAX_CHARS


def test_half_of_the_texts_have_eleven_words_or_fewer_and_some_have_hundreds() -> None:
    words = sorted(len(text.split()) for topic in WORDED for text in texts(topic, 400))
    assert 8 <= statistics.median(words) <= 15
    assert words[0] == 1
    assert words[-1] > 200


def test_each_period_has_words_of_its_own() -> None:
    def said(period: int) -> set[str]:
        clauses = (wording.filler(40, stream("drift", period, k), period=period) for k in range(150))
        return set(" ".join(" ".join(each) for each in clauses).split())

    assert len(said(1) - said(0)) > 0.25 * len(said(1))


def test_texts_hold_every_trap_of_the_markup() -> None:
    everything = "\n".join(text for topic in WORDED for text in texts(topic, 300))
    for trap in ("&", "<", '"', "'", "\n>", "https://", "ü"):
        assert trap in everything


def test_every_slot_of_a_clause_can_be_filled() -> None:
    lexicon, dice = wording.lexicon(0), stream("slots")
    for clause in CLAUSES:
        for slot in re.findall(r"{(\w+)}", clause):
            assert lexicon.draw(slot, dice).strip()


def test_phrases_stand_in_no_clause() -> None:
    assert {read(clause).topic for clause in CLAUSES} == {NO_TEXT}
    assert len(PHRASES) == len(WORDED)
