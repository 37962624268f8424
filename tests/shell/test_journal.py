"""The journal: nothing paid for is lost, the cap holds, origins do not mix."""

import multiprocessing
import shutil
from pathlib import Path

import pytest

from bizmeme.errors import BudgetError, JournalError
from bizmeme.ports.sources import Page
from bizmeme.shell.journal import Held, Journal, Reply, Spending
from bizmeme.shell.journals import open_journal

PAGE = Page("/biz/thread/1.json", 200, "Mon, 06 Oct 2025 00:00:00 GMT", b"{}")


def reserved(journal: Journal, request_hash: str) -> int:
    ask = journal.reserve(request_hash, model="m", worst_usd=0.5, cap_usd=1)
    assert ask is not None
    return ask


def settle(journal: Journal, request_hash: str) -> None:
    journal.settle(reserved(journal, request_hash), cost_usd=0.1, reply="{}")


def test_a_page_is_kept_with_its_validator_and_replaced_by_a_newer_one(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        journal.keep("board", PAGE, frozen=False)
        assert not journal.frozen("board", PAGE.path)
    with open_journal(tmp_path, "real") as journal:
        assert journal.page("board", PAGE.path) == PAGE
        newer = Page(PAGE.path, 200, None, b"[]")
        journal.keep("board", newer, frozen=True)
        assert journal.frozen("board", PAGE.path)
        assert list(journal.pages("board")) == [Held(newer, frozen=True)]
        assert journal.page("warosu", PAGE.path) is None


def test_a_reply_is_held_with_its_price_and_settles_its_reservation(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        ask = reserved(journal, "h")
        assert journal.reply("h") is None
        assert journal.spending() == Spending(0, 0.5, 1)
        journal.settle(ask, cost_usd=0.1, reply="{}")
        assert journal.reply("h") == Reply("{}", 0.1)
        assert journal.spending() == Spending(0.1, 0, 0)


def test_a_request_whose_reply_is_held_is_not_reserved_again(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        settle(journal, "h")
        assert journal.reserve("h", model="m", worst_usd=0.5, cap_usd=1) is None


def test_what_was_in_flight_at_a_kill_stays_reserved_and_in_doubt(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        journal.reserve("h", model="m", worst_usd=0.5, cap_usd=1)
    with open_journal(tmp_path, "real") as journal:
        again = reserved(journal, "h")
        journal.settle(again, cost_usd=0.1, reply="{}")
        assert journal.spending() == Spending(0.1, 0.5, 1)


def test_a_refused_request_frees_its_reservation_but_never_a_paid_reply(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        ask = reserved(journal, "h")
        journal.release(ask)
        assert journal.spending() == Spending(0, 0, 0)
        paid = reserved(journal, "h")
        journal.settle(paid, cost_usd=0.1, reply="{}")
        journal.release(paid)
        assert journal.reply("h") is not None


def test_the_cap_counts_reservations_and_says_how_to_go_on(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        journal.reserve("a", model="m", worst_usd=0.6, cap_usd=1)
        with pytest.raises(
            BudgetError, match=r"\$0\.6000 of the \$1\.00 in auto_label\.budget_usd.*1 asks for \$0\.6000"
        ):
            journal.reserve("b", model="m", worst_usd=0.6, cap_usd=1)
        journal.reserve("c", model="other", worst_usd=0.4, cap_usd=1)


def _spend(home: Path, queue: "multiprocessing.Queue[int]") -> None:
    taken = 0
    with open_journal(home, "real") as journal:
        for number in range(60):
            try:
                journal.reserve(f"h{number}", model="m", worst_usd=1 / 128, cap_usd=1)
                taken += 1
            except BudgetError:
                break
    queue.put(taken)


def test_the_cap_holds_over_processes(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    queue: multiprocessing.Queue[int] = context.Queue()
    workers = [context.Process(target=_spend, args=(tmp_path, queue)) for _ in range(3)]
    for worker in workers:
        worker.start()
    taken = sum(queue.get(timeout=60) for _ in workers)
    for worker in workers:
        worker.join(60)
    assert taken == 128


def test_a_journal_of_another_origin_is_refused(tmp_path: Path) -> None:
    with open_journal(tmp_path, "sandbox-abc"):
        pass
    folder = tmp_path / "journals"
    shutil.copy(folder / "sandbox-abc.sqlite", folder / "real.sqlite")
    with pytest.raises(JournalError, match="belongs to 'sandbox-abc', the configuration to 'real'"):  # noqa: SIM117
        with open_journal(tmp_path, "real"):
            pass


def test_an_unusable_folder_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "journals").write_text("a file")
    with pytest.raises(JournalError, match="BIZMEME_HOME"), open_journal(tmp_path, "real"):
        pass
