"""Confidences become as honest as the pilot shows, and nothing else about them changes."""

import json

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bizmeme.core.calibration import FEWEST, Calibration, Method, fitted
from bizmeme.core.intervals import Floats

METHODS: tuple[Method, ...] = ("temperature", "isotonic")
both = pytest.mark.parametrize("method", METHODS)


def overconfident(n: int, *, seed: int, right: float = 0.8) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Like the sandbox's vision API: sure of .93 on average, right in .80, a little less sure where wrong."""
    rng = np.random.default_rng(seed)
    hits = rng.random(n) < right
    return 0.999 - 0.25 * rng.random(n) ** np.where(hits, 3, 1.5), hits


@both
@settings(max_examples=50)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0, 1), levels=st.integers(1, 60))
def test_whatever_the_pilot_the_correction_is_monotone_and_a_probability(
    method: Method, seed: int, share: float, levels: int
) -> None:
    rng = np.random.default_rng(seed)
    values = np.concatenate([rng.random(levels), [0.0, 1.0]])  # few: many posts are equally sure
    raw, right = rng.choice(values, FEWEST + seed % 40), rng.random(FEWEST + seed % 40) < share
    asked = np.sort(np.concatenate([rng.random(30), values]))
    found = fitted(raw.tolist(), right.tolist(), method=method).corrected(asked)
    assert ((found >= 0) & (found <= 1)).all()
    assert (np.diff(found) >= 0).all()


@both
def test_of_two_labels_the_surer_stays_the_surer(method: Method) -> None:
    raw, right = overconfident(500, seed=1)
    correction = fitted(raw.tolist(), right.tolist(), method=method)
    odds = np.random.default_rng(2).dirichlet((1, 1, 1), 200)
    after = np.array([correction.corrected(row) for row in odds])
    chosen = np.take_along_axis(after, odds.argmax(axis=1)[:, None], axis=1)[:, 0]
    assert (chosen == after.max(axis=1)).all()


@both
@pytest.mark.parametrize("right", [True, False])
def test_a_pilot_that_is_always_right_or_wrong_makes_nothing_certain(method: Method, right: bool) -> None:
    raw = np.linspace(0.7, 1.0, 100).tolist()
    found = fitted(raw, [right] * 100, method=method).corrected(np.array(raw))
    assert (found > 0).all()
    assert (found < 1).all()
    assert found.mean() > 0.95 if right else (found <= 0.51).all()


@both
def test_confidences_of_exactly_none_and_all_are_learned_from(method: Method) -> None:
    raw, right = [1.0] * 80 + [0.0] * 20, [True] * 60 + [False] * 20 + [False] * 20
    sure, unsure = fitted(raw, right, method=method).corrected(np.array([1.0, 0.0]))
    assert sure == pytest.approx(0.75, abs=0.1)
    assert unsure < 0.3


def test_too_few_posts_leave_the_models_own_word_and_say_why() -> None:
    found = fitted([0.9] * 29 + [None] * 50, [True] * 79, method="temperature")
    assert found.apply([0.9, None, 1.0]) == [0.9, None, 1.0]
    assert found.problem is not None
    assert "only 29 pilot posts" in found.problem


def test_no_confidence_is_invented() -> None:
    found = fitted([None] * 100, [True] * 100, method="isotonic")
    assert found.problem == "the labeller gives no confidence"
    assert found.apply([None, None]) == [None, None]
    raw, right = overconfident(100, seed=4)
    applied = fitted(raw.tolist(), right.tolist(), method="isotonic").apply([None, 0.9, None])
    assert applied[::2] == [None, None]
    assert applied[1] is not None


@both
def test_a_correction_survives_json(method: Method) -> None:
    raw, right = overconfident(200, seed=3)
    found = fitted(raw.tolist(), right.tolist(), method=method)
    assert Calibration.of(json.loads(json.dumps(found.figures()))) == found
