"""Label Studio's projects and tasks in memory, and the people who answer each task as it comes in.

The first project's tasks are answered by person 1, the second's by person 2, all others by person 3. Whoever
sees the same picture and text once more in a project may change their mind.

    {"id": 1, "data": {"image": "data:image/jpeg;base64,…", "text": "gm", …},
     "annotations": [{"completed_by": 1, "was_cancelled": false,
                      "result": [{"from_name": "label", "to_name": "text", "type": "choices",
                                  "value": {"choices": ["bullish"]}}], …}, …]}

A skipped task is an annotation without a result and with `was_cancelled`, as in the real one.
"""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree

from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.dice import pick, share
from bizmeme.sandbox.moods import MOODS
from bizmeme.sandbox.strangers.listening import decoded
from bizmeme.sandbox.strangers.people import Impression, Reader, stranger

Fields = dict[str, object]

PEOPLE = 3


@dataclass(frozen=True, slots=True)
class Control:
    """The choice that a project's label_config asks for."""

    from_name: str
    to_name: str
    choices: tuple[str, ...]
    variables: tuple[str, ...]  # the fields of a task's data that the screen shows


@dataclass(slots=True)
class Project:
    """A project and its tasks, in the order of their import."""

    id: int
    settings: Fields
    control: Control
    tasks: list[Fields] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)  # what was shown before

    @property
    def person(self) -> int:
        """Who labels here."""
        return min(self.id, PEOPLE)


def control_of(label_config: str) -> Control:
    """Read a label_config. Raises ValueError where it is no XML or has no Choices."""
    try:
        root = ElementTree.fromstring(label_config)
    except ElementTree.ParseError as error:
        raise ValueError(f"label_config is no XML: {error}") from error
    choices = root.find(".//Choices")
    if choices is None:
        raise ValueError("label_config has no <Choices>.")
    return Control(
        from_name=choices.get("name", ""),
        to_name=choices.get("toName", ""),
        choices=tuple(choice.get("value", "") for choice in choices.iter("Choice")),
        variables=tuple(
            name for element in root.iter() for name in re.findall(r"^\$(\w+)$", element.get("value", ""))
        ),
    )


class Studio:
    """All projects; people answer at once, and always the same to the same picture and text."""

    def __init__(self, config: SandboxConfig, reader: Reader) -> None:
        self._config = config
        self._reader = reader
        self._tasks = 0
        self._annotations = 0
        self.projects: dict[int, Project] = {}

    def create(self, settings: Fields, *, now: float) -> Project:
        """A new project. Raises ValueError for a label_config that cannot be read."""
        control = control_of(str(settings.get("label_config", "")))
        project = Project(len(self.projects) + 1, settings | {"created_at": stamp(now)}, control)
        self.projects[project.id] = project
        return project

    def add(self, project: Project, data: Mapping[str, object], *, now: float) -> Fields:
        """A new task, answered by everyone. Raises ValueError where a shown field is missing."""
        if missing := [name for name in project.control.variables if name not in data]:
            raise ValueError(f"{missing[0]!r} key is expected in task data")
        self._tasks += 1
        answer = self._annotation(project, data, now=now)
        skipped = int(bool(answer["was_cancelled"]))
        task: Fields = {
            "id": self._tasks,
            "data": dict(data),
            "annotations": [answer | {"task": self._tasks}],
            "predictions": [],
            "drafts": [],
            "meta": {},
            "created_at": stamp(now),
            "updated_at": stamp(now),
            "inner_id": len(project.tasks) + 1,
            "is_labeled": True,
            "total_annotations": 1 - skipped,
            "cancelled_annotations": skipped,
            "total_predictions": 0,
            "project": project.id,
        }
        project.tasks.append(task)
        return task

    def update(self, project: Project, settings: Fields) -> None:
        """Change a project. Raises ValueError for a label_config that cannot be read."""
        if "label_config" in settings:
            project.control = control_of(str(settings["label_config"]))
        project.settings |= settings

    def _annotation(self, project: Project, data: Mapping[str, object], *, now: float) -> Fields:
        """The answer of the project's person to one task."""
        self._annotations += 1
        seen = _seen(self._reader, project.control, data)
        result = self._result(project, seen)
        project.seen.add(seen.content)
        return {
            "id": self._annotations,
            "completed_by": project.person,
            "result": result,
            "was_cancelled": not result,
            "ground_truth": False,
            "created_at": stamp(now),
            "updated_at": stamp(now),
            "draft_created_at": None,
            "lead_time": round(2 + 12 * share("lead time", project.person, seen.content), 3),
            "prediction": {},
            "result_count": len(result),
            "project": project.id,
            "parent_prediction": None,
            "parent_annotation": None,
        }

    def _result(self, project: Project, seen: Impression) -> list[Fields]:
        """The chosen label as Label Studio writes it; nothing where the person skips."""
        config, control = self._config.annotators, project.control
        someone = stranger(self._config, f"person {project.person}", error=config.error)
        if share("skips", someone.who, seen.content) < config.skip_share:
            return []
        mood = someone.answer(self._reader.judge(seen), seen)
        if seen.content in project.seen and share("wavers", someone.who, seen.content) < config.waver_share:
            mood = pick([other for other in MOODS if other != mood], "wavers to", someone.who, seen.content)
        if mood not in control.choices:
            return []
        names = {"from_name": control.from_name, "to_name": control.to_name, "type": "choices"}
        mark = f"person{project.person}"
        return [names | {"value": {"choices": [mood]}, "id": mark, "origin": "manual"}]


def _seen(reader: Reader, control: Control, data: Mapping[str, object]) -> Impression:
    """A task as a person sees it: the picture and the words that the screen shows."""
    shown = [value for name in control.variables if isinstance(value := data[name], str)]
    images = [image for value in shown if (image := decoded(value)) is not None]
    words = "\n".join(value for value in shown if not value.startswith("data:"))
    try:
        return reader.look(images[0] if images else None, words)
    except OSError:
        return reader.look(None, words)


def stamp(now: float) -> str:
    """Seconds since 1970 as Label Studio writes them."""
    moment = datetime.datetime.fromtimestamp(now, tz=datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
