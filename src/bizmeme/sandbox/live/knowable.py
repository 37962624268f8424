"""What there was to be known of every post: when it stood in the index, and which contents it had.

histories(timeline, config)[60012001]
    →  History(no=60012001, thread_no=60000412, listed=[(1762732812.4, 1762733900.1)],
               versions=[(1762732812.4, 0), (1762733011.8, 8)])          # 8: what it quotes was deleted
"""

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bizmeme.sandbox.live.config import LiveConfig
from bizmeme.sandbox.live.happenings import Event, Timeline
from bizmeme.sandbox.live.state import Board

_OF_THE_THREAD = {"archive", "purge", "remove", "move", "hide", "break", "return"}


@dataclass(slots=True)
class History:
    """What there was to be known of one post."""

    no: int
    thread_no: int
    listed: list[tuple[float, float | None]] = field(default_factory=list)  # from, to; None: to this day
    versions: list[tuple[float, int]] = field(default_factory=list)  # since when, marks


def histories(timeline: Timeline, config: LiveConfig) -> dict[int, History]:
    """The history of every post, from a replay of the whole timeline."""
    board = Board(timeline.posts, config.traffic)
    kept = {no: History(no, post.thread_no) for no, post in timeline.posts.items()}
    quoted_by: dict[int, list[int]] = {}
    for post in timeline.posts.values():
        for no in post.quotes:
            quoted_by.setdefault(no, []).append(post.no)
    for event in timeline.events:
        before = list(board.threads[event.thread_no].shown) if event.kind in _OF_THE_THREAD else ()
        board.apply(event)
        touched = {*event.nos, *before}
        touched |= {
            quoting for no in event.nos for quoting in quoted_by.get(no, ()) if board.visible(quoting)
        }
        for no in touched:
            _record(kept[no], board, event)
    return kept


def _record(history: History, board: Board, event: Event) -> None:
    listed = history.thread_no in board.live and board.visible(history.no)
    was_listed = bool(history.listed) and history.listed[-1][1] is None
    if listed and not was_listed:
        history.listed.append((event.at, None))
    if was_listed and not listed:
        history.listed[-1] = (history.listed[-1][0], event.at)
    marks = board.marks(history.no)
    if not history.versions or history.versions[-1][1] != marks:
        history.versions.append((event.at, marks))


def due(kept: Mapping[int, History], polls: Sequence[float]) -> set[int]:
    """The posts that stood in the index at two consecutive moments of `polls`, which ascend."""
    return {no for no, history in kept.items() if _in_two(history, polls)}


def _in_two(history: History, polls: Sequence[float]) -> bool:
    end = -1  # after the last poll of the stretch before
    for since, until in history.listed:
        first = bisect.bisect_left(polls, since)
        last = len(polls) if until is None else bisect.bisect_left(polls, until)
        if last - first >= 2 or (last > first and first == end):  # noqa: PLR2004 - two polls
            return True
        end = last if last > first else end
    return False


def knowable(timeline: Timeline, config: LiveConfig, *, interval_s: float) -> dict[str, object]:
    """What a perfect collector could have known that polls at the beginning and then every `interval_s`."""
    span_s = config.ends_at_s - config.begins_at_s
    polls = [config.begins_at_s + number * interval_s for number in range(int(span_s / interval_s) + 1)]
    kept = histories(timeline, config)
    wanted = due(kept, polls)
    rows = [
        {
            "no": history.no,
            "thread_no": history.thread_no,
            "listed": history.listed,
            "versions": history.versions,
            "due": history.no in wanted,
        }
        for history in kept.values()
        if any(until is None or until > config.begins_at_s for _, until in history.listed)
    ]
    return {"interval_s": interval_s, "polls": len(polls), "posts": rows}
