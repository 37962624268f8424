"""How far people agree, with themselves and with each other: what metrics/agreement.json holds."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

from bizmeme.core import coefficients
from bizmeme.core.annotations import SKIPPED, Annotation, Key
from bizmeme.core.ceiling import human_ceiling
from bizmeme.core.estimates import Estimate
from bizmeme.core.gold import gold_hash
from bizmeme.core.intervals import Floats, Resampled, resampled, share
from bizmeme.core.settling import (
    ADJUDICATION,
    HOWS,
    VOTING,
    Settled,
    Votes,
    votes_by_post,
)

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sampled:
    """What the sample says of a post: its role, its thread, and how many posts it stands for."""

    role: str
    thread_no: int
    weight: float


@dataclass(frozen=True, slots=True)
class Alpha:
    """Krippendorff's alpha: of labels the same or not, and of labels that lie nearer or further apart."""

    posts: int
    nominal: Estimate
    ordinal: Estimate


@dataclass(frozen=True, slots=True)
class People:
    """What people said of the sampled posts, and what is needed to measure it."""

    sample: Mapping[Key, Sampled]
    said: Sequence[Annotation]
    posts: Mapping[Key, Votes]
    labels: Sequence[str]
    seed: int

    def threads(self, keys: Iterable[Key]) -> list[tuple[str, int]]:
        """Each post's thread, which is resampled as a whole."""
        return [(key[0], self.sample[key].thread_no) for key in keys]

    def table(self, pairs: Mapping[Key, tuple[str, str]]) -> Resampled:
        """The k × k table of pairs of labels, one a post, and its resamples."""
        each: Floats = np.zeros((len(pairs), len(self.labels), len(self.labels)))
        for place, (left, right) in enumerate(pairs.values()):
            each[place, self.labels.index(left), self.labels.index(right)] = 1
        return resampled(each, self.threads(pairs), seed=self.seed)


def sampled_posts(sample: pl.DataFrame, posts: pl.DataFrame) -> dict[Key, Sampled]:
    """The table GoldSample by post; `posts` knows its thread, and one that is gone from there is its own."""
    known = sample.join(posts.select("board", "no", "thread_no"), on=["board", "no"], how="left")
    columns = known.select("board", "no", "role", pl.coalesce("thread_no", "no"), "weight").sort(
        "board", "no"
    )
    return {(board, no): Sampled(*rest) for board, no, *rest in columns.iter_rows()}


def measured(
    said: Iterable[Annotation],
    sample: Mapping[Key, Sampled],
    *,
    labels: Sequence[str],
    min_votes: int,
    seed: int,
) -> Figures:
    """What metrics/agreement.json holds; what was said of posts outside of the sample is left out.

    `labels` is the vocabulary in its order, `min_votes` as in settle(); `seed` decides the resamples of the
    intervals. Labels that were brought in know no adjudicator: all who gave one are held against each other.
    """
    heard = [each for each in said if each.key in sample and each.project in (*VOTING, ADJUDICATION)]
    people = People(sample, heard, votes_by_post(heard), labels, seed)
    settled = {key: votes.come_to(min_votes=min_votes) for key, votes in people.posts.items()}
    return {
        "gold": gold_hash(
            (*key, sample[key].role, one.label) for key, one in settled.items() if one.label is not None
        ),
        **_counts(people, settled),
        "per_annotator": _per_annotator(people),
        "pairs": _pairs(people),
        "alpha": asdict(alpha(people)),
        "self_agreement": _self_agreement(people),
        "ceiling": _ceiling(people),
    }


def _counts(people: People, settled: Mapping[Key, Settled]) -> Figures:
    """Of `answered` posts (a skip is an answer), `gold_posts` are settled and the others `dropped`."""
    answers: dict[Key, set[str | None]] = defaultdict(set)
    for each in people.said:
        if not each.repeat and (each.label is not None or each.reason == SKIPPED):
            answers[each.key].add(each.label)
    hows = Counter(one.how for one in settled.values())
    left = {key for key in answers if settled[key].label is None}
    refused = Counter(each.reason for each in people.said if each.reason not in (None, SKIPPED))
    return {
        "sampled": len(people.sample),
        "answered": len(answers),
        "gold_posts": len(answers) - len(left),
        "settled": {how: hows[how] for how in HOWS},
        "dropped": len(left),
        "disputed": sum(len(answers[key] - {None}) > 1 for key in left),
        "skipped_by_all": sum(given == {None} for given in answers.values()),
        "refused": {str(reason): count for reason, count in sorted(refused.items(), key=str)},
    }


def _per_annotator(people: People) -> Figures:
    """Each one's labels, skips and mix of labels; repeats are counted apart."""
    by_person: dict[str, list[Annotation]] = defaultdict(list)
    for each in people.said:
        by_person[each.annotator].append(each)
    return {who: _person(each, people.labels) for who, each in sorted(by_person.items())}


def _person(said: Sequence[Annotation], labels: Sequence[str]) -> Figures:
    once = [each for each in said if not each.repeat]
    mix = Counter(each.label for each in once)
    return {
        "labels": len(once) - mix[None],
        "skips": sum(each.reason == SKIPPED for each in once),
        "repeats": len(said) - len(once),
        "label_mix": {label: mix[label] for label in labels},
    }


def _pairs(people: People) -> list[Figures]:
    """Every two voters on the posts that both labelled; `confusion[i][j]`: the first said i, the second j."""
    by_person: dict[str, dict[Key, str]] = defaultdict(dict)
    for key, votes in people.posts.items():
        for who, label in votes.voted.items():
            if label is not None:
                by_person[who][key] = label
    return [
        _pair((left, right), both, people)
        for left, right in combinations(sorted(by_person), 2)
        if (both := _both(by_person[left], by_person[right]))
    ]


def _both(mine: Mapping[Key, str], theirs: Mapping[Key, str]) -> dict[Key, tuple[str, str]]:
    return {key: (label, theirs[key]) for key, label in mine.items() if key in theirs}


def _pair(who: tuple[str, str], both: Mapping[Key, tuple[str, str]], people: People) -> Figures:
    table = people.table(both)
    return {
        "annotators": list(who),
        "posts": len(both),
        "agreement": table.estimate(coefficients.accuracy).figures(),
        "cohens_kappa": table.estimate(coefficients.cohens_kappa).figures(),
        "confusion": table.total.astype(int).tolist(),
    }


def alpha(people: People) -> Alpha:
    """Krippendorff's alpha of all voters, over the posts that two or more of them labelled."""
    given = {key: Counter(votes.voted.values()) for key, votes in people.posts.items()}
    twice = {key: each for key, each in given.items() if each.total() - each[None] > 1}
    counts = np.array([[each[label] for label in people.labels] for each in twice.values()], np.float64)
    shaped = counts.reshape(len(twice), len(people.labels))
    sums = resampled(coefficients.coincidences(shaped), people.threads(twice), seed=people.seed)
    nominal, ordinal = (
        sums.estimate(each) for each in (coefficients.alpha_nominal, coefficients.alpha_ordinal)
    )
    return Alpha(len(twice), nominal, ordinal)


def _self_agreement(people: People) -> Figures:
    """How often each person says the same of a post that is shown once more, with Wilson's interval.

    The share of 1 that is usual here leaves a bootstrap nothing to vary, and a thread seldom has two repeats.
    """
    first: dict[tuple[str, str, Key], str] = {}
    again: dict[tuple[str, str, Key], str] = {}
    for each in people.said:
        if each.label is not None:
            showing = again if each.repeat else first
            showing[each.annotator, each.project, each.key] = each.label
    same: dict[str, list[bool]] = defaultdict(list)
    for shown in sorted(first.keys() & again.keys()):
        same[shown[0]].append(first[shown] == again[shown])
    return {who: {"posts": len(each), **share(sum(each), len(each)).figures()} for who, each in same.items()}


def _ceiling(people: People) -> Figures | None:
    """The human ceiling of the posts as sampled, and `weighted` back to the population, if there is one."""
    threads = {key: one.thread_no for key, one in people.sample.items()}
    weights = {key: one.weight for key, one in people.sample.items()}
    plain, weighted = (
        human_ceiling(people.posts, labels=people.labels, threads=threads, weights=each, seed=people.seed)
        for each in (None, weights)
    )
    if plain is None or weighted is None:
        return None
    scores = {"accuracy": asdict(weighted.accuracy), "macro_f1": asdict(weighted.macro_f1)}
    return asdict(plain) | {"weighted": scores}
