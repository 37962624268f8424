"""What the tests of the readers share: rules, a store in memory, and people's files, written from a world."""

import json
import sqlite3
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bizmeme.core.columns import ImportMap, overlaid
from bizmeme.dumps import Reader, build
from bizmeme.ports.imports import Batch, Dump, ImportedLabel, ImportedPost, ImportedReply, RefusedRow, Rules
from bizmeme.sandbox.board_json import thread as thread_json
from bizmeme.sandbox.building import build as build_world
from bizmeme.sandbox.pictures.gallery import Gallery
from bizmeme.sandbox.world import Post, World
from bizmeme.shell.imports import SCHEMA, Imports
from tests.sandbox.conftest import load

ROOT = Path(__file__).parents[2]
LABELS = ("bearish", "neutral", "bullish")
RATINGS = {"bearish": 1, "neutral": 2, "bullish": 3}
NOON = 1_759_924_800  # 2025-10-08 12:00 UTC


@cache
def world() -> World:
    return build_world(load("small"))


@cache
def gallery() -> Gallery:
    return Gallery()


def composed(text: str) -> str:
    """A text as every parser leaves it."""
    return unicodedata.normalize("NFC", text).strip()


def openings() -> list[Post]:
    """The opening posts of the small world."""
    return [thread.posts[0] for thread in world().threads.values()]


def rules(over: Mapping[str, Any] | None = None, **named: Any) -> Rules:
    """The rules of conf/imports/default.yaml, with a person's own mapping over it."""
    values = yaml.load(
        (ROOT / "conf/imports/default.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader
    )
    how = ImportMap.model_validate(overlaid(values, over or {}))
    usual: dict[str, Any] = {"how": how, "board": "biz", "labels": LABELS, "media_host": "i.4cdn.org"}
    return Rules(**usual | named)


def reader(over: Mapping[str, Any] | None = None, **named: Any) -> Reader:
    return build(rules(over, **named))


def opened(path: Path, over: Mapping[str, Any] | None = None, **named: Any) -> Dump:
    """The one dump that a file is."""
    (dump,) = reader(over, **named).open(path)
    return dump


def store(*posts: ImportedPost) -> Imports:
    """A store in memory that holds these."""
    database = sqlite3.connect(":memory:")
    database.executescript(SCHEMA)
    imports = Imports(database)
    imports.add_posts(posts)
    return imports


class Read:
    """Everything that a dump gives, with the sizes of its batches."""

    def __init__(self, batches: Iterable[Batch]) -> None:
        self.batches = list(batches)
        self.posts: list[ImportedPost] = [each for batch in self.batches for each in batch.posts]
        self.labels: list[ImportedLabel] = [each for batch in self.batches for each in batch.labels]
        self.replies: list[ImportedReply] = [each for batch in self.batches for each in batch.replies]
        self.refused: list[RefusedRow] = [each for batch in self.batches for each in batch.refused]

    @property
    def reasons(self) -> list[tuple[str, str]]:
        return [(row.place, row.reason) for row in self.refused]


def read(
    path: Path, over: Mapping[str, Any] | None = None, *, held: Imports | None = None, **named: Any
) -> Read:
    return Read(opened(path, over, **named).batches(held or store()))


def csv_file(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def json_file(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


@cache
def threads() -> list[Mapping[str, Any]]:
    """Every thread of the small world as the board writes it."""
    return [thread_json(each, gallery()) for each in world().threads.values()]


def database(path: Path, posts: Sequence[Post], labels: Sequence[Sequence[object]] = ()) -> Path:
    """A SQLite file of opening posts and (thread, rating, skipped, notes, labeller, when)."""
    with sqlite3.connect(path) as file:
        file.execute(
            "CREATE TABLE thread_ops (thread_id INTEGER PRIMARY KEY, subject TEXT, op_text TEXT, "
            "op_text_clean TEXT, reply_count INTEGER, image_url TEXT, source TEXT, timestamp TEXT, "
            "mood_note TEXT)"
        )
        file.execute(
            "CREATE TABLE training_labels (id INTEGER PRIMARY KEY, thread_id INTEGER, "
            "sentiment_rating INTEGER, skipped INTEGER, notes TEXT, labeler_id TEXT, labeled_at TEXT)"
        )
        file.executemany("INSERT INTO thread_ops VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", map(op_row, posts))
        file.executemany(
            "INSERT INTO training_labels "
            "(thread_id, sentiment_rating, skipped, notes, labeler_id, labeled_at) VALUES (?, ?, ?, ?, ?, ?)",
            labels,
        )
    file.close()
    return path


def op_row(post: Post) -> tuple[object, ...]:
    """A post as the old scripts kept it."""
    raw = thread_json(world().threads[post.no], gallery())["posts"][0]  # type: ignore[index]
    url = f"https://i.4cdn.org/biz/{raw['tim']}{raw['ext']}" if "tim" in raw else None
    when = f"{post.posted_at}"
    return (
        post.no, post.subject, raw.get("com", ""), post.text.lower(), raw["replies"], url, "4chan", when, "",
    )  # fmt: skip
