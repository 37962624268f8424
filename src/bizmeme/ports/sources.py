"""Where posts come from, and how an outside host is asked."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bizmeme.core.stretches import Stretch
from bizmeme.errors import ServiceError


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of an outside source as received; `path` is relative to the source, never an address."""

    path: str
    status: int
    last_modified: str | None
    body: bytes

    def json(self) -> object:
        """The body's JSON; raises ServiceError where it is a challenge or an error page with status 200."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise ServiceError(
                f"{self.path} is not JSON: a challenge or a maintenance page. Try again later."
            ) from error


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
class RawPost:
    """One post as a source's parser reads it; texts are plain, entities resolved."""

    board: str
    no: int
    thread_no: int
    posted_at: int  # seconds since 1970, UTC
    subject: str
    text: str
    replies: int | None  # of the thread, on its opening post
    media_path: str | None  # on the source's media host
    media_md5: str | None  # base64, as the board gives it
    media_ext: str | None  # with the dot
    file_deleted: bool
    banned: bool
    deleted: bool  # from the board before its time; only an archive can know


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
    """An origin of posts."""

    @property
    def urls(self) -> tuple[str, str]:
        """Addresses of the page host and the media host."""
        ...

    async def collect(self, fetch: Fetch) -> None:
        """Walk the source so that everything wanted stands in the journal."""
        ...

    def posts(self, page: Page) -> list[RawPost]:
        """The posts of one collected page; an empty list for pages that hold none."""
        ...
