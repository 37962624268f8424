"""Coefficients against independent libraries, and what must hold of them whatever the labels."""

from typing import Literal

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score

from bizmeme.core.coefficients import (
    accuracy,
    alpha_nominal,
    alpha_ordinal,
    cohens_kappa,
    coincidences,
    macro_f1,
)
from bizmeme.core.intervals import Floats

K = 3
MISSING = -1
Answers = list[list[int]]  # posts × people
Level = Literal["nominal", "ordinal"]
LEVELS: tuple[Level, ...] = ("nominal", "ordinal")

answers = st.integers(2, 5).flatmap(
    lambda people: st.lists(
        st.lists(st.integers(MISSING, K - 1), min_size=people, max_size=people), min_size=1, max_size=30
    )
)
pairs = st.lists(st.tuples(st.integers(0, K - 1), st.integers(0, K - 1)), min_size=1, max_size=50)


def counted(said: Answers) -> Floats:
    """(posts, K): how many people gave each label."""
    return np.array([[row.count(label) for label in range(K)] for row in said], np.float64)


def alpha(said: Answers, level: Level) -> float:
    figure = alpha_nominal if level == "nominal" else alpha_ordinal
    return float(figure(coincidences(counted(said)).sum(axis=0)))


def table(both: list[tuple[int, int]]) -> Floats:
    found = np.zeros((K, K))
    np.add.at(found, tuple(np.array(both).T), 1)
    return found


@pytest.mark.parametrize("level", LEVELS)
@given(said=answers)
def test_alpha_is_the_packages(said: Answers, level: Level) -> None:
    counts = counted(said)
    pairable = counts[counts.sum(axis=1) > 1]
    assume(np.count_nonzero(pairable.sum(axis=0)) > 1)
    wanted = krippendorff.alpha(value_counts=counts, value_domain=range(K), level_of_measurement=level)
    assert alpha(said, level) == pytest.approx(wanted, abs=1e-9)


def test_alpha_of_krippendorffs_own_example() -> None:
    """Krippendorff 2011, section C: 4 observers, 12 units, missing values; nominal .743, ordinal .815."""
    star = None
    observers = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, star, star, star],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, star, 3],
        [star, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, star],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, star],
    ]
    counts = np.array([[unit.count(v) for v in range(1, 6)] for unit in zip(*observers, strict=True)], float)
    sums = coincidences(counts).sum(axis=0)
    assert float(alpha_nominal(sums)) == pytest.approx(0.743, abs=5e-4)
    assert float(alpha_ordinal(sums)) == pytest.approx(0.815, abs=5e-4)


@pytest.mark.parametrize("level", LEVELS)
@given(said=answers)
def test_alpha_knows_neither_the_order_of_people_and_posts_nor_a_post_labelled_once(
    said: Answers, level: Level
) -> None:
    other = [row[::-1] for row in said[::-1]]
    once = [[0] + [MISSING] * (len(said[0]) - 1)]
    assert alpha(other + once, level) == pytest.approx(alpha(said, level), abs=1e-9, nan_ok=True)


@given(said=answers, names=st.permutations(range(K)))
def test_nominal_alpha_knows_no_order_of_labels_and_ordinal_alpha_only_its_direction(
    said: Answers, names: list[int]
) -> None:
    renamed = [[names[label] if label != MISSING else MISSING for label in row] for row in said]
    assert alpha(renamed, "nominal") == pytest.approx(alpha(said, "nominal"), abs=1e-9, nan_ok=True)
    mirrored = [[K - 1 - label if label != MISSING else MISSING for label in row] for row in said]
    assert alpha(mirrored, "ordinal") == pytest.approx(alpha(said, "ordinal"), abs=1e-9, nan_ok=True)


def test_ordinal_alpha_forgives_neighbours_more_than_opposites() -> None:
    same = [[0, 0], [1, 1], [2, 2]] * 4
    assert alpha([*same, [0, 1]], "ordinal") > alpha([*same, [0, 2]], "ordinal")
    assert alpha([*same, [0, 1]], "nominal") == pytest.approx(alpha([*same, [0, 2]], "nominal"), abs=0.01)


@given(st.lists(st.integers(0, K - 1), min_size=2), st.integers(2, 4))
def test_perfect_agreement_is_one_where_there_was_a_choice(labels: list[int], people: int) -> None:
    said = [[label] * people for label in labels]
    both = table([(label, label) for label in labels])
    wanted = 1.0 if len(set(labels)) > 1 else np.nan
    for found in (alpha(said, "nominal"), alpha(said, "ordinal"), float(cohens_kappa(both))):
        assert found == pytest.approx(wanted, nan_ok=True)
    assert float(accuracy(both)) == 1


def test_random_labels_agree_by_chance_alone() -> None:
    drawn = np.random.default_rng(1).choice(K, p=[0.5, 0.3, 0.2], size=(20_000, 2))
    both = table([(int(a), int(b)) for a, b in drawn])
    for found in (alpha(drawn.tolist(), "nominal"), alpha(drawn.tolist(), "ordinal"), cohens_kappa(both)):
        assert abs(float(found)) < 0.025  # over 3 standard errors of about .007


@settings(max_examples=40)  # scikit-learn takes 10 ms each
@given(pairs)
def test_two_peoples_figures_are_scikit_learns(both: list[tuple[int, int]]) -> None:
    left, right = zip(*both, strict=True)
    found, labels = table(both), list(range(K))
    assert float(accuracy(found)) == pytest.approx(accuracy_score(left, right))
    f1 = f1_score(left, right, labels=labels, average="macro", zero_division=0)
    assert float(macro_f1(found)) == pytest.approx(f1)
    if len(set(left) | set(right)) > 1:
        assert float(cohens_kappa(found)) == pytest.approx(cohen_kappa_score(left, right, labels=labels))
    else:
        assert np.isnan(cohens_kappa(found))


def test_nothing_said_has_no_figure() -> None:
    for figure in (accuracy, cohens_kappa, macro_f1, alpha_nominal, alpha_ordinal):
        assert np.isnan(figure(np.zeros((K, K))))


def test_many_tables_at_once_are_each_table_alone() -> None:
    many = np.random.default_rng(1).integers(0, 9, size=(7, K, K)).astype(np.float64)
    many += many.transpose(0, 2, 1)
    for figure in (accuracy, cohens_kappa, macro_f1, alpha_nominal, alpha_ordinal):
        assert figure(many).tolist() == [float(figure(one)) for one in many]
