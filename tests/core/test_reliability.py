"""Honesty is measured on posts that taught nothing."""

import numpy as np
import pytest

from bizmeme.core.calibration import Method
from bizmeme.core.reliability import calibrated, honesty
from tests.core.test_calibration import METHODS, both, overconfident


@both
def test_an_overconfident_source_becomes_honest(method: Method) -> None:
    raw, right = overconfident(2000, seed=1)
    found = calibrated(raw.tolist(), right.tolist(), threads=range(2000), method=method)
    assert found.before is not None
    assert found.after is not None
    assert found.before.confidence == pytest.approx(0.93, abs=0.01)
    assert found.before.ece > 0.12
    assert found.after.ece < 0.045
    assert found.after.brier < found.before.brier
    assert found.after.log_loss < found.before.log_loss
    fresh, hits = overconfident(50_000, seed=2)
    assert honesty(found.calibration.corrected(fresh), hits).ece < 0.03


@both
def test_an_honest_source_stays_honest(method: Method) -> None:
    rng = np.random.default_rng(2)
    raw = 0.4 + 0.6 * rng.random(2000)
    found = calibrated(raw.tolist(), (rng.random(2000) < raw).tolist(), threads=range(2000), method=method)
    assert found.before is not None
    assert found.after is not None
    assert found.after.ece < found.before.ece + 0.02 < 0.06


def test_the_floor_is_what_honest_confidences_show_on_few_posts() -> None:
    rng, shown, floors = np.random.default_rng(3), [], []
    for _ in range(200):
        raw = 0.6 + 0.39 * rng.random(175)
        found = honesty(raw, rng.random(175) < raw)
        shown.append(found.ece)
        floors.append(found.floor)
    assert np.mean(shown) == pytest.approx(np.mean(floors), rel=0.05)
    assert np.mean(shown) > 0.05


def test_a_thread_never_teaches_its_own_posts() -> None:
    """Right or wrong by thread alone: were a post's own thread seen, isotonic would know its answer."""
    rng = np.random.default_rng(4)
    threads = np.repeat(np.arange(40), 10)
    raw, right = (0.5 + 0.01 * threads + 1e-4 * rng.random(400)), (rng.random(40) < 0.5)[threads]
    apart = calibrated(raw.tolist(), right.tolist(), threads=threads.tolist(), method="isotonic")
    leaked = calibrated(raw.tolist(), right.tolist(), threads=range(400), method="isotonic")
    assert apart.after is not None
    assert leaked.after is not None
    assert leaked.after.brier < apart.after.brier - 0.02


@pytest.mark.parametrize("method", METHODS)
def test_posts_of_one_thread_are_corrected_but_not_measured(method: Method) -> None:
    raw, right = overconfident(100, seed=5)
    found = calibrated(raw.tolist(), right.tolist(), threads=[1] * 100, method=method)
    assert found.calibration.method == method
    assert found.after is None


def test_without_confidences_there_is_nothing_to_measure() -> None:
    found = calibrated([None] * 50, [True] * 50, threads=range(50), method="temperature")
    assert found.before is found.after is None
    assert found.figures()["calibration"]["problem"] == "the labeller gives no confidence"


def test_an_error_is_the_mean_distance_of_ten_even_bins() -> None:
    raw = np.linspace(0.5, 1, 100, dtype=np.float64)
    found = honesty(raw, np.ones(100, np.bool_))
    assert found.ece == pytest.approx(1 - raw.mean())
    assert [one.n for one in found.bins] == [10] * 10
    assert found.brier == pytest.approx(((1 - raw) ** 2).mean())
    assert honesty(np.array([1.0]), np.array([False])).log_loss == pytest.approx(-np.log(1e-6))
