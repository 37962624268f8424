"""The ledger: nothing paid for is lost, the cap holds over all processes, a batch is one transaction."""

import multiprocessing
from pathlib import Path

import pytest

from bizmeme.errors import BudgetError
from bizmeme.ports.labellers import Outcome, Worst
from bizmeme.shell.journals import open_journal
from bizmeme.shell.paying.batch_book import Batch, BatchBook
from bizmeme.shell.paying.ledger import Ledger, Reply, Request, Sent, Spending
from bizmeme.shell.paying.statement import Doubt, doubts


def request(name: str, *, usd: float = 0.5, labeller: str = "l", asked_at: float = 100) -> Request:
    return Request(name, labeller, "m", Worst(1000, usd), asked_at)


def reserved(ledger: Ledger, name: str) -> int:
    ask = ledger.reserve(request(name), cap_usd=1)
    assert ask is not None
    return ask


def paid(ledger: Ledger, name: str) -> int:
    ask = reserved(ledger, name)
    ledger.settle(ask, reply="{}", took_s=1)
    ledger.price(ask, cost_usd=0.1, tokens=300)
    return ask


def test_a_reply_stands_at_its_worst_price_until_it_was_read(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        ledger = journal.ledger
        ask = reserved(ledger, "h")
        assert ledger.reply("h") is None
        assert ledger.spending() == Spending(0, 0.5, 1)
        ledger.settle(ask, reply="{}", took_s=1)
        assert ledger.reply("h") == Reply("{}", 0.5)
        assert ledger.unpriced("l", "m") == [(Sent(ask, "h", 0.5), "{}")]
        assert ledger.unpriced("other", "m") == ledger.unpriced("l", "other") == []
        ledger.price(ask, cost_usd=0.1, tokens=300)
        assert ledger.reply("h") == Reply("{}", 0.1)
        assert ledger.unpriced("l", "m") == []
        assert ledger.spending() == Spending(0.1, 0, 0)


def test_a_request_whose_reply_is_held_is_not_reserved_again(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        paid(journal.ledger, "h")
        assert journal.ledger.reserve(request("h"), cap_usd=1) is None


def test_what_was_in_flight_at_a_kill_stays_reserved_and_in_doubt(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        reserved(journal.ledger, "h")
    with open_journal(tmp_path, "real") as journal:
        paid(journal.ledger, "h")
        assert journal.ledger.spending() == Spending(0.1, 0.5, 1)
        assert doubts(journal.ledger) == [Doubt("h", "m", 0.5)]


def test_a_refused_request_frees_its_reservation_but_never_a_paid_reply(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        journal.ledger.release(reserved(journal.ledger, "h"))
        assert journal.ledger.spending() == Spending(0, 0, 0)
        journal.ledger.release(paid(journal.ledger, "h"))
        assert journal.ledger.reply("h") is not None


def test_a_reply_is_written_down_once_and_priced_once(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        ask = paid(journal.ledger, "h")
        journal.ledger.settle(ask, reply="other", took_s=1)
        journal.ledger.price(ask, cost_usd=0.2, tokens=1)
        assert journal.ledger.reply("h") == Reply("{}", 0.1)


def test_a_reply_to_what_was_never_reserved_is_not_passed_over(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        with pytest.raises(LookupError, match=r"ask 7 .*never reserved"):
            journal.ledger.settle(7, reply="{}", took_s=1)
        with pytest.raises(LookupError, match=r"batch_1 .*never reserved"):
            BatchBook(journal.ledger).name(Batch(7, "key", "m", None), "batch_1")


def test_the_cap_counts_reservations_and_says_how_to_go_on(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        journal.ledger.reserve(request("a", usd=0.6), cap_usd=1)
        with pytest.raises(
            BudgetError, match=r"\$0\.6000 of the \$1\.0000 in auto_label\.budget_usd.*1 asks for \$0\.6000"
        ):
            journal.ledger.reserve(request("b", usd=0.6), cap_usd=1)
        journal.ledger.reserve(request("c", usd=0.4, labeller="other"), cap_usd=1)


def test_the_sums_follow_every_change_and_other_connections(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as one, open_journal(tmp_path, "real") as other:
        for ledger in (one.ledger, other.ledger):
            ledger.reserve(request("begun", usd=0.125), cap_usd=9)
        asks = [one.ledger.set_aside(request(name, usd=0.25), cap_usd=9) for name in "abc"]
        one.ledger.settle(asks[0], reply="{}", took_s=1)
        other.ledger.settle(asks[1], reply="{}", took_s=1)
        one.ledger.price(asks[0], cost_usd=0.0625, tokens=1)
        other.ledger.release(asks[2])
        assert one.ledger.spending() == Spending(0.0625 + 0.25, 0.25, 2)
        for ledger in (one.ledger, other.ledger):
            with pytest.raises(BudgetError, match=r"\$0\.5625 of the \$1\.0000"):
                ledger.set_aside(request("d", usd=0.5), cap_usd=1)
            with pytest.raises(BudgetError, match=r"\$0\.5625 of the \$1\.0000"):
                ledger.set_aside(request("d", usd=0.5), cap_usd=1)


def test_a_part_that_fails_takes_back_its_own_and_leaves_the_rest(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        ledger = journal.ledger

        def two() -> None:
            with ledger.atomic():
                ledger.set_aside(request("b", usd=0.25), cap_usd=1)
                ledger.set_aside(request("c", usd=0.75), cap_usd=1)

        with ledger.atomic():
            ledger.set_aside(request("a", usd=0.25), cap_usd=1)
            with pytest.raises(BudgetError):
                two()
            ledger.set_aside(request("d", usd=0.75), cap_usd=1)
        assert [each.request_hash for each in doubts(ledger)] == ["a", "d"]


def _spend(home: Path, queue: "multiprocessing.Queue[int]") -> None:
    taken = 0
    with open_journal(home, "real") as journal:
        for number in range(60):
            try:
                journal.ledger.reserve(request(f"h{number}", usd=1 / 128), cap_usd=1)
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


def test_what_a_day_has_used_is_that_of_the_labeller_live_and_in_that_time(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        ledger = journal.ledger
        for name, at_s, labeller in (
            ("a", 50, "l"),
            ("b", 51, "l"),
            ("c", 99, "l"),
            ("d", 101, "l"),
            ("e", 60, "x"),
        ):
            ledger.set_aside(request(name, usd=0, labeller=labeller, asked_at=at_s), cap_usd=1)
        BatchBook(ledger).make([request("f", usd=0, asked_at=70)], cap_usd=1)
        ask = ledger.set_aside(request("g", usd=0.5, asked_at=100), cap_usd=1)
        ledger.settle(ask, reply="{}", took_s=1)
        ledger.price(ask, cost_usd=0.1, tokens=300)
        assert ledger.used("l", since_s=50, until_s=100) == [(51, 1000), (99, 1000), (100, 300)]


def test_replies_are_restored_where_none_is_held_with_what_was_in_doubt(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        paid(journal.ledger, "h")
        replies = [("h", Reply("new", 9), 0.0), ("i", Reply("{}", 0.2), 0.5), ("j", Reply("{}", 0.2), 0.0)]
        assert journal.ledger.restore_replies(replies, labeller="l", model="m") == 2
        assert journal.ledger.restore_replies(replies, labeller="l", model="m") == 0
        assert journal.ledger.reply("h") == Reply("{}", 0.1)
        assert journal.ledger.spending() == Spending(0.1 + 0.2 + 0.2, 0.5, 1)
        with pytest.raises(BudgetError, match=r"\$1\.0000 of"):
            journal.ledger.reserve(request("k", usd=0.5), cap_usd=1)


def test_doubts_without_a_reply_are_restored_where_nothing_is_known_of_the_request(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        journal.ledger.reserve(request("h", usd=0.5), cap_usd=1)
        replies = [("h", None, 0.5), ("i", None, 0.25)]
        for _ in range(2):
            assert journal.ledger.restore_replies(replies, labeller="l", model="m") == 0
            assert journal.ledger.spending() == Spending(0, 0.75, 2)
        journal.ledger.restore_replies([("h", Reply("{}", 0.2), 0.5)], labeller="l", model="m")
        assert journal.ledger.spending() == Spending(0.2, 0.75, 2)


# --- batches


def made(book: BatchBook, *names: str, cap_usd: float = 9) -> Batch:
    return book.make([request(name) for name in names], cap_usd=cap_usd)


def test_a_batch_is_reserved_whole_or_not_at_all(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        book = BatchBook(journal.ledger)
        with pytest.raises(BudgetError):
            made(book, "a", "b", "c", cap_usd=1)
        assert journal.ledger.spending() == Spending(0, 0, 0)
        assert book.unfinished("l") == []
        batch = made(book, "a", "b", cap_usd=1)
        assert journal.ledger.spending() == Spending(0, 1, 2)
        assert book.requests(batch) == ["a", "b"]
        assert book.under_way("l") == {"a", "b"}
        assert book.under_way("other") == set()


def test_a_batch_goes_by_its_requests_and_how_often_these_were_tried(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal, open_journal(tmp_path / "other", "real") as other:
        book = BatchBook(journal.ledger)
        first, second, different = made(book, "a", "b"), made(book, "a", "b"), made(book, "a", "c")
        assert len({first.key, second.key, different.key}) == 3
        assert made(BatchBook(other.ledger), "a", "b").key == first.key


def test_an_ended_batch_is_written_down_released_and_closed_at_once(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        book = BatchBook(journal.ledger)
        batch = book.name(made(book, "a", "b", "c"), "batch_1")
        assert book.unfinished("l") == [batch]
        outcomes = [
            Outcome("c", "{}", None),
            Outcome("b", None, "expired", again=True),
            Outcome("c", "{}", None),  # said twice
            Outcome("z", "{}", None),  # never asked
        ]
        assert book.end(batch, outcomes, whole=False) == [(Sent(3, "c", 0.5, batch=True), "{}")]
        assert journal.ledger.spending() == Spending(0.5, 0, 0)
        assert book.unfinished("l") == []
        assert [journal.ledger.reply(name) for name in "abz"] == [None] * 3


def test_of_a_line_that_came_twice_a_reply_beats_a_refusal_whatever_came_first(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        book = BatchBook(journal.ledger)
        refused = {name: Outcome(name, None, "server error", again=True) for name in "ab"}
        replied = {name: Outcome(name, '{"first": 1}', None) for name in "ab"}
        second = Outcome("a", '{"second": 2}', None)
        outcomes = [refused["a"], replied["a"], second, replied["b"], refused["b"]]
        book.end(made(book, "a", "b"), outcomes, whole=False)
        assert [journal.ledger.reply(name) for name in "ab"] == [Reply('{"first": 1}', 0.5)] * 2


@pytest.mark.parametrize("whole", [True, False])
def test_what_a_whole_batch_says_nothing_of_stays_in_doubt(whole: bool, tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        book = BatchBook(journal.ledger)
        batch = made(book, "a", "b", "c")
        book.end(batch, [Outcome("a", "{}", None), Outcome("b", None, "expired", again=True)], whole=whole)
        assert journal.ledger.spending() == Spending(0.5, 0.5 * whole, int(whole))
        assert [each.request_hash for each in doubts(journal.ledger)] == ["c"] * whole
        assert book.unfinished("l") == []


def test_a_lost_batch_stays_in_doubt_and_a_dropped_one_does_not(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        book = BatchBook(journal.ledger)
        lost, dropped = made(book, "a", "b"), made(book, "c")
        book.lose(lost)
        book.drop(dropped)
        assert book.unfinished("l") == []
        assert journal.ledger.spending() == Spending(0, 1, 2)
        assert [each.request_hash for each in doubts(journal.ledger)] == ["a", "b"]
