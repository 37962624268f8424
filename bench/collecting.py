"""JSON requests per new post of several ways to collect a board, on one simulated day: printed as a table.

    python bench/collecting.py                                 # the whole day, a poll a minute, no trouble
    python bench/collecting.py --hours 4 --interval-s 300 --only "threads.json diff"

The first two ways are small loops, after what archivers of the field do; the third is what `bizmeme collect`
does. No rate limit holds them. Every way runs against a world of its own from the same seed, media left out.
"""

import argparse
import asyncio
import contextlib
import json
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bizmeme.collectors.board.catalog import Catalog
from bizmeme.collectors.board.desk import Desk
from bizmeme.collectors.board.threads import Threads
from bizmeme.sandbox.live.config import LiveConfig
from bizmeme.sandbox.live.process import load, running_live
from bizmeme.shell.holdings import Holdings, Update
from bizmeme.shell.hosts import Answer
from bizmeme.shell.journals import open_journal

DAY = Path(__file__).parents[1] / "conf" / "live" / "day.yaml"
FREED = ("trouble=null", "rules.min_interval_s=0", "rules.thread_interval_s=0", "rules.patience_s=0")
_AGENT = "bizmeme-bench/1 (+https://example.org/bizmeme)"
_OK = 200


@dataclass(slots=True)
class Visit:
    """One way's view of the world: requests, and the clock."""

    session: aiohttp.ClientSession
    task: aiohttp.ClientWebSocketResponse
    board: str
    held: set[int] = field(default_factory=set)  # the numbers of all posts that were seen
    requests: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    closing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    async def json(self, path: str) -> Any:
        """A path of the board; None where it is not there."""
        async with self.session.get(f"{self.board}/biz/{path}", allow_redirects=False) as response:
            body = await response.read()
            self.requests[path.partition("/")[0] if path.startswith("thread/") else path] += 1
            self.bytes += len(body)
            return json.loads(body) if response.status == _OK else None

    async def thread(self, no: int) -> None:
        """A whole thread."""
        thread = await self.json(f"thread/{no}.json")
        for post in thread["posts"] if thread else []:
            if "no" in post:
                self.held.add(post["no"])

    async def sleep(self, seconds: float) -> None:
        """Let simulated time pass."""
        await self.task.send_json({"sleep": seconds})
        await self.task.receive_json()


Cycle = Callable[[Visit], Awaitable[None]]


def every_thread() -> Cycle:
    """The index, then every thread that it lists."""

    async def cycle(visit: Visit) -> None:
        for row in _rows(await visit.json("threads.json")):
            await visit.thread(row["no"])

    return cycle


def index_diff() -> Cycle:
    """The index, then every thread whose last_modified moved; one last look at a thread that left."""
    seen: dict[int, int] = {}

    async def cycle(visit: Visit) -> None:
        rows = {row["no"]: row["last_modified"] for row in _rows(await visit.json("threads.json"))}
        for no, modified_at in rows.items():
            if seen.get(no) != modified_at:
                await visit.thread(no)
        for no in seen.keys() - rows.keys():
            await visit.thread(no)
        seen.clear()
        seen.update(rows)

    return cycle


def _rows(index: Any) -> list[dict[str, Any]]:
    return [row for page in index or [] for row in page["threads"]]


def catalog_ingest() -> Cycle:
    """This project's collector, journal and all, on this bench's own session: no limiter, no waiting."""
    made: list[tuple[Catalog, Threads]] = []

    async def cycle(visit: Visit) -> None:
        if not made:
            home = visit.closing.enter_context(tempfile.TemporaryDirectory())
            journal = visit.closing.enter_context(open_journal(Path(home), "bench"))
            holdings: Any = _Noted(journal, "board/biz")
            holdings.held = visit.held
            host: Any = _Host(visit)
            desk = Desk("biz", host, holdings, _Timer(visit), kinds=())
            made.append((Catalog(desk), Threads(desk, gap_s=0)))
        catalog, threads = made[0]
        await catalog.look()
        await threads.fetch(until=None)

    return cycle


class _Noted(Holdings):
    """The collector's holdings, with a note of every post that is written down."""

    held: set[int]

    def write(
        self, updates: Iterable[Update], *, now: float, path: str = "", validator: str | None = None
    ) -> int:
        listed = list(updates)
        self.held.update(no for update in listed for no in update.changes.new)
        return super().write(listed, now=now, path=path, validator=validator)


class _Host:
    """shell.hosts.Host without its limiter."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self.counts: Counter[str] = Counter()

    async def get(self, path: str, *, since: str | None = None, **_: Any) -> Answer:
        headers = {"If-Modified-Since": since} if since else {}
        visit = self._visit
        url = f"{visit.board}{path}"
        async with visit.session.get(url, headers=headers, allow_redirects=False) as response:
            body = await response.read()
        kind = path.split("/")[2]
        visit.requests[kind] += 1
        visit.bytes += len(body)
        return Answer(path, response.status, response.headers.get("Last-Modified"), body)


class _Timer:
    """ports.clocks.Timer on this bench's own task."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    async def now(self) -> float:
        await self._visit.task.send_json({"now": True})
        return float((await self._visit.task.receive_json())["now"])

    async def sleep(self, seconds: float) -> None:
        await self._visit.sleep(seconds)


# A way is a function that makes a cycle with a memory of its own; a cycle is run once a poll.
WAYS: Mapping[str, Callable[[], Cycle]] = {
    "every thread": every_thread,
    "threads.json diff": index_diff,
    "catalog ingest": catalog_ingest,
}


@dataclass(frozen=True, slots=True)
class Figures:
    """What one way cost and found, after a first poll that is not counted."""

    way: str
    requests: Counter[str]
    new_posts: int
    mbytes: float
    server_cpu_s: float
    wall_s: float

    @property
    def row(self) -> str:
        """A line of the table."""
        index = sum(number for path, number in self.requests.items() if path != "thread")
        per_post = self.requests.total() / self.new_posts
        cells = (
            self.way,
            f"{index:,}",
            f"{self.requests['thread']:,}",
            f"{self.new_posts:,}",
            f"{per_post:.2f}",
            f"{self.mbytes:,.0f}",
            f"{self.server_cpu_s:.0f}",
            f"{self.wall_s:.0f}",
        )
        return "| " + " | ".join(cells) + " |"


HEADINGS = (
    "way",
    "index requests",
    "thread requests",
    "new posts",
    "requests per new post",
    "MB",
    "server CPU-s",
    "wall s",
)
HEAD = f"| {' | '.join(HEADINGS)} |\n| --- |{' ---: |' * (len(HEADINGS) - 1)}\n"


def main() -> None:
    """Run every way, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, default=24.0, help="of the simulated day")
    parser.add_argument("--interval-s", type=float, default=60.0, help="between two polls")
    parser.add_argument("--only", choices=list(WAYS), help="run one way alone")
    options = parser.parse_args()
    config = load(str(DAY), [*FREED, f"hours={options.hours}"])
    sys.stdout.write(HEAD)
    for way in [options.only] if options.only else WAYS:
        sys.stdout.write(measured(way, config, interval_s=options.interval_s).row + "\n")
        sys.stdout.flush()


def measured(way: str, config: LiveConfig, *, interval_s: float) -> Figures:
    """One way on a world of its own, in a child process."""
    begun, used = time.monotonic(), _children_cpu_s()
    with running_live(config) as addresses:
        visit, new_posts = asyncio.run(_collect(WAYS[way](), addresses, config, interval_s))
    wall_s, cpu_s = time.monotonic() - begun, _children_cpu_s() - used
    return Figures(way, visit.requests, new_posts, visit.bytes / 1e6, cpu_s, wall_s)


async def _collect(
    cycle: Cycle, addresses: Mapping[str, str], config: LiveConfig, interval_s: float
) -> tuple[Visit, int]:
    async with _visit(addresses) as visit:
        await cycle(visit)  # what was there before costs every way the same, and is not counted
        visit.requests.clear()
        visit.bytes, before = 0, len(visit.held)
        for _ in range(int(config.hours * 3_600 / interval_s)):
            await visit.sleep(interval_s)
            await cycle(visit)
        return visit, len(visit.held) - before


@contextlib.asynccontextmanager
async def _visit(addresses: Mapping[str, str]) -> AsyncIterator[Visit]:
    async with (
        aiohttp.ClientSession(headers={"User-Agent": _AGENT}) as session,
        session.ws_connect(addresses["clock"] + "/task") as task,
    ):
        visit = Visit(session, task, addresses["board"])
        with visit.closing:
            yield visit


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
