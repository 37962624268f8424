"""Where posts come from, and how an outside host is asked."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from bizmeme.core.stretches import Stretch


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of an outside source as received; `path` is relative to the source, never an address."""

    path: str
    status: int
    last_modified: str | None
    body: bytes


class Fetch(Protocol):
    """A polite GET: rate-limited, journalled before it returns, answered from the journal where final."""

    async def page(self, path: str) -> Page | None:
        """A JSON or HTML page; None where the server says 404."""
        ...

    async def media(self, path: str) -> Page | None:
        """A file of the media host, asked for once ever; None where the server says 404."""
        ...

    async def frozen(self, path: str) -> Page | None:
        """A page that never changes again (an archived thread): asked for once ever."""
        ...


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


class Extent(Protocol):
    """What earlier walks brought in: where the next one may begin and end."""

    def covered(self) -> Sequence[Stretch]:
        """Stretches of time of which every post is held, the earliest first, none touching another."""
        ...

    def oldest(self) -> tuple[int, int] | None:
        """Number and second (UTC) of the oldest post held; None where none is."""
        ...

    def complete(self, thread_no: int) -> bool:
        """Whether every post of a thread is held, and none can follow."""
        ...


class Source(Protocol):
    """An origin of posts: reads again what its collector has kept, as often as its parser is mended."""

    def read(self, posts: Iterable[KeptPost], pages: Iterable[Page]) -> Iterator[RawPost]:
        """Every usable post, each once, of whichever of the two the source keeps; others are passed over."""
        ...
