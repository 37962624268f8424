"""The human ceiling: what a person scores as a predictor, against what the others say.

Each person's labels are held against gold that was settled without that person's own vote: with two people,
the other's label. It is what one more person like them would score against such gold, and so the yardstick
for a model that is scored against gold of the same making. Its limits:

- Where people err independently it is no bound: a model that is always right scores 1 - e against labels of
  error rate e, two people only about (1 - e)² against each other. Where they err together, on the same hard
  posts, what they agree on is wrong as well, and a model can pass them only by sharing their errors.
- Gold that several people settled errs less than one person's word, so that the figure is on the low side
  for posts where the gold set has more votes than are left here.

SQuAD measured people so: one answer is the prediction, the others are the truth (Rajpurkar et al. 2016).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bizmeme.core.annotations import Key
from bizmeme.core.coefficients import accuracy, macro_f1
from bizmeme.core.estimates import Estimate
from bizmeme.core.intervals import Floats, resampled
from bizmeme.core.settling import Votes, settle


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What a person scores on `posts` that two or more labelled; whoever labelled more counts for more."""

    posts: int
    people: int
    accuracy: Estimate
    macro_f1: Estimate


@dataclass(frozen=True, slots=True)
class Compared:
    """One person's label of one post, beside what the others' come to."""

    key: Key
    annotator: str
    label: str
    others: str


def leave_one_out(posts: Mapping[Key, Votes]) -> Iterator[Compared]:
    """Every vote that others' votes, or an adjudicator where those tie, can be held against."""
    for key, votes in posts.items():
        given = {who: label for who, label in votes.voted.items() if label is not None}
        for who, label in given.items():
            rest = [other for person, other in given.items() if person != who]
            if rest:
                others = settle(rest, votes.ruling(without=who), min_votes=1).label
                if others is not None:
                    yield Compared(key, who, label, others)


def human_ceiling(
    posts: Mapping[Key, Votes],
    *,
    labels: Sequence[str],
    threads: Mapping[Key, int],
    weights: Mapping[Key, float] | None = None,
    seed: int,
) -> Ceiling | None:
    """Accuracy and macro-F1 with intervals over threads; None where no post has two labels.

    `weights` makes each post count as many as it stands for in the population.
    """
    compared = list(leave_one_out(posts))
    if not compared:
        return None
    index = {label: place for place, label in enumerate(labels)}
    tables: Floats = np.zeros((len(compared), len(labels), len(labels)))
    for place, one in enumerate(compared):
        weight = 1.0 if weights is None else weights[one.key]
        tables[place, index[one.others], index[one.label]] = weight
    sums = resampled(tables, [(one.key[0], threads[one.key]) for one in compared], seed=seed)
    keys, people = {one.key for one in compared}, {one.annotator for one in compared}
    return Ceiling(len(keys), len(people), sums.estimate(accuracy), sums.estimate(macro_f1))
