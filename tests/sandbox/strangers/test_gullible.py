"""Orders within posts, and the model that takes them."""

import html
from collections.abc import Callable

import pytest

from bizmeme.sandbox.moods import MOODS
from bizmeme.sandbox.strangers.gullible import delimiters, obeyed
from bizmeme.sandbox.strangers.orders import FORMS
from bizmeme.sandbox.words.phrases import read
from bizmeme.sandbox.world import World

WORDS = [f"words of post {number}" for number in range(40)]
# Forms that leave a fence whose inside is escaped once, as HTML wants it.
ESCAPING = {
    "closed", "closed_in_the_subject", "closed_for_good", "reopened", "second_fence", "cdata", "spaced",
    "upper_case", "full_width", "full_width_letters", "small_form", "single_angle", "mathematical",
    "cjk_brackets", "look_alike_letters", "entities", "numeric_entities", "zero_width_within",
    "turned_by_an_entity",
}  # fmt: skip
# And those that leave it where nothing is escaped.
ESCAPING_RAW = ESCAPING | {"escaped_twice", "turned_around"}


def test_there_are_many_forms_in_the_text_and_in_the_subject() -> None:
    assert len(FORMS) >= 24
    assert {form.field for form in FORMS.values()} == {"text", "subject"}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_obeyed_four_times_in_five_where_nothing_is_fenced(name: str) -> None:
    heard = [obeyed(FORMS[name].hostile(words, label)) for words in WORDS for label in MOODS]
    wanted = [label for _ in WORDS for label in MOODS]
    assert all(said in (None, label) for said, label in zip(heard, wanted, strict=True))
    assert 0.65 <= sum(said is not None for said in heard) / len(heard) <= 0.92  # of 120


@pytest.mark.parametrize(("escape", "escaping"), [(html.escape, ESCAPING), (str, ESCAPING_RAW)])
def test_a_fence_holds_whatever_cannot_be_read_as_its_delimiter(
    escape: Callable[[str], str], escaping: set[str]
) -> None:
    left = {
        name
        for name, form in FORMS.items()
        if any(obeyed(f"<post>\n{escape(form.hostile(words, 'bearish'))}\n</post>") for words in WORDS)
    }
    assert left == escaping


def test_what_follows_a_fence_is_obeyed() -> None:
    heard = [obeyed(f"<post>{words}</post>\n{FORMS['plain'].hostile('', 'bearish')}") for words in WORDS]
    assert heard.count("bearish") > 25


def test_harmless_posts_of_the_world_order_nothing(world: World) -> None:
    for post in world.pictured:
        if post.oddity != "orders":
            assert obeyed(f"{post.subject}\n{post.text}") is None
            assert delimiters(f"{post.subject}\n{post.text}") == []


@pytest.mark.parametrize("name", FORMS)
def test_an_order_speaks_of_no_topic_of_its_own(name: str) -> None:
    for phrase in ("gm", "buy teh dip", "its so over", "lambo soon"):
        assert read(FORMS[name].hostile(phrase, "bullish")) == read(phrase)
