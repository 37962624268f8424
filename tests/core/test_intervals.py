"""Intervals cover what they say they cover."""

import numpy as np
import pytest
from scipy.stats import binomtest

from bizmeme.core.coefficients import accuracy
from bizmeme.core.estimates import Estimate, with_interval
from bizmeme.core.intervals import Floats, resampled, share


def tables(right: "np.typing.NDArray[np.bool_]") -> Floats:
    """One 2 × 2 table a post: right ones on the diagonal."""
    each = np.zeros((len(right), 2, 2))
    each[np.arange(len(right)), 0, (~right).astype(int)] = 1
    return each


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for seed in range(100):
        found = resampled(tables(rng.random(100) < 0.8), range(100), seed=seed).estimate(accuracy)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.8 <= found.high
    assert 88 <= covered <= 99  # of 100; 95 on average, 3 standard deviations below and 2 above


def test_posts_of_one_thread_are_no_independent_witnesses() -> None:
    """Each of 50 threads says the same four times: the interval is that of 50, not of 200."""
    right = np.random.default_rng(2).random(50) < 0.7
    threads = [number for number in range(50) for _ in range(4)]
    once = resampled(tables(right), range(50), seed=1).estimate(accuracy)
    fourfold = resampled(tables(right.repeat(4)), threads, seed=1).estimate(accuracy)
    alone = resampled(tables(right.repeat(4)), range(200), seed=1).estimate(accuracy)
    assert fourfold == once
    assert _width(alone) < 0.6 * _width(once)


def _width(one: Estimate) -> float:
    assert one.low is not None
    assert one.high is not None
    return one.high - one.low


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    right = np.random.default_rng(3).random(100) < 0.7
    first, second, third = (
        resampled(tables(right), range(100), seed=seed).estimate(accuracy) for seed in (1, 1, 2)
    )
    assert first == second
    assert (first.low, first.high) != (third.low, third.high)
    assert first.value == third.value == right.mean()


def test_without_posts_there_is_no_figure_and_with_one_thread_no_interval() -> None:
    assert resampled(np.zeros((0, 2, 2)), [], seed=1).estimate(accuracy) == Estimate(None, None, None)
    one = resampled(tables(np.array([True, False])), [7, 7], seed=1).estimate(accuracy)
    assert one == Estimate(0.5, None, None)


@pytest.mark.parametrize(("hits", "n"), [(50, 50), (0, 9), (47, 50), (1, 1)])
def test_the_interval_of_a_share_is_wilsons(hits: int, n: int) -> None:
    wilson = binomtest(hits, n).proportion_ci(method="wilson")
    found = share(hits, n)
    assert found.value == hits / n
    assert (found.low, found.high) == pytest.approx((wilson.low, wilson.high), abs=1e-8)


def test_a_share_of_nothing_is_none() -> None:
    assert share(0, 0) == Estimate(None, None, None)


def test_a_figure_is_read_with_its_interval_where_it_has_one() -> None:
    assert with_interval(Estimate(0.8921, 0.8614, 0.92).figures()) == "0.892 (0.861 to 0.920)"
    assert with_interval(Estimate(0.5, None, None).figures()) == "0.500"
    assert with_interval(Estimate(None, None, None).figures()) == "unknown"
