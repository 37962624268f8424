"""Where posts come from: what was kept of a source, and the posts that its parser reads in that."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of an outside source as received; `path` is relative to the source, never an address."""

    path: str
    status: int
    last_modified: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class KeptPost:
    """One post as a source gave it."""

    board: str
    no: int
    thread_no: int
    body: str  # JSON
    replies: int | None  # of its thread, as last told, on its opening post
    deleted: bool  # from the board before its time


@dataclass(frozen=True, slots=True)
class RawPost:
    """One post as a source's parser reads it; texts are plain, entities resolved."""

    board: str
    no: int
    thread_no: int
    posted_at: int  # seconds since 1970, UTC
    subject: str
    text: str
    replies: int | None  # of the thread, on its opening post
    media_path: str | None  # of a picture, on the source's media host
    media_md5: str | None  # base64, as the board gives it
    media_ext: str | None  # with the dot
    file_deleted: bool
    banned: bool
    deleted: bool  # from the board before its time


class Source(Protocol):
    """An origin of posts: reads again what its collector has kept, as often as its parser is mended."""

    def read(self, posts: Iterable[KeptPost], pages: Iterable[Page]) -> Iterator[RawPost]:
        """Every usable post, each once, of whichever of the two the source keeps; others are passed over."""
        ...
