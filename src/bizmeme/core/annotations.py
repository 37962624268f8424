"""Reads Label Studio's JSON export, of a server or of a file that somebody saved.

    {"id": 7, "data": {"board": "biz", "no": 3, "project": "first", "repeat": false, …},
     "annotations": [{"id": 9, "completed_by": 1, "was_cancelled": false, "lead_time": 6.2, "result": [
         {"from_name": "mood", "type": "choices", "value": {"choices": ["bullish"]}}]}],
     "drafts": [], "predictions": []}

The server checks no label, keeps skips as annotations, and names a person by number in some exports, by an
object in others. A task is known by what stands in its data, never by the server's own numbers.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import polars as pl

from bizmeme.core.labelling_screen import CHOICE
from bizmeme.core.vocabulary import Labels

Key = tuple[str, int]
"""A post's (board, no)."""

Project = Literal["first", "second", "adjudication", "queue"]
PROJECTS: tuple[Project, ...] = get_args(Project)

IMPORTED = "imported"
"""The project of labels that `bizmeme import` brought in."""

SKIPPED = "skipped"
EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Annotation:
    """One person's word on one post; exactly one of `label` and `reason` (why there is none) stands."""

    key: Key
    project: str
    annotator: str
    label: str | None
    reason: str | None = None
    repeat: bool = False
    lead_time_s: float | None = None  # it took; null where nobody measured


@dataclass(frozen=True, slots=True)
class Identity:
    """What a task is, whichever number the server gave it."""

    key: Key
    project: str
    repeat: bool


@dataclass(slots=True)
class Read:
    """Annotations in the order of posts, projects and people; and what is none of ours."""

    said: list[Annotation] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)


def brought(labels: pl.DataFrame) -> list[Annotation]:
    """The table RawLabels: what `bizmeme import` brought in."""
    rows = labels.select("board", "no", "annotator", "label").iter_rows()
    return [
        Annotation((board, no), IMPORTED, annotator, label, None if label else SKIPPED)
        for board, no, annotator, label in rows
    ]


def read_export(tasks: Sequence[Mapping[str, Any]], labels: Labels) -> Read:
    """Everybody's newest word on every task: somebody who answers again has changed their mind."""
    read = Read()
    for task in tasks:
        identity = identity_of(task.get("data"))
        read.ignored["drafts"] += _count(task.get("drafts"))
        read.ignored["predictions"] += _count(task.get("predictions"))
        if identity is None:
            read.ignored["tasks that are no posts of ours"] += 1
            continue
        read.said += _annotations(task, identity, labels)
    read.said.sort(key=lambda each: (each.key, each.project, each.repeat, each.annotator))
    return read


def identity_of(data: object) -> Identity | None:
    """What a task's data says that it is; None where somebody added a task by hand."""
    if not isinstance(data, Mapping):
        return None
    board, no = data.get("board"), data.get("no")
    project, repeat = data.get("project"), data.get("repeat", False)
    if not isinstance(board, str) or not isinstance(no, int) or project not in PROJECTS:
        return None
    return Identity((board, no), str(project), repeat is True)


def _annotations(task: Mapping[str, Any], identity: Identity, labels: Labels) -> Iterator[Annotation]:
    newest = {}
    given = [each for each in task.get("annotations") or () if isinstance(each, Mapping)]
    for each in sorted(given, key=_age):
        newest[_person(each.get("completed_by"))] = each
    for person, each in newest.items():
        label, reason = _word(each, labels)
        took = each.get("lead_time")
        lead_time_s = float(took) if isinstance(took, int | float) else None
        yield Annotation(
            identity.key, identity.project, person, label, reason, identity.repeat, lead_time_s=lead_time_s
        )


def _age(annotation: Mapping[str, Any]) -> tuple[str, int]:
    """Its age: an annotation that is changed keeps its number."""
    number = annotation.get("id")
    return str(annotation.get("updated_at") or ""), number if isinstance(number, int) else 0


def _person(completed_by: object) -> str:
    """The server's number of a user."""
    return str(completed_by.get("id") if isinstance(completed_by, Mapping) else completed_by)


def _word(annotation: Mapping[str, Any], labels: Labels) -> tuple[str | None, str | None]:
    """The label, or why there is none."""
    if annotation.get("was_cancelled"):
        return None, SKIPPED
    chosen = [choice for result in annotation.get("result") or () for choice in _choices(result)]
    if not chosen:
        return None, EMPTY
    if len(chosen) > 1:
        return None, f"{len(chosen)} choices at once"
    return (chosen[0], None) if chosen[0] in labels.names else (None, f"unknown choice '{chosen[0]}'")


def _choices(result: object) -> Sequence[str]:
    value = result.get("value") if isinstance(result, Mapping) and result.get("from_name") == CHOICE else None
    choices = value.get("choices") if isinstance(value, Mapping) else None
    return [str(choice) for choice in choices] if isinstance(choices, list) else []


def _count(value: object) -> int:
    return len(value) if isinstance(value, Sequence) else 0
