"""Watches a board for days, or looks at it once: look, fetch what is pending, wait, look again."""

from collections import Counter

from bizmeme.collectors.board.catalog import Catalog, Look
from bizmeme.collectors.board.desk import Desk
from bizmeme.collectors.board.threads import Threads
from bizmeme.core.looks import next_interval
from bizmeme.shell.collecting import Collecting, Pace, Progress, Tell, with_files
from bizmeme.shell.downloads import Media

_HOUR_S = 3600.0


async def watch(desk: Desk, media: Media, how: Collecting, tell: Tell) -> None:
    """Cycle for ever, or as long as `how` says; once: one look, and everything that it makes pending."""
    catalog, threads = Catalog(desk), Threads(desk, gap_s=how.pace.thread_gap_s)
    interval_s = how.pace.interval_s
    ends_at = None if how.hours is None else await desk.timer.now() + how.hours * _HOUR_S
    while True:
        begun = await desk.timer.now()
        until = None if how.once else begun + interval_s
        try:
            look = await catalog.look()
            await threads.fetch(until=until)
            await media.fetch(until=until)
        finally:  # also where Ctrl-C came in between
            tell(_progress(desk, media, interval_s))
        if how.once or (ends_at is not None and begun + interval_s >= ends_at):
            return
        left_s = begun + interval_s - await desk.timer.now()
        await desk.timer.sleep(min(interval_s, max(0.0, left_s)))  # whatever was done to the clock
        interval_s = _next(interval_s, look, how.pace) if look.sound else interval_s


def _next(interval_s: float, look: Look, pace: Pace) -> float:
    return next_interval(
        interval_s,
        most_new=look.most_new,
        window=look.window,
        overflowed=look.overflowed,
        bounds_s=(pace.shortest_s, pace.longest_s),
    )


def _progress(desk: Desk, media: Media, interval_s: float) -> Progress:
    counts = with_files(Counter(desk.counts) + desk.host.counts, media)
    pending = sum(bool(thread.need) for thread in desk.threads.values())
    return Progress(counts, pending, interval_s)
