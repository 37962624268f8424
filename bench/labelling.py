"""Pushing, exporting and asking how far people are, beside the bare REST calls for the same tasks.

    make label-studio-venv && python bench/labelling.py          # 10,000 tasks; some minutes
    python bench/labelling.py --tasks 1000

A real Label Studio is started in a folder of its own. "bare" sends the same bodies in the same batches, or
asks for the same answers, and reads their JSON; all in this run, wall seconds of server and client together,
since the server does most of it. Every other task has a label. The picture check is timed apart: no bare call
has it.
"""

import argparse
import hashlib
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from bizmeme.annotators.label_studio import Config, LabelStudio, build
from bizmeme.core.label_status import Place, label_status
from bizmeme.core.vocabulary import Labels
from bizmeme.ports.annotators import Task
from bizmeme.shell.image_store import ImageStore
from bizmeme.shell.studio_accounts import personal_token
from bizmeme.shell.studio_server import USER, address, serving, studio_of

_PORT, _PASSWORD, _BATCH, _PAGE = 18_080, "of-a-benchmark-alone", 50, 100
_LABELS = Labels(name="mood", names=("bearish", "neutral", "bullish"))


@dataclass(frozen=True)
class Bare:
    """The same calls without anything around them."""

    web: httpx.Client

    def post(self, path: str, body: object) -> Any:
        """A body; the answer's JSON."""
        return self.web.post(path, json=body).raise_for_status().json()

    def push(self, title: str, screen: str, bodies: list[dict[str, Any]]) -> int:
        """A project with these tasks; its number."""
        project = int(self.post("/api/projects/", {"title": title, "label_config": screen})["id"])
        for start in range(0, len(bodies), _BATCH):
            self.post(f"/api/projects/{project}/import", bodies[start : start + _BATCH])
        return project

    def export(self, project: int) -> int:
        """The export of all tasks; how many those are."""
        asked = {"exportType": "JSON", "download_all_tasks": "true"}
        answer = self.web.get(f"/api/projects/{project}/export", params=asked)
        return len(answer.raise_for_status().json())

    def listing(self, project: int, tasks: int) -> int:
        """All tasks with their annotations, page by page; how many those are."""
        found = 0
        for page in range(1, -(-tasks // _PAGE) + 1):
            asked = {"project": project, "page": page, "page_size": _PAGE, "fields": "all"}
            answer = self.web.get("/api/tasks", params={name: str(value) for name, value in asked.items()})
            found += len(answer.raise_for_status().json()["tasks"])
        return found


def main() -> None:
    """Measure, print one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--program", type=Path, default=Path(".venv-label-studio/bin/label-studio"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with serving(options.program.absolute(), studio_of(home), port=_PORT, password=_PASSWORD):
            measure(home, options.tasks)


def measure(home: Path, count: int) -> None:
    """Push, export, ask."""
    os.environ["LABEL_STUDIO_API_KEY"] = personal_token(address(_PORT), user=USER, password=_PASSWORD)
    images = ImageStore(home / "images")
    tasks = [_task(no, images) for no in range(1, count + 1)]
    annotator = _annotator(home, images)
    annotator._shelf.fill(task.image_sha256 for task in tasks)  # files are copied beforehand, for both
    bodies = [{"data": annotator._data("first", task)} for task in tasks]
    with _web(annotator) as web:
        bare = Bare(web)
        pushed = _timed(lambda: bare.push("bare", annotator._screen, bodies))
        _row("push", pushed, _timed(lambda: annotator.push("first", tasks)))
        labelled = [_labelled(body, at) for at, body in enumerate(bodies)]
        project = bare.push(annotator._title("second"), annotator._screen, labelled)
        first = annotator._projects()["first"].id
        exported = _timed(lambda: (bare.export(first), bare.export(project)))
        _row("export", exported, _timed(annotator.export))
        listed = _timed(lambda: (bare.listing(first, count), bare.listing(project, count)))
        _row("status", listed, _timed(lambda: _status(annotator, tasks)))
    sys.stdout.write(
        f"| push again, nothing to add | | {_timed(lambda: annotator.push('first', tasks)):.1f} | |\n"
    )
    checked_s = _timed(lambda: annotator.unreachable(["first"]))
    sys.stdout.write(f"| {count:,} pictures looked for | | {checked_s:.1f} | |\n")


def _annotator(home: Path, images: ImageStore) -> LabelStudio:
    config = Config(
        name="label_studio", base_url=address(_PORT), url_env=None, api_key_env="LABEL_STUDIO_API_KEY",
        project="bench", pictures="folder", blur=False, tasks_per_request=_BATCH, timeout_s=600,
    )  # fmt: skip
    return build(config, labels=_LABELS, guideline="Look at both.", home=home, images=images)


@contextmanager
def _web(annotator: LabelStudio) -> Iterator[httpx.Client]:
    """With an access token that is refreshed, as the SDK's is."""

    def authorise(request: httpx.Request) -> None:
        request.headers["Authorization"] = annotator._client._client_wrapper.get_headers()["Authorization"]

    with httpx.Client(base_url=address(_PORT), timeout=600, event_hooks={"request": [authorise]}) as web:
        yield web


def _task(no: int, images: ImageStore) -> Task:
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), (no % 256, no // 256, 30)).save(buffer, "JPEG")
    sha256 = hashlib.sha256(buffer.getvalue()).hexdigest()
    images.put(sha256, buffer.getvalue())
    return Task(("biz", no), "", f"what number {no} says " * 10, sha256)


def _labelled(body: dict[str, Any], at: int) -> dict[str, Any]:
    data = body["data"] | {"project": "second"}
    if at % 2:
        return {"data": data}
    value = {"choices": [_LABELS.names[at % 3]]}
    result = [{"from_name": "mood", "to_name": "image", "type": "choices", "value": value}]
    return {"data": data, "annotations": [{"result": result}]}


def _status(annotator: LabelStudio, tasks: list[Task]) -> object:
    places = {task.key: Place("all", task.key[1] // 4, second=True, repeat=False) for task in tasks}
    return label_status(annotator.export().said, places, labels=_LABELS.names, min_votes=1, seed=1)


def _timed(work: Callable[[], object]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


_HEAD = ["| what | bare, s | ours, s | ratio |\n| --- | ---: | ---: | ---: |\n"]


def _row(what: str, bare_s: float, ours_s: float) -> None:
    sys.stdout.write("".join(_HEAD) + f"| {what} | {bare_s:.1f} | {ours_s:.1f} | {ours_s / bare_s:.2f} |\n")
    sys.stdout.flush()
    _HEAD.clear()


if __name__ == "__main__":
    main()
