"""What a source collects with, and what it tells meanwhile."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

from pydantic import Field

from bizmeme.core.files import MEANINGS, Kind
from bizmeme.core.settings import Plugin, Section
from bizmeme.ports.clocks import Timer
from bizmeme.shell.budgets import Manners
from bizmeme.shell.builder import build
from bizmeme.shell.downloads import Media
from bizmeme.shell.hosts import Visit, visiting
from bizmeme.shell.journal import Journal
from bizmeme.shell.media_store import MediaStore, media_folder
from bizmeme.shell.pictures import Caps


class Pace(Section):
    """How often a source is looked at."""

    interval_s: Annotated[float, Field(gt=0)]
    """Seconds between the first two looks; then it adapts."""

    shortest_s: Annotated[float, Field(gt=0)]
    """Never more often than this."""

    longest_s: Annotated[float, Field(gt=0)]
    """Never less often than this."""

    thread_gap_s: Annotated[float, Field(ge=0)]
    """Seconds between two requests for one thread; the board's rule is 10."""


class Collecting(Section):
    """How a source is collected."""

    once: bool
    """One look, everything that it shows, then the end; else until Ctrl-C."""

    hours: Annotated[float, Field(gt=0)] | None
    """End after so many hours of the configured clock; null: never."""

    kinds: tuple[Kind, ...]
    """Which files are fetched of pictures: thumbnails, whole files, both, or none."""

    pictures: Caps
    """How much of a file is decoded in order to find out what it is."""

    pace: Pace
    """How often a source is looked at."""

    manners: Manners
    """How gently its hosts are asked."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a source collects with."""

    visit: Visit
    journal: Journal
    store: MediaStore
    timer: Timer


@dataclass(frozen=True, slots=True)
class Progress:
    """What is told after each cycle; `counts` are sums since the start."""

    counts: Counter[str]
    pending: int  # threads still to be fetched
    interval_s: float

    @property
    def text(self) -> str:
        """The one line that moves."""
        counts = self.counts
        told = [
            f"{counts['posts']:,} new posts",
            f"{counts['deletions']:,} deleted",
            f"{counts['edits']:,} edited",
            f"{counts['files']:,} files",
            f"{counts['requests']:,} requests",
            f"{self.pending} threads to fetch",
            f"next look in {self.interval_s:.0f} s",
        ]
        return ", ".join(told)


Tell = Callable[[Progress], None]


class Collector(Protocol):
    """What looks at a source again and again."""

    async def collect(self, means: Means, how: Collecting, tell: Tell) -> None:
        """Look until told otherwise; everything received is journalled before the next question."""
        ...


async def collect(source: Plugin, clock: Plugin, how: Collecting, tell: Tell, *, journal: Journal) -> None:
    """Collect one source into a journal, as its collector does."""
    collector: Collector = build("collector", source, where=f"source.{source.name}")
    async with (
        visiting(how.manners, journal.home / "hosts") as visit,
        build("clock", clock).session() as timer,
    ):
        store = MediaStore(media_folder(journal.home, journal.origin))
        await collector.collect(Means(visit, journal, store, timer), how, tell)


SUMMARY: Sequence[tuple[str, str]] = (
    ("posts", "new posts"),
    ("ghosts", "posts of the archive's own visitors, left out"),
    ("edits", "edits"),
    ("deletions", "deletions"),
    ("restored", "posts that came back"),
    ("lost", "posts that came and went unseen"),
    ("spoilt", "threads whose pages could not be read"),
    ("overflows", "threads that outran the catalog"),
    ("rollbacks", "answers older than what was held, ignored"),
    ("ignored", "catalogs not believed"),
    ("busy", "times that a host was busy"),
    ("requests", "requests for pages"),
    ("files", "requests for files"),
    ("bytes", "bytes"),
    ("file ok", "usable files"),
    *(
        (f"file {status}", f"unusable files: {status} ({meaning})")
        for status, meaning in MEANINGS.items()
        if status not in ("wanted", "ok")
    ),
)
"""Counts that a summary shows, in this order, with what they are."""


def figures(counts: Counter[str]) -> dict[str, int | float | None]:
    """What a run's metrics hold of one source."""
    requests, posts = counts["requests"], counts["posts"]
    return {
        **{name: counts[name] for name, _ in SUMMARY},
        "status_429": counts["status 429"],
        "unchanged_share": round(counts["status 304"] / requests, 4) if requests else None,
        "requests_per_new_post": round(requests / posts, 4) if posts else None,
    }


def with_files(counts: Counter[str], media: Media) -> Counter[str]:
    """The counts with what came of a source's files."""
    told = Counter(counts)
    told["files"] = media.host.counts["requests"]
    for name in ("busy", "bytes"):
        told[name] += media.host.counts[name]
    for status, number in media.counts.items():
        told[f"file {status}"] = number
    return told
