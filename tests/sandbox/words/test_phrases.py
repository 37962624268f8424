"""How a reader finds a post's topic."""

import pytest

from bizmeme.sandbox.moods import NO_TEXT, TOPICS
from bizmeme.sandbox.words.phrases import NEW_PHRASES, PHRASES, Reading, misspelt, read

SLIPS = [(topic, phrase, which) for topic, known in PHRASES.items() for phrase in known for which in (0, 1)]


def test_every_topic_has_eight_phrases_and_two_new_ones() -> None:
    assert {*PHRASES} == {*NEW_PHRASES} == {*TOPICS} - {NO_TEXT}
    assert {len(known) for known in PHRASES.values()} == {8}
    assert {len(new) for new in NEW_PHRASES.values()} == {2}


@pytest.mark.parametrize("topic", PHRASES)
def test_a_phrase_speaks_of_its_topic(topic: str) -> None:
    assert {read(phrase) for phrase in PHRASES[topic]} == {Reading(topic, muddled=False, unseen=False)}
    assert {read(phrase) for phrase in NEW_PHRASES[topic]} == {Reading(topic, muddled=False, unseen=True)}


@pytest.mark.parametrize(("topic", "phrase", "which"), SLIPS)
def test_a_misspelt_phrase_is_still_read_and_known_as_such(topic: str, phrase: str, which: int) -> None:
    assert misspelt(phrase, which) != phrase
    assert read(misspelt(phrase, which)) == Reading(topic, muddled=True, unseen=False)


def test_a_phrase_is_found_across_case_and_spaces_but_not_within_words() -> None:
    assert read("well. WE  are\nso back!").topic == "moon"
    assert read("pigments and engmi").topic == NO_TEXT


def test_the_first_phrase_decides() -> None:
    assert read("gm, its so over").topic == "chat"
    assert read("its so over, gm").topic == "doom"


def test_no_new_phrase_shares_a_word_with_the_old_ones_of_its_topic() -> None:
    for topic, new in NEW_PHRASES.items():
        old = {word for phrase in PHRASES[topic] for word in phrase.split()}
        assert not old & {word for phrase in new for word in phrase.split()}
