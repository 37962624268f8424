"""Where people label.

Up to four projects: `first` gets every sampled post, `second` a share of them, `adjudication` those on which
the two differ, `queue` posts to train on. Nobody sees another's project while labelling.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bizmeme.core.annotations import Annotation, Key, Project


@dataclass(frozen=True, slots=True)
class Task:
    """A post as people see it; its picture is the normalised one of that SHA-256."""

    key: Key
    subject: str
    text: str
    image_sha256: str
    repeat: bool = False  # the same post, shown once more


@dataclass(frozen=True, slots=True)
class Exported:
    """What people said, sorted; and every project's export as it came, without the pictures in it."""

    said: Sequence[Annotation]
    raw: Mapping[str, Sequence[Mapping[str, Any]]]
    ignored: Mapping[str, int]  # what is no answer of ours, and how much: drafts, predictions, foreign tasks


class Annotator(Protocol):
    """Where people label."""

    @property
    def asks(self) -> bool:
        """Whether tasks can be pushed there, or labels are only read."""
        ...

    def push(self, project: Project, tasks: Sequence[Task]) -> int:
        """Make the project where it is missing, bring it up to date, add the tasks it lacks; how many."""
        ...

    def page(self, project: Project) -> str | None:
        """The address at which people label a project's tasks; None where there is no such project."""
        ...

    def pushed(self, project: Project) -> set[Key]:
        """The posts that a project has tasks of."""
        ...

    def unreachable(self, projects: Collection[Project]) -> list[str]:
        """Pictures of those projects' tasks that do not answer, each with its status."""
        ...

    def export(self) -> Exported:
        """Every submitted annotation of all projects, skips included, drafts and predictions left out."""
        ...

    def retire(self) -> list[str]:
        """Rename the projects of the sample, so that the next push makes new ones; their new titles."""
        ...


class OnlyRead:
    """The part of an Annotator that asks people, for labels that are only read: nobody is asked."""

    asks = False

    def push(self, project: Project, tasks: Sequence[Task]) -> int:
        """Nobody labels here."""
        return 0

    def page(self, project: Project) -> str | None:
        """Nobody labels here."""
        return None

    def pushed(self, project: Project) -> set[Key]:
        """Nothing is pushed here."""
        return set()

    def unreachable(self, projects: Collection[Project]) -> list[str]:
        """Nobody looks at pictures here."""
        return []

    def retire(self) -> list[str]:
        """Nothing to rename."""
        return []
