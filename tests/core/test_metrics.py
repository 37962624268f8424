"""Scores, beside scikit-learn's."""

import random
from typing import Any

import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support

from bizmeme.core.metrics import score

LABELS = ("bearish", "neutral", "bullish")


@pytest.mark.parametrize("seed", range(5))
def test_figures_equal_scikit_learns(seed: int) -> None:
    rng = random.Random(seed)
    gold, said = ([rng.choice(LABELS) for _ in range(200)] for _ in range(2))
    ours = score(gold, said, labels=LABELS)
    assert ours.accuracy == pytest.approx(accuracy_score(gold, said))
    assert ours.macro_f1 == pytest.approx(f1_score(gold, said, labels=LABELS, average="macro"))
    assert ours.confusion == confusion_matrix(gold, said, labels=LABELS).tolist()
    theirs: tuple[Any, ...] = precision_recall_fscore_support(gold, said, labels=LABELS)
    precision, recall, f1, support = theirs
    for index, name in enumerate(LABELS):
        one = ours.per_class[name]
        assert (one.precision, one.recall, one.f1) == pytest.approx(
            (precision[index], recall[index], f1[index])
        )
        assert one.support == support[index]


def test_no_label_is_wrong_and_counts_in_recall() -> None:
    ours = score(["bearish", "bullish"], ["bearish", None], labels=LABELS)
    assert ours.accuracy == 0.5
    assert ours.per_class["bullish"].recall == 0
    assert sum(map(sum, ours.confusion)) == 1


def test_an_empty_set_scores_zero_without_an_error() -> None:
    assert score([], [], labels=LABELS).accuracy == 0
