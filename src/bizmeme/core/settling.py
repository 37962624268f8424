"""What people's votes on a post come to: agreed, one person's word, a majority's, the adjudicator's, none.

People label in projects: `first` and `second` vote, `adjudication` sees what those two dispute, `queue` is
for training alone, `imported` holds labels that were given before. A repeat (a post shown once more, to see
whether people agree with themselves) never votes.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bizmeme.core.annotations import Annotation, Key

How = Literal["agreed", "single", "majority", "adjudicated"]
HOWS: tuple[How, ...] = ("agreed", "single", "majority", "adjudicated")

VOTING = ("first", "imported", "second")  # for gold
TEACHING = ("imported", "queue")  # for what is trained on
ADJUDICATION = "adjudication"


@dataclass(frozen=True, slots=True)
class Settled:
    """A post's gold label and how it came about; both None where nothing settles it."""

    label: str | None
    how: How | None


@dataclass(frozen=True, slots=True)
class Votes:
    """What was said of one post: each voter's label and each adjudicator's; None where one gave none."""

    voted: dict[str, str | None] = field(default_factory=dict)
    adjudicated: dict[str, str | None] = field(default_factory=dict)

    def come_to(self, *, min_votes: int) -> Settled:
        """What they come to."""
        return settle(list(self.voted.values()), self.ruling(), min_votes=min_votes)

    def ruling(self, *, without: str | None = None) -> str | None:
        """The adjudicator's label, their majority's where there are several; `without` one who voted too."""
        given = [label for who, label in self.adjudicated.items() if who != without]
        return _majority(Counter(label for label in given if label is not None))


def settle(votes: Sequence[str | None], adjudicated: str | None = None, *, min_votes: int) -> Settled:
    """The labels' strict majority, where `min_votes` people gave one; else the adjudicator's; else none."""
    given = Counter(vote for vote in votes if vote is not None)
    label = _majority(given) if given.total() >= min_votes else None
    if label is None:
        return Settled(adjudicated, "adjudicated" if adjudicated is not None else None)
    if given.total() == 1:
        return Settled(label, "single")
    return Settled(label, "agreed" if len(given) == 1 else "majority")


def _majority(given: Counter[str]) -> str | None:
    if not given:
        return None
    ((label, count),) = given.most_common(1)
    return label if 2 * count > given.total() else None


def votes_by_post(said: Iterable[Annotation], *, voting: Collection[str] = VOTING) -> dict[Key, Votes]:
    """Each post's votes, in the order of its key; whoever voted twice on one post is heard once.

    What was said in projects that neither vote nor adjudicate, and of repeats, is left out.
    """
    posts: dict[Key, Votes] = defaultdict(Votes)
    for each in sorted(said, key=lambda one: (one.key, one.project, one.annotator)):
        if each.repeat:
            continue
        if each.project in voting:
            posts[each.key].voted.setdefault(each.annotator, each.label)
        elif each.project == ADJUDICATION:
            posts[each.key].adjudicated[each.annotator] = each.label
    return dict(posts)


def settled(
    said: Iterable[Annotation], *, min_votes: int, voting: Collection[str] = VOTING
) -> Mapping[Key, Settled]:
    """What each post's votes come to; a post of which only others spoke is left out."""
    posts = votes_by_post(said, voting=voting)
    return {key: votes.come_to(min_votes=min_votes) for key, votes in posts.items()}
