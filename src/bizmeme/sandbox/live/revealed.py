"""The oracle for a collector: what the answers that were given told whoever read all of them.

    known = revealed(log, timeline, config)
    known.posts[60012001]  →  Known(versions=[0, 1], gone=True)     # a ban notice came, then it was deleted
    known.threads[60000412]  →  "archived"

An answer that went wrong tells nothing, nor does an older copy of what was told before. Every sound answer
shows a thread's opening post and its end: from some number on, what it shows is all that there is, so a known
post that is missing there is gone.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from bizmeme.sandbox.live.config import LiveConfig
from bizmeme.sandbox.live.happenings import STICKY_NO, Timeline
from bizmeme.sandbox.live.stage import Answer, replay_of
from bizmeme.sandbox.live.state import Board, Thread

ThreadState = Literal["listed", "left", "archived", "malformed", "gone", "purged"]

_PATH = re.compile(r"/\w+/(?:(catalog|archive)|thread/(\d+)(-tail)?)\.json")
_GONE = 404


@dataclass(slots=True)
class Known:
    """One post, as far as it was shown."""

    versions: list[int] = field(default_factory=list)  # marks, in the order in which they were shown
    gone: bool = False  # whether the last answer about it lacked it
    shown_at: float = 0.0  # when it was first shown


@dataclass(slots=True)
class Revealed:
    """Everything that was told: posts by number, threads by their opening post's."""

    posts: dict[int, Known] = field(default_factory=dict)
    threads: dict[int, ThreadState] = field(default_factory=dict)


def sound(answer: Answer) -> bool:
    """Whether an answer can be trusted."""
    return answer.host == "board" and not answer.trouble and answer.status in (200, 304, _GONE)


def polls(log: Iterable[Answer]) -> list[float]:
    """When the catalog was given, or was said to be unchanged."""
    return [each.at for each in log if sound(each) and each.path.endswith("/catalog.json")]


def revealed(log: Iterable[Answer], timeline: Timeline, config: LiveConfig) -> Revealed:
    """What the sound answers of a log told, the last word being that of the newest state."""
    reader = _Reader(config)
    replay = replay_of(timeline, config)
    for answer in sorted((each for each in log if sound(each)), key=lambda each: each.state_at):
        found = _PATH.fullmatch(answer.path)
        if found is None:
            continue
        board = replay.advance(answer.state_at)
        if found[2]:
            reader.thread(board, int(found[2]), answer, tail=bool(found[3]))
        elif found[1] == "catalog":
            reader.catalog(board)
        else:
            reader.archive(board)
    return reader.told


class _Reader:
    """Reads one answer after another."""

    def __init__(self, config: LiveConfig) -> None:
        self.told = Revealed()
        self._wire = config.wire
        self._of_thread: dict[int, set[int]] = {}
        self._read: dict[int, int] = {}  # the versions of the threads as the last catalogs had them

    def catalog(self, board: Board) -> None:
        """Opening posts and newest replies of every thread in the index."""
        threads = self.told.threads
        for no in board.live:
            threads[no] = "listed"
            thread = board.threads[no]
            if self._read.get(no) != thread.version:
                self._read[no] = thread.version
                self._show(board, thread, last=self._wire.window)
        for no, state in threads.items():
            if state == "listed" and no not in board.live:
                threads[no] = "left"

    def archive(self, board: Board) -> None:
        """Which of the threads that left were archived."""
        for no, state in self.told.threads.items():
            if state == "left" and no in board.archived:
                self.told.threads[no] = "archived"

    def thread(self, board: Board, no: int, answer: Answer, *, tail: bool) -> None:
        """A thread whole, or its last posts; a tail that is missing tells nothing."""
        threads = self.told.threads
        if answer.status == _GONE:
            if not tail:
                threads[no] = "purged" if threads.get(no) == "archived" else "gone"
            return
        thread = board.threads[no]
        if thread.fate == "broken":
            threads[no] = "malformed"
            return
        if thread.archived_on is not None:
            threads[no] = "archived"
        threads.setdefault(no, "listed" if no in board.live else "left")
        self._show(board, thread, last=self._wire.tail_size if tail else None, opening=not tail)

    def _show(self, board: Board, thread: Thread, *, last: int | None, opening: bool = True) -> None:
        """The opening post and the last replies, or all."""
        replies = thread.shown[1:]
        listed = replies if last is None else replies[-last:]
        whole = len(listed) == len(replies) and thread.no != STICKY_NO  # which prunes its oldest replies
        held = self._of_thread.setdefault(thread.no, set())
        nos = {thread.no, *listed} if opening else set(listed)
        for no in nos:
            known = self.told.posts.setdefault(no, Known(shown_at=board.now))
            marks = board.marks(no)
            if not known.versions or known.versions[-1] != marks:
                known.versions.append(marks)
            known.gone = False
        held |= nos
        since = 0 if whole else min(listed, default=0)
        for no in held - nos:
            if no >= since and no != thread.no:
                self.told.posts[no].gone = True
