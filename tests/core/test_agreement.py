"""Agreement of people."""

import random

import pytest
from sklearn.metrics import cohen_kappa_score

from bizmeme.core.agreement import cohens_kappa, settle


@pytest.mark.parametrize(
    ("votes", "label"),
    [
        (["bearish", "bearish"], "bearish"),
        (["bearish", "bullish"], None),
        (["bearish", None], "bearish"),
        ([None, None], None),
        (["bearish", "bullish", "bullish"], "bullish"),
        ([], None),
    ],
)
def test_a_strict_majority_of_given_votes_settles(votes: list[str | None], label: str | None) -> None:
    assert settle(votes, min_votes=1) == label


def test_too_few_votes_settle_nothing() -> None:
    assert settle(["bearish", None], min_votes=2) is None
    assert settle(["bearish", "bearish", None], min_votes=2) == "bearish"


def test_kappa_equals_scikit_learns() -> None:
    rng = random.Random(1)
    left = [rng.choice("abc") for _ in range(100)]
    right = [x if rng.random() < 0.7 else rng.choice("abc") for x in left]
    assert cohens_kappa(left, right) == pytest.approx(cohen_kappa_score(left, right))


def test_kappa_has_no_value_without_posts_or_without_choice() -> None:
    assert cohens_kappa([], []) is None
    assert cohens_kappa(["a", "a"], ["a", "a"]) is None
