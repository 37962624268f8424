"""How far labelling is: by class, stratum and person, what is missing, how well people agree so far."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bizmeme.core.agreement import Alpha, People, Sampled, alpha
from bizmeme.core.annotations import SKIPPED, Annotation, Key
from bizmeme.core.settling import ADJUDICATION, VOTING, Votes, votes_by_post

QUEUE = "queue"
Showing = tuple[Key, bool]  # a post, and whether it is shown once more


@dataclass(frozen=True, slots=True)
class Place:
    """What the sample says of a post that people can be shown."""

    stratum: str
    thread_no: int
    second: bool  # a second person labels it as well
    repeat: bool  # the first project shows it once more


@dataclass(frozen=True, slots=True)
class Person:
    """One person's work in one project, in showings; a repeat is one of its own.

    `assigned` is None in the queue, which grows; `left` are those that nobody of the project has answered.
    """

    project: str
    annotator: str
    done: int
    assigned: int | None
    left: int | None
    median_s: float | None

    @property
    def left_s(self) -> float | None:
        """Seconds that the rest takes this person at their usual speed."""
        return None if self.left is None or self.median_s is None else self.left * self.median_s


@dataclass(frozen=True, slots=True)
class LabelStatus:
    """`sampled` = `done` (somebody gave a label) + `skipped` (all who answered skipped) + `missing`."""

    sampled: int
    done: int
    skipped: int
    missing: int
    disputed: int  # done, people differ, and nothing settles it yet
    refused: dict[str, int]  # answers that are no label, by reason
    per_class: dict[str, int]  # settled posts by label, in the vocabulary's order
    short: dict[str, int]  # posts by label that are missing to an equal share of the sample
    per_stratum: dict[str, tuple[int, int]]  # done of drawn
    people: tuple[Person, ...]  # by project and name
    alpha: Alpha


def label_status(
    said: Iterable[Annotation],
    places: Mapping[Key, Place],
    *,
    labels: Sequence[str],
    min_votes: int,
    seed: int,
) -> LabelStatus:
    """Count what people said of `places`, the sampled posts that they can be shown, and of the queue.

    `labels` is the vocabulary in its order, `min_votes` and `seed` are as in core/agreement.py.
    """
    every = list(said)
    heard = [each for each in every if each.key in places and each.project in (*VOTING, ADJUDICATION)]
    posts = votes_by_post(heard)
    labelled, skipped = _answered(heard)
    settled = [votes.come_to(min_votes=min_votes).label for votes in posts.values()]
    mix = Counter(settled)
    sample = {key: Sampled("", place.thread_no, 1.0) for key, place in places.items()}
    drawn = Counter(place.stratum for place in places.values())
    done = Counter(places[key].stratum for key in labelled)
    return LabelStatus(
        sampled=len(places),
        done=len(labelled),
        skipped=len(skipped),
        missing=len(places) - len(labelled) - len(skipped),
        disputed=sum(
            _differ(votes) and label is None for votes, label in zip(posts.values(), settled, strict=True)
        ),
        refused=_refused(every),
        per_class={label: mix[label] for label in labels},
        short={label: max(0, len(places) // len(labels) - mix[label]) for label in labels},
        per_stratum={name: (done[name], count) for name, count in sorted(drawn.items())},
        people=tuple(_people(every, places, posts)),
        alpha=alpha(People(sample, heard, posts, labels, seed)),
    )


def _answered(heard: Iterable[Annotation]) -> tuple[set[Key], set[Key]]:
    """The posts that have a label, and those that were only skipped; repeats do not count."""
    once = [each for each in heard if not each.repeat]
    labelled = {each.key for each in once if each.label is not None}
    return labelled, {each.key for each in once if each.reason == SKIPPED} - labelled


def _refused(said: Iterable[Annotation]) -> dict[str, int]:
    reasons = Counter(each.reason for each in said if each.reason not in (None, SKIPPED))
    return {str(reason): count for reason, count in sorted(reasons.items(), key=str)}


def _differ(votes: Votes) -> bool:
    return len(set(votes.voted.values()) - {None}) > 1


def _people(
    said: Iterable[Annotation], places: Mapping[Key, Place], posts: Mapping[Key, Votes]
) -> Iterator[Person]:
    """Everybody's work; what was said of posts that are no longer shown counts for the queue alone."""
    assigned = _assigned(places, posts)
    by_person: dict[tuple[str, str], dict[Showing, float | None]] = defaultdict(dict)
    answered: dict[str, set[Showing]] = defaultdict(set)
    for each in said:
        if each.project == QUEUE or (each.project in assigned and each.key in places):
            showing = (each.key, each.repeat)
            by_person[each.project, each.annotator][showing] = each.lead_time_s
            answered[each.project].add(showing)
    for (project, annotator), took in sorted(by_person.items()):
        known = [seconds for seconds in took.values() if seconds is not None]
        of = assigned.get(project)
        left = None if of is None else max(0, of - len(answered[project]))
        yield Person(project, annotator, len(took), of, left, median(known) if known else None)


def _assigned(places: Mapping[Key, Place], posts: Mapping[Key, Votes]) -> dict[str, int]:
    """How many showings each project has: everything and the repeats, a share, what people dispute."""
    return {
        "first": len(places) + sum(place.repeat for place in places.values()),
        "second": sum(place.second for place in places.values()),
        ADJUDICATION: sum(_differ(votes) for votes in posts.values()),
    }
