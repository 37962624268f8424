"""The board at one moment, reached by applying a timeline's events in turn.

board = Board(timeline, config)
board.advance(1762736400.0)            # forward only; every step is cheap
board.threads[60000412].shown          # [60000412, 60000430, …]: what its JSON holds
"""

import bisect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bizmeme.sandbox.live.config import TrafficConfig
from bizmeme.sandbox.live.happenings import DEAD_QUOTE, FILE_GONE, Event, Kind, Post

Fate = Literal["live", "archived", "hidden", "broken", "gone"]

_FATES: Mapping[Kind, Fate] = {
    "archive": "archived", "purge": "gone", "remove": "gone", "move": "gone",
    "hide": "hidden", "break": "broken", "return": "live",
}  # fmt: skip
_SWITCHES: Mapping[Kind, tuple[str, bool]] = {
    "close": ("closed", True), "reopen": ("closed", False),
    "stick": ("sticky", True), "unstick": ("sticky", False),
}  # fmt: skip


@dataclass(slots=True)
class Stamp:
    """When a JSON file was last written, as its Last-Modified says: every writing has a second of its own.

    Two writings within one second are a second apart in the header, so a header may run ahead of the field
    `last_modified`, and equal headers mean equal bytes.
    """

    at_s: int = 0

    def press(self, at: float) -> None:
        """Written at that moment."""
        self.at_s = max(self.at_s + 1, int(at))


@dataclass(slots=True)
class Thread:
    """A thread's state."""

    no: int
    bumped_at: float
    modified_at: int = 0  # the field `last_modified`
    shown: list[int] = field(default_factory=list)  # its own number first, then the visible replies
    sticky: bool = False
    closed: bool = False
    image_limited: bool = False
    archived_on: int | None = None
    fate: Fate = "live"
    header: Stamp = field(default_factory=Stamp)
    version: int = 0  # grows with every change

    @property
    def replies(self) -> int:
        """Visible replies."""
        return len(self.shown) - 1


class Board:
    """All threads, and which of them stand in the index and in the archive."""

    def __init__(self, posts: Mapping[int, Post], traffic: TrafficConfig) -> None:
        self.posts = posts
        self.threads: dict[int, Thread] = {}
        self.live: set[int] = set()
        self.archived: set[int] = set()
        self.index_header = Stamp()
        self.archive_header = Stamp()
        self.now = 0.0
        self._visible: set[int] = set()
        self._marks: dict[int, int] = {}
        self._traffic = traffic

    def visible(self, no: int) -> bool:
        """Whether a post of a thread that is there has not been deleted."""
        return no in self._visible and self.threads[self.posts[no].thread_no].fate != "gone"

    def marks(self, no: int) -> int:
        """What was done to a post so far, and to those that it quotes."""
        marks = self._marks.get(no, 0)
        for place, quoted in enumerate(self.posts[no].quotes):
            if quoted not in self._visible:
                marks |= DEAD_QUOTE << place
        return marks

    def has_file(self, no: int) -> bool:
        """Whether a post's file is still there."""
        return self.posts[no].upload is not None and not self._marks.get(no, 0) & FILE_GONE

    def images(self, thread: Thread) -> int:
        """Files among the visible replies."""
        return sum(self.has_file(no) for no in thread.shown[1:])

    def in_order(self) -> list[Thread]:
        """The index: stickies, then the last bumped first."""
        return sorted(
            (self.threads[no] for no in self.live),
            key=lambda each: (not each.sticky, -each.bumped_at, each.no),
        )

    def apply(self, event: Event) -> None:
        """Let one event happen."""
        self.now = event.at
        listed = event.thread_no in self.live
        if event.kind == "post":
            self._post(event)
        elif event.kind in _FATES:
            self._meet(self.threads[event.thread_no], event)
        else:
            self._change(self.threads[event.thread_no], event)
        thread = self.threads[event.thread_no]
        thread.version += 1
        thread.header.press(event.at)
        if listed or thread.no in self.live:
            self.index_header.press(event.at)

    def _post(self, event: Event) -> None:
        (no,) = event.nos
        post = self.posts[no]
        if post.opens:
            self.threads[no] = Thread(no, bumped_at=event.at)
            self.live.add(no)
        thread = self.threads[post.thread_no]
        thread.shown.append(no)
        self._visible.add(no)
        thread.modified_at = post.time
        if thread.replies <= self._traffic.bump_limit:
            thread.bumped_at = event.at
        if not thread.image_limited and post.upload is not None:
            thread.image_limited = self.images(thread) >= self._traffic.image_limit

    def _meet(self, thread: Thread, event: Event) -> None:
        thread.fate = _FATES[event.kind]
        (self.live.add if thread.fate == "live" else self.live.discard)(thread.no)
        if event.kind == "return":
            thread.modified_at = int(event.at)
        if event.kind == "archive":
            thread.archived_on, thread.closed = int(event.at), True
            self.archived.add(thread.no)
        if event.kind == "purge":
            self.archived.discard(thread.no)
        if event.kind in ("archive", "purge"):
            self.archive_header.press(event.at)

    def _change(self, thread: Thread, event: Event) -> None:
        if event.kind in _SWITCHES:
            name, value = _SWITCHES[event.kind]
            setattr(thread, name, value)
        for no in event.nos:
            if event.kind == "mark":
                self._marks[no] = self._marks.get(no, 0) | event.mark
            elif event.kind == "undelete":
                bisect.insort(thread.shown, no)
                self._visible.add(no)
            else:
                thread.shown.remove(no)
                self._visible.discard(no)
        if event.kind != "sweep":
            thread.modified_at = int(event.at)


class Replay:
    """A board that follows a timeline forward."""

    def __init__(self, events: tuple[Event, ...], board: Board) -> None:
        self.board = board
        self._events = events
        self._next = 0

    def advance(self, at: float) -> Board:
        """The board with everything applied up to and including that moment; never back."""
        while self._next < len(self._events) and self._events[self._next].at <= at:
            self.board.apply(self._events[self._next])
            self._next += 1
        self.board.now = at
        return self.board
