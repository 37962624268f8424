"""What becomes of posts and threads: deletions and their undoing, edits, sweeps, and threads that vanish."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from bizmeme.sandbox.dice import happens, stream
from bizmeme.sandbox.live.config import LiveConfig
from bizmeme.sandbox.live.crowd import spaced
from bizmeme.sandbox.live.happenings import BANNED, FILE_GONE, UNNAMED, Kind, Post
from bizmeme.sandbox.live.state import Board, Thread

_RETURNS_AFTER_S = 1_800.0
_OPPOSITE_AFTER_S = 3_600.0
_LEAST_SWEPT = 2  # replies of one poster


class World(Protocol):
    """What the moderators see of the simulation (timeline.py)."""

    config: LiveConfig
    begins_at: float
    board: Board
    sticky_no: int | None

    @property
    def posts(self) -> Mapping[int, Post]:
        """Every post so far."""
        ...

    def later(self, at: float, action: Callable[[float], None]) -> None:
        """Let something happen then."""
        ...

    def emit(
        self, at: float, kind: Kind, thread_no: int, nos: tuple[int, ...] = (), *, mark: int = 0
    ) -> None:
        """It happens."""
        ...


class Moderation:
    """The moderators of one simulation."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._changes = world.config.changes
        self._dice = stream("moderation", world.config.seed)

    # --- single posts ---------------------------------------------------------------------------------

    def look_at(self, post: Post) -> None:
        """Decide what will become of a new post."""
        changes, draw, at = self._changes, self._dice, post.at
        if not post.opens and happens(draw, changes.deleted_share):
            self._world.later(at + self._wait(changes.deleted_after_min), partial(self._delete, post=post))
        edits = (
            (BANNED, changes.banned_share),
            (FILE_GONE, changes.file_deleted_share * (post.upload is not None)),
            (UNNAMED, changes.unnamed_share * post.named),
        )
        for mark, odds in edits:
            if happens(draw, odds):
                edit = partial(self._edit, post=post, mark=mark)
                self._world.later(at + self._wait(changes.edited_after_min), edit)

    def _wait(self, minutes: float) -> float:
        return self._dice.expovariate(1 / (60 * minutes))

    def _standing(self, post: Post) -> Thread | None:
        """The thread of a post, if that can still be changed."""
        thread = self._world.board.threads[post.thread_no]
        return thread if thread.fate == "live" and self._world.board.visible(post.no) else None

    def _delete(self, at: float, post: Post) -> None:
        if self._standing(post) is None:
            return
        self._world.emit(at, "delete", post.thread_no, (post.no,))
        if happens(self._dice, self._changes.undeleted_share):
            back_at = at + self._wait(self._changes.deleted_after_min)
            self._world.later(back_at, partial(self._undelete, post=post))

    def _undelete(self, at: float, post: Post) -> None:
        thread = self._world.board.threads[post.thread_no]
        # A sticky may meanwhile have pruned its replies up to there.
        if thread.fate == "live" and thread.no != self._world.sticky_no:
            self._world.emit(at, "undelete", thread.no, (post.no,))

    def _edit(self, at: float, post: Post, mark: int) -> None:
        if self._standing(post) is not None:
            self._world.emit(at, "mark", post.thread_no, (post.no,), mark=mark)

    # --- whole threads --------------------------------------------------------------------------------

    def plan(self) -> None:
        """Spread over the days what happens to threads."""
        changes = self._changes
        plans = (
            (changes.sweeps_per_day, self._sweep),
            (changes.closed_per_day, partial(self._switch, kind="close", opposite="reopen")),
            (changes.stuck_per_day, partial(self._switch, kind="stick", opposite="unstick")),
            (changes.removed_per_day, partial(self._vanish, kind="remove")),
            (changes.moved_per_day, partial(self._vanish, kind="move")),
            (changes.hidden_per_day, partial(self._vanish, kind="hide")),
            (changes.broken_per_day, partial(self._vanish, kind="break")),
        )
        # From the clock's beginning, so that a day of the clock has a day's share; and in the history too.
        begins_at, ends_at = self._world.config.begins_at_s, self._world.config.ends_at_s
        for per_day, action in plans:
            for since, until in ((self._world.begins_at, begins_at), (begins_at, ends_at)):
                for at in spaced(per_day, since, until, self._dice):
                    self._world.later(at, action)

    def _usual(self) -> list[Thread]:
        """The live threads that are not sticky, closed or dead, in random order."""
        threads = [thread for thread in self._world.board.in_order() if not (thread.sticky or thread.closed)]
        self._dice.shuffle(threads)
        return threads

    def _sweep(self, at: float) -> None:
        for thread in self._usual():
            by_poster: dict[int, list[int]] = {}
            for no in thread.shown[1:]:
                by_poster.setdefault(self._world.posts[no].poster, []).append(no)
            swept = [nos for poster, nos in by_poster.items() if poster and len(nos) >= _LEAST_SWEPT]
            if swept:
                self._world.emit(at, "sweep", thread.no, tuple(self._dice.choice(swept)))
                return

    def _switch(self, at: float, kind: Kind, opposite: Kind) -> None:
        for thread in self._usual()[:1]:
            self._world.emit(at, kind, thread.no)
            if kind == "stick" or happens(self._dice, 0.5):
                self._world.later(at + _OPPOSITE_AFTER_S, partial(self._undo, kind=opposite, no=thread.no))

    def _undo(self, at: float, kind: Kind, no: int) -> None:
        if self._world.board.threads[no].fate == "live":
            self._world.emit(at, kind, no)

    def _vanish(self, at: float, kind: Kind) -> None:
        for thread in self._usual()[:1]:
            self._world.emit(at, kind, thread.no)
            if kind in ("remove", "hide") and happens(self._dice, self._changes.returned_share):
                back = partial(self._world.emit, kind="return", thread_no=thread.no)
                self._world.later(at + _RETURNS_AFTER_S, back)
            elif kind in ("hide", "break"):
                forget = partial(self._world.emit, kind="remove", thread_no=thread.no)
                self._world.later(at + 3_600 * self._changes.forgotten_after_h, forget)
