"""Accuracy, macro-F1 and confusion of predicted labels against gold ones.

Macro-F1 averages over every label of the vocabulary, one that never occurs counting as 0, so that figures
of different test sets compare.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One label's figures; 0 where a denominator is 0."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Scores:
    """A predictor's figures; `confusion[i][j]` counts gold label i predicted as j."""

    n: int
    accuracy: float
    macro_f1: float
    per_class: dict[str, ClassScore]
    confusion: list[list[int]]

    @property
    def answered(self) -> int:
        """How many were predicted at all."""
        return sum(map(sum, self.confusion))

    @property
    def accuracy_of_answered(self) -> float | None:
        """The share right of those; None of none."""
        right = sum(row[place] for place, row in enumerate(self.confusion))
        return _ratio(right, self.answered) if self.answered else None


def score(gold: Sequence[str], predicted: Sequence[str | None], *, labels: Sequence[str]) -> Scores:
    """Score n predictions; None (no label given) is wrong and stands in no column of the confusion."""
    confusion = [[0] * len(labels) for _ in labels]
    for true, said in zip(gold, predicted, strict=True):
        if said is not None:
            confusion[labels.index(true)][labels.index(said)] += 1
    support = [sum(true == label for true in gold) for label in labels]
    per_class = {label: _class_score(confusion, index, support[index]) for index, label in enumerate(labels)}
    right = sum(confusion[index][index] for index in range(len(labels)))
    return Scores(
        n=len(gold),
        accuracy=_ratio(right, len(gold)),
        macro_f1=sum(each.f1 for each in per_class.values()) / len(labels),
        per_class=per_class,
        confusion=confusion,
    )


def _class_score(confusion: list[list[int]], index: int, support: int) -> ClassScore:
    hits = confusion[index][index]
    precision = _ratio(hits, sum(row[index] for row in confusion))
    recall = _ratio(hits, support)
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    return ClassScore(precision=precision, recall=recall, f1=f1, support=support)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
