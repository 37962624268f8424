"""Label Studio: pushes posts as tasks, exports what people said, through the vendor's SDK.

A task is {"data": {"image": "data:image/jpeg;base64,…", "subject": …, "text": …, "board": …, "no": …}}. The
server checks no label and keeps skips as annotations, so both are told apart here. A task is known by its
(board, no), never by the server's own numbers.
"""

import base64
import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from bizmeme.core.settings import PositiveInt, Section
from bizmeme.core.vocabulary import Labels
from bizmeme.errors import ServiceError
from bizmeme.ports.annotators import Annotation, Task
from bizmeme.shell.keys import hidden, read_key

_CHOICE = "mood"


class Config(Section):
    """`annotator: {name: label_studio, …}`."""

    name: Literal["label_studio"]
    """This file."""

    base_url: str
    """Address of the server."""

    api_key_env: str
    """The environment variable that holds the access token."""

    project: str
    """Title of the project; made where it is missing."""

    annotators: PositiveInt
    """People who label each post."""

    tasks_per_request: PositiveInt
    """Tasks sent at once: pictures travel inside them."""

    timeout_s: PositiveInt
    """Wall seconds for one answer."""


class LabelStudio:
    """ports.Annotator over the real SDK."""

    def __init__(self, config: Config, labels: Labels, guideline: str, client: Any, key: str) -> None:
        self._service = _Service(config, key)
        self._config = config
        self._labels = labels
        self._guideline = guideline
        self._client = client

    def push(self, tasks: Sequence[Task]) -> int:
        """Add the tasks that the project lacks, in order; how many were added."""
        with self._service:
            project = self._project() or self._create()
            held = {_key(task.data) for task in self._tasks(project)}
            missing = [task for task in tasks if task.key not in held]
            for start in range(0, len(missing), self._config.tasks_per_request):
                part = missing[start : start + self._config.tasks_per_request]
                self._client.projects.import_tasks(
                    id=project, request=[{"data": _data(task)} for task in part], return_task_ids=True
                )
        return len(missing)

    def export(self) -> list[Annotation]:
        """Every submitted annotation by (board, no) and annotator."""
        with self._service:
            project = self._project()
            rows = self._client.projects.exports.as_json(project) if project is not None else []
        return sorted(self._annotations(rows), key=lambda each: (each.key, each.annotator))

    def _annotations(self, rows: Sequence[Mapping[str, Any]]) -> Iterator[Annotation]:
        for row in rows:
            newest = {}  # of each person: somebody who answers again has changed their mind
            for annotation in sorted(row.get("annotations") or (), key=lambda each: int(each["id"])):
                newest[str(annotation["completed_by"])] = annotation
            for annotator, annotation in newest.items():
                label = None if annotation.get("was_cancelled") else self._label(row, annotation)
                yield Annotation(_key(row["data"]), annotator, label)

    def _label(self, row: Mapping[str, Any], annotation: Mapping[str, Any]) -> str | None:
        """The one choice made; None for an empty result. Raises LabelError for a choice nobody offered."""
        choices = [choice for result in annotation["result"] for choice in result["value"].get("choices", ())]
        if not choices:
            return None
        return self._labels.check(choices[0], where=f"task {row['id']} of '{self._config.project}'")

    def _project(self) -> int | None:
        named = [each.id for each in self._client.projects.list() if each.title == self._config.project]
        if len(named) > 1:
            raise ServiceError(
                f"{self._config.base_url} has {len(named)} projects called '{self._config.project}'. "
                "Rename or delete all but one."
            )
        return int(named[0]) if named else None

    def _create(self) -> int:
        made = self._client.projects.create(
            title=self._config.project,
            label_config=screen(self._labels, self._guideline),
            maximum_annotations=self._config.annotators,
            show_skip_button=True,
            enable_empty_annotation=False,
        )
        return int(made.id)

    def _tasks(self, project: int) -> Iterator[Any]:
        yield from self._client.tasks.list(project=project, page_size=100, fields="all")


def screen(labels: Labels, guideline: str) -> str:
    """The labelling screen: picture, subject, text, guideline, and one hotkey a label."""
    choices = "".join(
        f'<Choice value="{name}" hotkey="{index}"/>' for index, name in enumerate(labels.names, 1)
    )
    return (
        '<View><Image name="image" value="$image" maxWidth="480px"/>'
        '<Header value="$subject"/><Text name="text" value="$text"/>'
        f'<Choices name="{_CHOICE}" toName="image" choice="single" required="true" showInLine="true">'
        f'{choices}</Choices><Header size="5" value="{html.escape(guideline.strip())}"/></View>'
    )


def _data(task: Task) -> dict[str, object]:
    image = "data:image/jpeg;base64," + base64.b64encode(task.image).decode()
    board, no = task.key
    return {"image": image, "subject": task.subject, "text": task.text, "board": board, "no": no}


def _key(data: Mapping[str, Any]) -> tuple[str, int]:
    return str(data["board"]), int(data["no"])


class _Service:
    """Turns the SDK's failures into one ServiceError with address and next step, and without the key."""

    def __init__(self, config: Config, key: str) -> None:
        self._config = config
        self._key = key

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: type | None, error: BaseException | None, _: object) -> None:
        import httpx
        from label_studio_sdk.core.api_error import ApiError

        if isinstance(error, ApiError):
            problem = f"{error.status_code} {_brief(error.body)}"
        elif isinstance(error, httpx.HTTPError):
            problem = str(error).rstrip(".") or type(error).__name__
        else:
            return
        raise ServiceError(
            f"Label Studio at {self._config.base_url} failed: {hidden(problem, self._key)[:200]}. "
            f"Check that it runs and that ${self._config.api_key_env} is right, then run again."
        ) from None  # the SDK's own words may repeat the key


def _brief(body: object) -> str:
    """An error's body; of a web page only that it is one."""
    return "a web page" if str(body).lstrip().startswith("<") else str(body)


def build(config: Config, *, labels: Labels, guideline: str) -> LabelStudio:
    """An annotator with its token from the environment; raises MissingKeyError."""
    service = f"Label Studio at {config.base_url}"
    key = read_key(config.api_key_env, setting="annotator.api_key_env", service=service)
    from label_studio_sdk import LabelStudio as Client

    client = Client(base_url=config.base_url, api_key=key, timeout=config.timeout_s)
    return LabelStudio(config, labels, guideline, client, key)
