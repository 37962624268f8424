"""Group commit: durable before anybody goes on, a failure fails alone, and nothing is left behind."""

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bizmeme.errors import BudgetError
from bizmeme.ports.labellers import Worst
from bizmeme.shell.journal import Journal
from bizmeme.shell.journals import journal_file, open_journal
from bizmeme.shell.paying.commits import Commits, committing
from bizmeme.shell.paying.ledger import Ledger, Request, Spending
from tests.disks import Disk, mounted


def reserving(name: str, usd: float = 0.25, cap_usd: float = 1) -> Callable[[Ledger], int | None]:
    request = Request(name, "l", "m", Worst(10, usd), 0)
    return lambda ledger: ledger.reserve(request, cap_usd=cap_usd)


def settling(ask: int) -> Callable[[Ledger], None]:
    return lambda ledger: ledger.settle(ask, reply="r" * 1500, took_s=1)


def committed(home: Path, main: Callable[[Commits, Journal], Awaitable[None]]) -> Spending:
    async def run() -> None:
        with open_journal(home, "real") as journal:
            async with committing(journal) as commits:
                await main(commits, journal)

    asyncio.run(run())
    with open_journal(home, "real") as journal:
        return journal.ledger.spending()


def counted(commits: Commits, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many commits there were, as its only entry."""
    number, commit = [0], commits._commit

    def counting() -> None:
        number[0] += 1
        commit()

    monkeypatch.setattr(commits, "_commit", counting)
    return number


def test_what_is_done_is_durable_when_its_caller_goes_on(tmp_path: Path) -> None:
    async def main(commits: Commits, _: Journal) -> None:
        await commits.do(reserving("a"))
        other = sqlite3.connect(journal_file(tmp_path, "real"))
        assert other.execute("SELECT request_hash FROM asks").fetchall() == [("a",)]
        other.close()

    committed(tmp_path, main)


def test_nobody_sees_what_is_not_durable_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(commits: Commits, journal: Journal) -> None:
        seen: list[Spending] = []
        commit = commits._commit

        def looked() -> None:
            seen.append(journal.ledger.spending())
            commit()

        monkeypatch.setattr(commits, "_commit", looked)
        await commits.do(reserving("a"))
        assert seen == [Spending(0, 0, 0)]
        assert journal.ledger.spending() == Spending(0, 0.25, 1)

    committed(tmp_path, main)


def test_what_waits_shares_a_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(commits: Commits, _: Journal) -> None:
        number = counted(commits, monkeypatch)
        await asyncio.gather(*(commits.do(reserving(f"a{each}", usd=0.001)) for each in range(100)))
        assert number[0] <= 2

    assert committed(tmp_path, main).in_doubt == 100


def test_a_failing_operation_fails_alone(tmp_path: Path) -> None:
    async def main(commits: Commits, _: Journal) -> None:
        outcomes = await asyncio.gather(
            *(commits.do(reserving(name, usd=usd)) for name, usd in (("a", 0.5), ("b", 0.75), ("c", 0.5))),
            return_exceptions=True,
        )
        assert [type(each) for each in outcomes] == [int, BudgetError, int]

    assert committed(tmp_path, main) == Spending(0, 1, 2)


def test_what_nobody_waits_for_is_written_within_a_moment_and_at_the_end(tmp_path: Path) -> None:
    async def main(commits: Commits, journal: Journal) -> None:
        commits.later(reserving("a"))
        while journal.ledger.spending().in_doubt == 0:  # ends, or hangs
            await asyncio.sleep(0.01)
        commits.later(reserving("b"))

    assert committed(tmp_path, main).in_doubt == 2


def test_what_failed_with_nobody_waiting_is_raised_at_the_end(tmp_path: Path) -> None:
    async def main(commits: Commits, _: Journal) -> None:
        commits.later(reserving("a", usd=2))
        commits.later(reserving("b"))

    with pytest.raises(BudgetError):
        committed(tmp_path, main)
    with open_journal(tmp_path, "real") as journal:
        assert journal.ledger.spending().in_doubt == 1


@pytest.mark.parametrize("place", ["_begin", "_commit"])
def test_a_disk_that_is_full_fails_the_whole_group_and_the_next_one_may_succeed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def full() -> None:
        raise sqlite3.OperationalError("database or disk is full")

    async def main(commits: Commits, _: Journal) -> None:
        with monkeypatch.context() as disk:
            disk.setattr(commits, place, full)
            both = (commits.do(reserving(name, usd=0.75)) for name in "ab")
            outcomes = await asyncio.gather(*both, return_exceptions=True)
            assert all(isinstance(each, sqlite3.OperationalError) for each in outcomes)
        await commits.do(reserving("c", usd=0.75))

    assert committed(tmp_path, main) == Spending(0, 0.75, 1)


def test_where_sqlite_takes_all_of_it_back_the_whole_group_fails(tmp_path: Path) -> None:
    """As it does by itself where a disk is full in the midst of a statement."""

    def taken_back(ledger: Ledger) -> None:
        ledger.database.execute("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")

    async def main(commits: Commits, _: Journal) -> None:
        both = (commits.do(each) for each in (reserving("a"), taken_back, reserving("b")))
        outcomes = await asyncio.gather(*both, return_exceptions=True)
        assert [str(each) for each in outcomes] == ["database or disk is full"] * 3
        await commits.do(reserving("c"))

    assert committed(tmp_path, main) == Spending(0, 0.25, 1)


def test_on_a_disk_that_fills_within_a_group_what_is_said_to_be_durable_is(tmp_path: Path) -> None:
    """More than SQLite's cache holds: it writes before the commit, and fails there."""
    many = [f"{number:064x}" for number in range(2000)]

    async def main(disk: Disk, commits: Commits) -> list[object]:
        for name in many:
            commits.later(reserving(name, usd=0.01, cap_usd=100))
        await commits.drained()
        used = os.statvfs(disk.folder)
        disk.remount(f"size={(used.f_blocks - used.f_bfree) * used.f_frsize + 300_000}")
        first = commits.do(reserving("first", cap_usd=100))
        settled = (commits.do(settling(ask)) for ask in range(1, len(many) + 1))
        outcomes = await asyncio.gather(first, *settled, return_exceptions=True)
        disk.remount("size=1g")
        return list(outcomes)

    async def run(disk: Disk) -> tuple[list[object], Spending]:
        with open_journal(disk.folder, "real") as journal:
            async with committing(journal) as commits:
                outcomes = await main(disk, commits)
            return outcomes, journal.ledger.spending()

    with mounted(tmp_path / "disk") as disk:
        outcomes, spent = asyncio.run(run(disk))
    failed = [isinstance(each, Exception) for each in outcomes]
    assert any(failed)
    assert spent.in_doubt == len(many) - failed[1:].count(False) + (not failed[0])


def test_an_operation_whose_caller_was_cancelled_is_written_all_the_same(tmp_path: Path) -> None:
    async def main(commits: Commits, _: Journal) -> None:
        waiting = asyncio.create_task(commits.do(reserving("a")))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert waiting.cancelled()

    assert committed(tmp_path, main).in_doubt == 1
