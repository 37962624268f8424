"""What votes come to, and which votes count."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizmeme.core.annotations import Annotation
from bizmeme.core.settling import Settled, settle, settled, votes_by_post

KEY = ("biz", 1)


@pytest.mark.parametrize(
    ("votes", "adjudicated", "label", "how"),
    [
        (["bearish", "bearish"], None, "bearish", "agreed"),
        (["bearish", None], None, "bearish", "single"),
        (["bearish", "bullish", "bullish"], None, "bullish", "majority"),
        (["bearish", "bullish", "bullish"], "neutral", "bullish", "majority"),
        (["bearish", "bullish"], "neutral", "neutral", "adjudicated"),
        (["bearish", "bullish"], None, None, None),
        (["bearish", "bearish", "bullish", "bullish"], "bullish", "bullish", "adjudicated"),
        (["bearish", "bearish", "bullish", "neutral"], None, None, None),
        ([None, None], None, None, None),
        ([None], "bullish", "bullish", "adjudicated"),
        ([], None, None, None),
    ],
)
def test_a_strict_majority_settles_else_the_adjudicator_else_nothing(
    votes: list[str | None], adjudicated: str | None, label: str | None, how: str | None
) -> None:
    settled = settle(votes, adjudicated, min_votes=1)
    assert (settled.label, settled.how) == (label, how)


def test_fewer_votes_than_wanted_settle_nothing_and_leave_it_to_the_adjudicator() -> None:
    assert settle(["bearish", None], min_votes=2) == Settled(None, None)
    assert settle(["bearish", None], "neutral", min_votes=2) == Settled("neutral", "adjudicated")
    assert settle(["bearish", "bearish", None], min_votes=2) == Settled("bearish", "agreed")


@given(st.lists(st.sampled_from(["a", "b", "c", None])), st.integers(1, 4), st.randoms(use_true_random=False))
def test_the_order_of_the_votes_and_skips_among_them_change_nothing(
    votes: list[str | None], min_votes: int, rng: Random
) -> None:
    settled = settle(votes, min_votes=min_votes)
    rng.shuffle(votes)
    assert settle([*votes, None], min_votes=min_votes) == settled
    assert (settled.label is None) == (settled.how is None)


def test_repeats_and_the_queue_have_no_vote_and_a_person_has_one() -> None:
    said = [
        Annotation(KEY, "second", "ann", "bullish"),
        Annotation(KEY, "first", "ann", "bearish"),
        Annotation(KEY, "first", "ann", "neutral", repeat=True),
        Annotation(KEY, "queue", "bob", "neutral"),
    ]
    assert votes_by_post(said)[KEY].voted == {"ann": "bearish"}
    assert settled(said, min_votes=1) == {KEY: Settled("bearish", "single")}
    assert settled(said, min_votes=1, voting=("queue",)) == {KEY: Settled("neutral", "single")}


def test_a_repeat_is_no_vote_even_where_it_comes_first_or_alone() -> None:
    again = Annotation(KEY, "first", "ann", "neutral", repeat=True)
    assert settled([again], min_votes=1) == {}
    assert settled([again, Annotation(KEY, "first", "ann", "bullish")], min_votes=1)[KEY].label == "bullish"


def test_an_adjudicator_counts_only_where_the_voters_do_not_settle() -> None:
    two = [Annotation(KEY, "first", "ann", "bearish"), Annotation(KEY, "second", "bob", "bullish")]
    third = Annotation(KEY, "adjudication", "cleo", "neutral")
    assert settled(two, min_votes=1)[KEY] == Settled(None, None)
    assert settled([*two, third], min_votes=1)[KEY] == Settled("neutral", "adjudicated")
    again = [two[0], Annotation(KEY, "second", "bob", "bearish"), third]
    assert settled(again, min_votes=1)[KEY] == Settled("bearish", "agreed")
    split = [*two, third, Annotation(KEY, "adjudication", "dan", "bearish")]
    assert settled(split, min_votes=1)[KEY] == Settled(None, None)


def test_the_order_in_which_words_come_changes_nothing() -> None:
    said = [
        Annotation(("biz", 2), "first", "ann", "bearish"),
        Annotation(KEY, "first", "ann", "bullish"),
        Annotation(KEY, "second", "ann", "neutral"),
    ]
    assert list(settled(said, min_votes=1).items()) == list(settled(said[::-1], min_votes=1).items())
