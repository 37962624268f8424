"""What the archive prints of one post; known to the renderer, which knows no world."""

from dataclasses import dataclass
from typing import Literal

Kept = Literal["here", "elsewhere", "redirect", "nowhere"]


@dataclass(frozen=True, slots=True)
class File:
    """A post's file; `kept` says where the full one's link leads, if there is one."""

    name: str  # with its end
    size: int  # bytes
    width_px: int
    height_px: int
    thumbnail_px: tuple[int, int]
    md5: str  # base64
    tim: int
    ext: str
    kept: Kept


@dataclass(frozen=True, slots=True)
class Entry:
    """One post of the archive."""

    no: int
    thread_no: int
    posted_at: int  # seconds since 1970, UTC
    subject: str
    text: str  # plain, quotes of other posts included
    file: File | None
    ghost: int = 0  # its place behind the post, where it was written in the archive itself
    unconverted: bool = False  # its stamp was stored on New York's clock
    file_gone: bool = False
    deleted: bool = False  # from the board, before its thread was
    sticky: bool = False
    banned: bool = False
    email: str = ""  # behind the poster's name

    @property
    def opens(self) -> bool:
        """Whether it is its thread's first post."""
        return self.no == self.thread_no and not self.ghost


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A thread as a page shows it."""

    entries: tuple[Entry, ...]
    omitted: int
