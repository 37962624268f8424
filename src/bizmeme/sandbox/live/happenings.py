"""Posts, and what happens to them: a timeline is a list of events, each at its second.

    Event(at=1762732812.37, kind="delete", thread_no=60000412, nos=(60000431,))

post      a reply, or with its own number a thread       archive   out of the index, kept some days
delete    replies go; last_modified moves                purge     then gone
sweep     so do one poster's, and it does not move       remove    a moderator's deletion: gone at once
undelete  they come back                                 hide      out of the index, and still served
mark      an edit: a bit of `marks` is set               break     served in the malformed way
prune     a sticky's oldest reply makes room             return    back into the index
close, reopen, stick, unstick                            move      gone, to another board
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Kind = Literal[
    "post", "delete", "sweep", "undelete", "mark", "prune", "close", "reopen", "stick", "unstick",
    "archive", "purge", "remove", "move", "hide", "break", "return",
]  # fmt: skip

# What was done to a post: bits of one number, which with the post's number says its content whole.
BANNED = 1
FILE_GONE = 2
UNNAMED = 4
DEAD_QUOTE = 8  # of the first quoted post; of the second, the next bit

BOARD_NAME = "biz"
STICKY_NO = 904_256  # the old sticky, of which only the newest replies are kept


@dataclass(frozen=True, slots=True)
class Post:
    """What a poster sent; never changed afterwards."""

    no: int
    thread_no: int
    at: float  # seconds since 1970, UTC
    poster: int  # within the thread; 0 opened it
    quotes: tuple[int, ...]  # earlier posts of the thread, two at most
    upload: int | None  # which file, if any
    named: bool  # with name and tripcode
    staff: bool = False

    @property
    def opens(self) -> bool:
        """Whether it is its thread's first post."""
        return self.no == self.thread_no

    @property
    def time(self) -> int:
        """The field `time`."""
        return int(self.at)

    @property
    def tim(self) -> int:
        """The server's name of its file: microseconds since 1970."""
        return int(self.at * 1e6)


@dataclass(frozen=True, slots=True)
class Event:
    """One change of the board."""

    at: float
    kind: Kind
    thread_no: int
    nos: tuple[int, ...] = ()
    mark: int = 0


@dataclass(frozen=True)
class Timeline:
    """Everything that ever happens, in the order of its time."""

    posts: Mapping[int, Post]
    events: tuple[Event, ...]

    @cached_property
    def by_tim(self) -> Mapping[int, Post]:
        """The posts with a file, by the server's name of it."""
        return {post.tim: post for post in self.posts.values() if post.upload is not None}
