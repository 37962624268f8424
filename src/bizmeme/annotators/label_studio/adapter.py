"""ports.Annotator over a Label Studio server.

A project's title is `annotator.project` and its name: "bizmeme gold first". Nothing in a task is of its
poster:

    {"data": {"image": …, "subject": …, "text": …,
              "board": "biz", "no": 3, "project": "first", "repeat": false}}

The server's own numbers of tasks are never kept, so that a task that somebody deleted is simply added again.
"""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Literal

from bizmeme.annotators.label_studio.pictures import Pictures, Shelf, unreachable
from bizmeme.annotators.label_studio.service import Service
from bizmeme.core.annotations import PROJECTS, Identity, Key, Project, identity_of, read_export
from bizmeme.core.labelling_screen import screen
from bizmeme.core.settings import PositiveInt, Section
from bizmeme.core.vocabulary import Labels
from bizmeme.errors import MissingKeyError, ServiceError
from bizmeme.ports.annotators import Exported, Task
from bizmeme.shell.image_store import ImageStore
from bizmeme.shell.keys import read_key
from bizmeme.shell.progress import counting
from bizmeme.shell.studio_server import running, studio_of

_PAGE = 1000


class Config(Section):
    """`annotator: {name: label_studio, …}`."""

    name: Literal["label_studio"]
    """This file."""

    base_url: str
    """Address of the server, unless that of `make label-studio` runs at another port."""

    url_env: str | None
    """The environment variable that names another server where it is set; null: none does."""

    api_key_env: str
    """The environment variable that holds the access token; else the one that `make label-studio` stored."""

    project: str
    """What the titles of its projects begin with; one that is missing is made."""

    pictures: Pictures
    """`inside` of the tasks, or from a `folder` that the server of `make label-studio` reads."""

    blur: bool
    """Whether a picture is blurred until the pointer is on it."""

    tasks_per_request: PositiveInt
    """Tasks sent at once: pictures may travel inside them."""

    timeout_s: PositiveInt
    """Wall seconds for one answer."""


@dataclass(frozen=True, slots=True)
class Server:
    """The SDK's client, how pictures reach its server, and what turns failures into messages."""

    client: Any
    shelf: Shelf
    service: Service


class LabelStudio:
    """ports.Annotator over the real SDK."""

    asks = True

    def __init__(self, config: Config, labels: Labels, screen: str, server: Server) -> None:
        self._config = config
        self._labels = labels
        self._screen = screen
        self._client, self._shelf, self._service = server.client, server.shelf, server.service

    def push(self, project: Project, tasks: Sequence[Task]) -> int:
        """Make or update the project and add the tasks it lacks, in order; how many were added."""
        self._shelf.fill(task.image_sha256 for task in tasks)
        with self._service:
            number = self._ready(project)
            held = {identity_of(each.data) for each in self._tasks(number)}
            missing = [each for each in tasks if _identity(project, each) not in held]
            size = self._config.tasks_per_request
            with counting(f"tasks for {self._title(project)}", len(missing)) as tick:
                for start in range(0, len(missing), size):
                    part = missing[start : start + size]
                    request = [{"data": self._data(project, task)} for task in part]
                    self._client.projects.import_tasks(id=number, request=request, return_task_ids=True)
                    for _ in part:
                        tick("")
        return len(missing)

    def page(self, project: Project) -> str | None:
        """Its stream of tasks, as the button "Label All Tasks" opens it."""
        with self._service:
            found = self._projects().get(project)
        return None if found is None else f"{self._config.base_url}/projects/{found.id}/data?labeling=1"

    def pushed(self, project: Project) -> set[Key]:
        """The posts of the project's tasks."""
        with self._service:
            found = self._projects().get(project)
            tasks = [] if found is None else list(self._tasks(found.id))
        known = (identity_of(task.data) for task in tasks)
        return {each.key for each in known if each is not None}

    def unreachable(self, projects: Collection[Project]) -> list[str]:
        """Every picture of the projects' tasks that does not answer 200."""
        with self._service:
            found = {name: each for name, each in self._projects().items() if name in projects}
            images = [
                str(task.data.get("image", "")) for each in found.values() for task in self._tasks(each.id)
            ]
            return unreachable(self._client, self._config.base_url, images)

    def export(self) -> Exported:
        """Every submitted annotation of every project."""
        raw: dict[str, Sequence[Mapping[str, Any]]] = {}
        with self._service:
            for name, each in self._projects().items():
                raw[name] = self._client.projects.exports.as_json(each.id)
        read = read_export([task for tasks in raw.values() for task in tasks], self._labels)
        return Exported(read.said, {name: _lean(tasks) for name, tasks in raw.items()}, read.ignored)

    def retire(self) -> list[str]:
        """Rename the projects of the sample to the first `(before N)` that is free; the queue goes on."""
        with self._service:
            taken = {each.title for each in self._client.projects.list()}
            new = []
            for each in (each for name, each in self._projects().items() if name != "queue"):
                free = (f"{each.title} (before {number})" for number in count(1))
                title = next(title for title in free if title not in taken)
                self._client.projects.update(id=each.id, title=title)
                new.append(title)
        return new

    def _title(self, project: str) -> str:
        return f"{self._config.project} {project}"

    def _projects(self) -> dict[Project, Any]:
        """What is there of ours; raises ServiceError where two have the same title."""
        titles = {self._title(name): name for name in PROJECTS}
        found: dict[Project, Any] = {}
        for each in self._client.projects.list():
            name = titles.get(str(each.title))
            if name is None:
                continue
            if name in found:
                raise ServiceError(
                    f"{self._config.base_url} has two projects called '{each.title}' (numbers "
                    f"{found[name].id} and {each.id}). Rename or delete the one that nobody labels in, "
                    "then run again."
                )
            found[name] = each
        return found

    def _ready(self, project: Project) -> int:
        """The project's number: made where it is missing, its screen brought up to date."""
        found = self._projects().get(project)
        if found is None:
            found = self._client.projects.create(
                title=self._title(project),
                label_config=self._screen,
                sampling="Sequential sampling",  # our order, another for each project
                maximum_annotations=1,
                show_skip_button=True,
                enable_empty_annotation=False,
                show_collab_predictions=False,
            )
        elif found.label_config != self._screen:
            self._client.projects.update(id=found.id, label_config=self._screen)
        self._shelf.share(self._client, found.id)
        return int(found.id)

    def _tasks(self, number: int) -> Iterator[Any]:
        listed = self._client.tasks.list
        yield from listed(project=number, page_size=_PAGE, fields="task_only", include="id,data")

    def _data(self, project: Project, task: Task) -> dict[str, object]:
        board, no = task.key
        return {
            "image": self._shelf.shown(task.image_sha256),
            "subject": task.subject,
            "text": task.text,
            "board": board,
            "no": no,
            "project": project,
            "repeat": task.repeat,
        }


def _identity(project: Project, task: Task) -> Identity:
    return Identity(task.key, project, task.repeat)


def _lean(tasks: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The export without pictures that travel inside of tasks: data/images/ holds them."""

    def lean(data: Mapping[str, Any]) -> Mapping[str, Any]:
        inside = str(data.get("image", "")).startswith("data:")
        return {**data, "image": "data:"} if inside else data

    return [{**task, "data": lean(task["data"])} for task in tasks]


def build(config: Config, *, labels: Labels, guideline: str, home: Path, images: ImageStore) -> LabelStudio:
    """An annotator with its token; raises MissingKeyError."""
    config = config.model_copy(update={"base_url": _address(config, home)})
    key, key_from = _key(config, home)
    from label_studio_sdk import LabelStudio as Client

    service = Service(config.base_url, key, key_from)
    with service:  # it looks at the token's date
        client = Client(base_url=config.base_url, api_key=key, timeout=config.timeout_s)
    shelf = Shelf(config.pictures, images, studio_of(home).files)
    server = Server(client, shelf, service)
    return LabelStudio(config, labels, screen(labels, guideline, blur=config.blur), server)


def _address(config: Config, home: Path) -> str:
    """Of the server that the environment names, else of one's own while it runs, else the configured one."""
    if config.url_env is None:
        return config.base_url
    own = running(studio_of(home))
    named = os.environ.get(config.url_env) or (own.address if own else config.base_url)
    return named.rstrip("/")


def _key(config: Config, home: Path) -> tuple[str, str]:
    """The token and where it came from: the environment, else the file of `make label-studio`."""
    stored = studio_of(home).token
    service = f"Label Studio at {config.base_url}"
    try:
        key = read_key(config.api_key_env, setting="annotator.api_key_env", service=service)
    except MissingKeyError:
        if config.url_env is None or os.environ.get(config.url_env) or not stored.is_file():
            raise
        return stored.read_text(encoding="utf-8").strip(), str(stored)
    return key, f"${config.api_key_env}"
