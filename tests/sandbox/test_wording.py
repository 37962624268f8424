"""What posts say."""

import statistics

import pytest

from bizmeme.sandbox import wording
from bizmeme.sandbox.dice import stream
from bizmeme.sandbox.moods import NO_TEXT, TOPICS


def texts(topic: str, count: int) -> list[str]:
    return [wording.compose(topic, stream("test", topic, index)) for index in range(count)]


@pytest.mark.parametrize("topic", TOPICS)
def test_a_text_speaks_of_its_topic_and_of_no_other(topic: str) -> None:
    for text in texts(topic, 300):
        assert wording.topic_of(text) == topic
        others = [name for name in wording.PHRASES if wording._pattern(name).search(text)]
        assert others == [topic] * (topic != NO_TEXT)


def test_filler_speaks_of_no_topic() -> None:
    said = (" ".join(wording.filler(30, stream("filler", index))) for index in range(500))
    assert {wording.topic_of(text) for text in said} == {NO_TEXT}


def test_every_topic_has_at_least_six_phrases() -> None:
    assert min(map(len, wording.PHRASES.values())) >= 6


def test_texts_are_as_long_as_the_boards_without_its_longest_tail() -> None:
    words = sorted(len(text.split()) for topic in wording.PHRASES for text in texts(topic, 400))
    assert 9 <= statistics.median(words) <= 13
    assert words[0] == 1
    assert words[-1] < 58


def test_a_phrase_is_found_across_case_and_spaces() -> None:
    assert wording.topic_of("well. WE  are\nso back!") == "moon"
    assert wording.topic_of("pigments and engmi") == NO_TEXT


def test_texts_hold_every_trap_of_the_markup() -> None:
    everything = "\n".join(text for topic in wording.PHRASES for text in texts(topic, 200))
    for trap in ("&", "<", '"', "'", "\n>", "https://", "é"):
        assert trap in everything
