"""Carries what the readers give to the store, a batch at a time, and keeps count."""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TypeVar

from bizmeme.errors import ConfigError
from bizmeme.ports.imports import (
    Batch,
    Dump,
    ImportedPicture,
    ImportedPost,
    NoPicture,
    Outcome,
    Pictures,
    RefusedRow,
    Store,
    What,
)
from bizmeme.shell.imports import grouped
from bizmeme.shell.progress import counting

_PICTURES_AT_ONCE_BYTES = 2**25
_CONFLICTS: dict[What, str] = {
    "post": "another post is held under its number",
    "label": "this person gave the post another label, which is kept",
    "auto label": "the post has another automatic label, which is kept",
    "picture": "the post has another picture, which is kept",
}
T = TypeVar("T")
Write = Callable[[RefusedRow], None]


@dataclass(slots=True)
class Tally:
    """What was taken: each counter by outcome, or by what else it names."""

    posts: Counter[Outcome] = field(default_factory=Counter)
    pictures: Counter[Outcome] = field(default_factory=Counter)
    replies: Counter[tuple[str, Outcome]] = field(default_factory=Counter)  # by label
    labels: Counter[tuple[str, str | None, Outcome]] = field(
        default_factory=Counter
    )  # by annotator and label
    unplaced: int = 0  # labels of posts that no import brought so far
    refused: Counter[tuple[What, str]] = field(default_factory=Counter)  # by reason


class Importer:
    """Takes dumps into a store."""

    def __init__(self, store: Store, pictures: Pictures, refuse: Write, *, keep_auto_labels: bool) -> None:
        self.tally = Tally()
        self._store, self._pictures = store, pictures
        self._refuse_row = refuse
        self._keep_auto_labels = keep_auto_labels

    def take(self, dumps: Sequence[Dump]) -> None:
        """Everything in the dumps; those that bring posts come first, since labels may have to find them."""
        for dump in sorted(dumps, key=lambda each: not each.names_posts):
            with counting(dump.name, 100) as tick:
                for batch in _ticked(dump.batches(self._store), tick):
                    self._take(batch, dump.name)

    def _take(self, batch: Batch, file: str) -> None:
        for row in batch.refused:
            self._refuse(row)
        self._posts(batch.posts, file)
        for label, outcome in _pairs(batch.labels, self._store.add_labels(batch.labels)):
            self.tally.labels[label.annotator, label.label, outcome] += 1
            self.tally.unplaced += self._store.by_no(label.board, label.no) is None
            self._conflict(outcome, "label", file, f"post {label.no}", f"{label.annotator}: {label.label}")
        if not self._keep_auto_labels:
            return
        for reply, outcome in _pairs(batch.replies, self._store.add_replies(batch.replies)):
            self.tally.replies[reply.label, outcome] += 1
            self.tally.unplaced += self._store.by_no(reply.board, reply.no) is None
            self._conflict(outcome, "auto label", file, f"post {reply.no}", reply.label)

    def _posts(self, posts: Sequence[ImportedPost], file: str) -> None:
        held = []
        for post, outcome in _pairs(posts, self._store.add_posts(posts)):
            self.tally.posts[outcome] += 1
            self._conflict(outcome, "post", file, f"post {post.no}", post.text or post.subject)
            if outcome != "conflict":
                held.append(post)
        lacking = self._store.without_picture(held)
        for group in grouped(self._found(lacking, file), most_bytes=_PICTURES_AT_ONCE_BYTES):
            self.tally.pictures.update(self._store.add_pictures(group))

    def _found(self, posts: Sequence[ImportedPost], file: str) -> Iterator[ImportedPicture]:
        for post in posts:
            found = self._pictures.of(post)
            if not isinstance(found, NoPicture):
                yield ImportedPicture(post.board, post.no, found)
            elif found.reason:
                self._refuse(RefusedRow(file, f"post {post.no}", "picture", found.reason, found.value))

    def _conflict(self, outcome: Outcome, what: What, file: str, place: str, value: str) -> None:
        if outcome == "conflict":
            self._refuse(RefusedRow(file, place, what, _CONFLICTS[what], value))

    def _refuse(self, row: RefusedRow) -> None:
        self.tally.refused[row.what, row.reason] += 1
        self._refuse_row(row)


def _pairs(items: Sequence[T], outcomes: Iterable[Outcome]) -> Iterator[tuple[T, Outcome]]:
    return zip(items, outcomes, strict=True)


def _ticked(batches: Iterable[Batch], tick: Callable[[str], None]) -> Iterator[Batch]:
    """The batches, a bar of a hundred steps moving along."""
    shown = rows = 0
    for batch in batches:
        yield batch
        rows += len(batch.posts) + len(batch.labels) + len(batch.replies) + len(batch.refused)
        for _ in range(shown, int(100 * batch.share)):
            shown += 1
            tick(f"{rows:,} rows")


@contextmanager
def listing(file: Path | None) -> Iterator[Write]:
    """Writes refused rows down as they come, as CSV; does nothing without a file."""
    if file is None:
        yield lambda row: None
        return
    names = [each.name for each in fields(RefusedRow)]
    try:
        opened = file.open("w", encoding="utf-8", newline="")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise ConfigError(f"--refused {file} cannot be written ({error.strerror}). Name another.") from error
    with opened:
        writer = csv.writer(opened)
        writer.writerow(names)
        yield lambda row: writer.writerow([getattr(row, name) for name in names])
