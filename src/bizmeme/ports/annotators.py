"""Where people label."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Task:
    """A post as people see it; `key` is the post's (board, no)."""

    key: tuple[str, int]
    subject: str
    text: str
    image: bytes  # JPEG


@dataclass(frozen=True, slots=True)
class Annotation:
    """One person's word on one post; `label` is None where the post was skipped."""

    key: tuple[str, int]
    annotator: str
    label: str | None


class Annotator(Protocol):
    """Where people label."""

    def push(self, tasks: Sequence[Task]) -> int:
        """Create the project where it is missing and add the tasks that it lacks; how many were added."""
        ...

    def export(self) -> list[Annotation]:
        """Every submitted annotation, skips included, drafts and predictions left out."""
        ...
