"""Whose clock the stamps of a page are on, and the second in UTC of every post.

    title=1488503824000 beside a file named 1488521824388: five hours apart, so that clock hung in New York

Newer posts are stamped in UTC, older ones with New York's wall clock as if it were UTC; there is one point in
time between them. A post with a file knows by itself: its name is the moment of its upload. Others go by the
nearest such post of their thread, else of another thread. Unconverted, a join with prices is hours off.
"""

from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bizmeme.errors import ConfigError
from bizmeme.ports.sources import RawPost
from bizmeme.sources.warosu.posts import ArchivePost, ArchiveThread

Clock = Literal["utc", "new_york"]

PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp")
_HOUR_S = 3_600
_CLOCKS: Mapping[int, Clock] = {0: "utc", 4: "new_york", 5: "new_york"}
_SECONDS_DIGITS = 10  # of a moment between 2001 and 2286; a file's name has 3 or 6 more
_NAME_DIGITS = (10, 13, 16)
_JITTER_S = 60  # by which numbers and times may disagree


class Mark(NamedTuple):
    """What a post with a file knows: whose clock its page is on, and its own second in UTC."""

    clock: Clock
    moment: int


Evidence = Mapping[int, Mark]  # by post number


def evidence(threads: Iterable[ArchiveThread]) -> dict[int, Mark]:
    """What posts with a file say of the clock, by number; pages that are in UTC anyway say nothing."""
    found: dict[int, Mark] = {}
    for thread in threads:
        if not thread.in_utc:
            found |= _evidence(thread)
    return found


def raw_posts(
    threads: Sequence[ArchiveThread], *, board: str, known: Evidence | None = None
) -> list[RawPost]:
    """Every post of the threads, in their order, a post of several pages as often as it stands there.

    `known` is evidence of other pages, for threads without any; without all evidence a stamp counts as UTC.
    """
    marks = _Marks(evidence(threads) | dict(known or {}))
    stamped = [each for thread in threads for each in _stamped(thread, marks)]
    moments = _moments(stamped)
    return [_raw_post(each, board, moment) for each, moment in zip(stamped, moments, strict=True)]


@dataclass(frozen=True, slots=True)
class _Stamped:
    """A post and the seconds (UTC) that its stamp may mean, the earlier first."""

    post: ArchivePost
    options: tuple[int, ...]
    replies: int | None  # of its thread, where it opens it


class _Marks:
    """Evidence, searchable by number."""

    def __init__(self, known: Evidence) -> None:
        self._known = known
        self._numbers = sorted(known)

    def clock(self, no: int, title_s: int) -> Clock:
        """On whose clock a post without a file is: that of the nearest by number which has one.

        Where those before and behind it disagree, its time must lie between theirs.
        """
        at = bisect(self._numbers, no)
        near = {other: self._known[other] for other in self._numbers[max(at - 1, 0) : at + 1]}
        if not near:
            return "utc"
        if len({mark.clock for mark in near.values()}) > 1:
            begins, ends = (mark.moment for mark in near.values())
            readings: dict[Clock, int] = {"utc": title_s, "new_york": from_new_york(title_s)[0]}
            fitting = [
                clock
                for clock, moment in readings.items()
                if begins - _JITTER_S <= moment <= ends + _JITTER_S
            ]
            if len(fitting) == 1:
                return fitting[0]
        return near[min(near, key=lambda other: abs(other - no))].clock


def _stamped(thread: ArchiveThread, marks: _Marks) -> list[_Stamped]:
    own = _evidence(thread) or ({thread.no: Mark("utc", 0)} if thread.in_utc else {})
    near = _Marks(own) if own else marks
    return [
        _Stamped(
            post,
            _options(post, near),
            thread.replies if thread.opened and post.no == thread.no else None,
        )
        for post in thread.posts
    ]


def _options(post: ArchivePost, near: _Marks) -> tuple[int, ...]:
    title_s = post.title_ms // 1000
    hours = _hours(post)
    if hours in _CLOCKS:
        return (title_s + hours * _HOUR_S,)
    return (title_s,) if near.clock(post.no, title_s) == "utc" else from_new_york(title_s)


def _evidence(thread: ArchiveThread) -> dict[int, Mark]:
    return {
        post.no: Mark(clock, post.title_ms // 1000 + hours * _HOUR_S)
        for post in thread.posts
        if (clock := _CLOCKS.get(hours := _hours(post)))
    }


def _hours(post: ArchivePost) -> int:
    """By how many hours a file's name is ahead of the stamp; -1 where it is no moment."""
    tim = post.file.tim if post.file else None
    digits = len(str(tim))
    if tim is None or digits not in _NAME_DIGITS:
        return -1
    uploaded_s: int = tim // 10 ** (digits - _SECONDS_DIGITS)
    return round((uploaded_s - post.title_ms / 1000) / _HOUR_S)


def from_new_york(wall_s: int) -> tuple[int, ...]:
    """Seconds since 1970 (UTC) at which New York's clocks show `wall_s`, itself written as if it were UTC.

    Two in the hour that is lived twice in autumn, the earlier first. An hour that is skipped in spring is
    shown by no clock; it counts as the winter's.
    """
    wall = datetime.fromtimestamp(wall_s, UTC).replace(tzinfo=_new_york())
    first, second = (int(wall.replace(fold=fold).timestamp()) for fold in (0, 1))
    return (first, second) if first < second else (first,)


@cache
def _new_york() -> ZoneInfo:
    try:
        return ZoneInfo("America/New_York")
    except ZoneInfoNotFoundError as error:
        raise ConfigError(
            "This system has no time zones, and old posts are stamped in New York's. Install tzdata."
        ) from error


def _moments(stamped: Sequence[_Stamped]) -> list[int]:
    """One moment for each: numbers grow with time, which tells the two hours of autumn apart."""
    order = sorted(range(len(stamped)), key=lambda place: stamped[place].post.no)
    latest = _latest([stamped[place].options for place in order])
    moments = [0] * len(stamped)
    floor = 0
    for place, ceiling in zip(order, latest, strict=True):
        options = stamped[place].options
        later = options[0] < floor - _JITTER_S and options[-1] <= ceiling + _JITTER_S
        moments[place] = options[-1] if later else options[0]
        floor = max(floor, moments[place])
    return moments


def _latest(options: Sequence[tuple[int, ...]]) -> list[int]:
    """For each the earliest moment of a younger post that can only mean one."""
    latest, ceiling = [0] * len(options), 2**62
    for place in range(len(options) - 1, -1, -1):
        latest[place] = ceiling
        if len(options[place]) == 1:
            ceiling = min(ceiling, options[place][0])
    return latest


def _raw_post(stamped: _Stamped, board: str, posted_at: int) -> RawPost:
    post, file = stamped.post, stamped.post.file
    ext = file.ext if file else None
    return RawPost(
        board=board,
        no=post.no,
        thread_no=post.thread_no,
        posted_at=posted_at,
        subject=post.subject,
        text=post.text,
        replies=stamped.replies,
        media_path=file.path if file and ext in PICTURES else None,
        media_md5=file.md5 if file else None,
        media_ext=ext,
        file_deleted=post.file_gone and file is None,
        banned=post.banned,
        deleted=post.deleted,
    )
