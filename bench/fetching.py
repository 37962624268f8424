"""How many pages a second `bizmeme collect` takes without the politeness limit, beside a bare fetch.

    python bench/fetching.py                   # two minutes; half a gigabyte of answers is held twice
    python bench/fetching.py --hours 2         # mostly the threads that a first look finds
    python bench/fetching.py --profile         # where the collector's time goes

A moving board's day (conf/live/day.yaml, no trouble, a look a minute) is collected once and recorded: every
answer, and what the clock said. A server of its own then replays the answers byte by byte: the simulator
renders each catalog anew, which would hide what is measured. The floor asks for the same pages in the same
order with aiohttp and reads them with json.loads; the collector fetches, checks, and writes to a journal with
synchronous=FULL. Wall seconds, the best of some rounds that take turns; CPU-seconds of the client.
"""

import argparse
import asyncio
import cProfile
import gc
import json
import pstats
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from replaying import Recording, recorded, replayed, serving

OK = 200
LEAST_RATIO = 0.3
HEAD = (
    "| way | pages | MB | wall s | pages a second | of the floor | client CPU-s | of the floor |\n| --- |"
    + " ---: |" * 7
    + "\n"
)
_AGENT = {"User-Agent": "bizmeme-bench/1 (nobody@localhost)"}


async def bare(url: str, recording: Recording) -> None:
    """The floor."""
    async with aiohttp.ClientSession(headers=_AGENT, cookie_jar=aiohttp.DummyCookieJar()) as session:
        for answer in recording.answers:
            async with session.get(url + answer.path, allow_redirects=False) as response:
                body = await response.read()
                if response.status == OK:
                    json.loads(body)


Way = Callable[[str, Recording], Coroutine[Any, Any, None]]
WAYS: Mapping[str, Way] = {"aiohttp and json.loads": bare, "bizmeme collect": replayed}


@dataclass(frozen=True, slots=True)
class Used:
    """What a round took."""

    wall_s: float
    cpu_s: float  # of the client


def used(way: Way, url: str, recording: Recording) -> Used:
    """Wall and CPU seconds of one round; what was there before is no garbage, as in the command."""
    gc.collect()
    gc.freeze()
    began, cpu = time.perf_counter(), time.process_time()
    asyncio.run(way(url, recording))
    return Used(time.perf_counter() - began, time.process_time() - cpu)


def main() -> None:
    """Record, measure both ways in turn, print a table; status 1 where the ratio is below the bar."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, default=24.0, help="of the moving board's time")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--profile", action="store_true", help="print where the collector's time goes")
    options = parser.parse_args()
    recording = asyncio.run(recorded(options.hours))
    with serving(recording) as url:
        if options.profile:
            profile(url, recording)
            return
        best = best_of(options.rounds, url, recording)
    sys.stdout.write(HEAD)
    for name in WAYS:
        sys.stdout.write(row(name, best, recording))
    floor, ours = (best[name].wall_s for name in WAYS)
    sys.exit(floor / ours < LEAST_RATIO)


def best_of(rounds: int, url: str, recording: Recording) -> dict[str, Used]:
    """The best of some rounds of both ways, which take turns."""
    all_used: dict[str, list[Used]] = {name: [] for name in WAYS}
    for _ in range(rounds):
        for name, way in WAYS.items():
            all_used[name].append(used(way, url, recording))
    return {
        name: Used(min(each.wall_s for each in found), min(each.cpu_s for each in found))
        for name, found in all_used.items()
    }


def row(name: str, best: Mapping[str, Used], recording: Recording) -> str:
    """A line of the table."""
    floor, ours = next(iter(best.values())), best[name]
    pages, mbytes = len(recording.answers), sum(len(each.body) for each in recording.answers) / 1e6
    cells = (
        name, f"{pages:,}", f"{mbytes:.0f}", f"{ours.wall_s:.1f}", f"{pages / ours.wall_s:,.0f}",
        f"{floor.wall_s / ours.wall_s:.2f}", f"{ours.cpu_s:.1f}", f"{floor.cpu_s / ours.cpu_s:.2f}",
    )  # fmt: skip
    return "| " + " | ".join(cells) + " |\n"


def profile(url: str, recording: Recording) -> None:
    """Print the functions that take the collector's time."""
    with cProfile.Profile() as profiler:
        asyncio.run(replayed(url, recording))
    pstats.Stats(profiler, stream=sys.stdout).sort_stats("tottime").print_stats(35)


if __name__ == "__main__":
    main()
