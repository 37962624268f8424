"""Asks a second through the ledger, in groups and with a transaction for each write, 64 tasks at once.

    python bench/commits.py                      # half a minute, on the disk of the current folder
    python bench/commits.py --asks 2000 --answer-s 0

An ask is reserved, answered after --answer-s, settled and priced, as asking live does it: three writes. In
groups, the first two are waited for and the price follows; else each is a durable transaction of its own in
the event loop. At 0.2 s an answer 64 tasks ask 320 a second at the most; at 0 s the ledger alone is measured.
The two take turns, three rounds; medians, and the range.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bizmeme.ports.labellers import Worst
from bizmeme.shell.journal import Journal
from bizmeme.shell.journals import open_journal
from bizmeme.shell.paying.commits import Operation, committing
from bizmeme.shell.paying.ledger import Request

AT_ONCE, ROUNDS = 64, 3
REPLY = '{"label": "bullish"}' * 40  # 800 bytes, as a short answer has

Write = Callable[[Operation[object]], Awaitable[object]]
"""Writes, and returns as soon as its caller may go on."""


@asynccontextmanager
async def grouped(journal: Journal) -> AsyncIterator[tuple[Write, Write]]:
    """How it is done: what is waited for, and what is not."""
    async with committing(journal) as commits:

        async def later(operation: Operation[object]) -> None:
            commits.later(operation)

        yield commits.do, later


@asynccontextmanager
async def single(journal: Journal) -> AsyncIterator[tuple[Write, Write]]:
    """A transaction for each write."""
    journal.database.execute("PRAGMA synchronous=FULL")

    async def at_once(operation: Operation[object]) -> object:
        return operation(journal.ledger)

    yield at_once, at_once


WAYS = {"grouped": grouped, "one transaction each": single}


async def asked(journal: Journal, way: str, *, asks: int, answer_s: float) -> float:
    """Asks a second."""
    names = iter(range(asks))
    began_s = time.perf_counter()
    async with WAYS[way](journal) as (write, later), asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(_asks(names, write, later, answer_s=answer_s))
    return asks / (time.perf_counter() - began_s)


async def _asks(names: Iterator[int], write: Write, later: Write, *, answer_s: float) -> None:
    for name in names:
        ask = await write(_reserving(f"{name:064}"))
        assert isinstance(ask, int)
        await asyncio.sleep(answer_s)
        await write(_settling(ask))
        await later(_pricing(ask))


def _reserving(name: str) -> Operation[object]:
    request = Request(name, "bench", "bench", Worst(900, 0.0001), 0.0)
    return lambda ledger: ledger.reserve(request, cap_usd=1e6)


def _settling(ask: int) -> Operation[object]:
    return lambda ledger: ledger.settle(ask, reply=REPLY, took_s=0.2)


def _pricing(ask: int) -> Operation[object]:
    return lambda ledger: ledger.price(ask, cost_usd=0.00005, tokens=400)


def measured(way: str, *, asks: int, answer_s: float) -> float:
    """One round, in a journal of its own."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as home, open_journal(Path(home), "bench") as journal:
        return asyncio.run(asked(journal, way, asks=asks, answer_s=answer_s))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--asks", type=int, default=2000, help="of a round (2000)")
    parser.add_argument(
        "--answer-s", type=float, action="append", help="how long an answer takes (0 and 0.2)"
    )
    options = parser.parse_args()
    table = Table("answer after", *WAYS, title=f"asks a second, {AT_ONCE} tasks", box=None)
    for answer_s in options.answer_s or (0.0, 0.2):
        rounds = {way: list[float]() for way in WAYS}
        for _ in range(ROUNDS):
            for way, rates in rounds.items():
                rates.append(measured(way, asks=options.asks, answer_s=answer_s))
        table.add_row(f"{answer_s} s", *map(_shown, rounds.values()))
    Console().print(table)


def _shown(rates: list[float]) -> str:
    return f"{statistics.median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f})"


if __name__ == "__main__":
    main()
