"""What people already have, as plain data, who reads it, and where it goes: `bizmeme import`.

A file is read in batches, so that a million rows are never held at once. Nothing is dropped in silence: what
cannot be taken is a `RefusedRow` with its reason.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, Protocol

from bizmeme.core.columns import ImportMap

What = Literal["file", "post", "label", "auto label", "picture"]
Outcome = Literal["new", "known", "conflict"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What every reader goes by."""

    how: ImportMap
    board: str  # of rows that name none
    labels: tuple[str, ...]  # the vocabulary
    media_host: str | None  # whose addresses are kept as media paths
    annotator_prefix: str = ""  # set before every annotator's name


@dataclass(frozen=True, slots=True)
class ImportedPost:
    """One post; texts are plain, as a source's parser leaves them."""

    board: str
    no: int
    thread_no: int
    posted_at: int  # seconds since 1970, UTC
    subject: str
    text: str
    replies: int | None  # of the thread, on its opening post
    source: str | None  # where the file says it came from
    banned: bool
    file_deleted: bool
    tim: int | None  # the board's own file name, without extension
    media_md5: str | None  # base64, as the board gives it
    media_ext: str | None  # with the dot
    media_path: str | None  # on the configured media host
    picture: str | None  # as the row names it: a file's name, a path or an address
    extra: Mapping[str, object]  # the other columns, as JSON can hold them

    def packed(self) -> str:
        """The post as one JSON text."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def unpacked(cls, text: str) -> "ImportedPost":
        """The post of such a text."""
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class ImportedLabel:
    """One person's word on one post; `label` is None where the post was skipped."""

    board: str
    no: int
    annotator: str
    label: str | None
    notes: str
    labelled_at: int | None  # seconds since 1970, UTC


@dataclass(frozen=True, slots=True)
class ImportedReply:
    """What a vision API, nobody knows which, said of one post and was paid for."""

    board: str
    no: int
    label: str
    confidence: float | None  # 0..1
    raw: str  # the entry as it stood, JSON


@dataclass(frozen=True, slots=True)
class ImportedPicture:
    """A post's picture file, as it was uploaded or saved."""

    board: str
    no: int
    data: bytes


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """What was not taken, where it stood, and why; a sentence a reason, the same for all rows alike."""

    file: str
    place: str  # "row 17", "training_labels row 3", "posts[4]"
    what: What
    reason: str
    value: str = ""  # what stood there, cut short


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a file, read; `share` of the file lies behind them, 0..1."""

    posts: Sequence[ImportedPost] = ()
    labels: Sequence[ImportedLabel] = ()
    replies: Sequence[ImportedReply] = ()
    refused: Sequence[RefusedRow] = ()
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class HeldPost:
    """As much of a post that is held as placing a label takes."""

    no: int
    subject: str
    text: str


class Places(Protocol):
    """Which posts are held: for rows that name a post by its picture alone."""

    def by_no(self, board: str, no: int) -> HeldPost | None:
        """The post of that number."""
        ...

    def by_tim(self, board: str, tim: int) -> HeldPost | None:
        """The post whose file has that name; None also where several have."""
        ...


class Dump(Protocol):
    """One file, its kind recognised and its columns found, before any row is read."""

    @property
    def name(self) -> str:
        """The file's name, for people."""
        ...

    @property
    def kind(self) -> str:
        """What it is, in a few words."""
        ...

    @property
    def names_posts(self) -> bool:
        """Whether it may bring posts; files that do are read before those that only speak of posts."""
        ...

    @property
    def columns(self) -> Mapping[str, str]:
        """What is taken for what: a role of the mapping → the column that holds it; empty for JSON."""
        ...

    def batches(self, places: Places) -> Iterator[Batch]:
        """Everything in it, in its own order."""
        ...


class Dumps(Protocol):
    """What opens people's files."""

    def open(self, path: Path) -> list[Dump]:
        """The file, or the files of a folder; raises DataError where it is of no known kind."""
        ...

    def pictures(self, folder: Path | None) -> "Pictures":
        """The pictures in a folder, or none."""
        ...


class Pictures(Protocol):
    """Where imported posts' pictures may lie."""

    def of(self, post: ImportedPost) -> "bytes | NoPicture":
        """The post's picture file, or why there is none."""
        ...


@dataclass(frozen=True, slots=True)
class NoPicture:
    """Why a post comes without a picture file; an empty reason where nothing is wrong with that."""

    reason: str = ""
    value: str = ""


class Store(Places, Protocol):
    """Where imports go. Each method is one transaction, and adding the same again changes nothing.

    The outcomes stand in the order of what was given: `new`; `known`, where the same is held already;
    `conflict`, where something else is held under its key, which stays.
    """

    def add_posts(self, posts: Sequence[ImportedPost]) -> list[Outcome]:
        """Posts, by (board, no)."""
        ...

    def add_labels(self, labels: Sequence[ImportedLabel]) -> list[Outcome]:
        """Labels, by (board, no, annotator)."""
        ...

    def add_replies(self, replies: Sequence[ImportedReply]) -> list[Outcome]:
        """Automatic labels, by (board, no)."""
        ...

    def add_pictures(self, pictures: Sequence[ImportedPicture]) -> list[Outcome]:
        """Picture files, by (board, no)."""
        ...

    def without_picture(self, posts: Sequence[ImportedPost]) -> list[ImportedPost]:
        """Those of the posts for which no picture file is held."""
        ...
