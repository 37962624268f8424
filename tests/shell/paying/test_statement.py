"""The statement: what was paid, what waits in batches and what is in doubt are three things, and add up."""

from pathlib import Path

import pytest

from bizmeme.ports.labellers import Outcome, Worst
from bizmeme.shell.journals import open_journal
from bizmeme.shell.paying.batch_book import BatchBook
from bizmeme.shell.paying.ledger import Reply, Request
from bizmeme.shell.paying.statement import Line, answered, doubts, paid_since, statement

CAP_USD = 9


def request(name: str, *, labeller: str = "l", model: str = "m") -> Request:
    return Request(name, labeller, model, Worst(1000, 0.5), asked_at=100)


def test_each_way_of_asking_has_a_line_and_all_lines_are_what_is_committed(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        ledger, book = journal.ledger, BatchBook(journal.ledger)
        ask = ledger.reserve(request("answered"), cap_usd=CAP_USD)
        assert ask is not None
        ledger.settle(ask, reply="{}", took_s=1)
        ledger.price(ask, cost_usd=0.1, tokens=300)
        ledger.reserve(request("silent"), cap_usd=CAP_USD)
        ended = book.make([request("a"), request("b")], cap_usd=CAP_USD)
        book.end(ended, [Outcome("a", "{}", None)], whole=True)  # of b nobody says that it was not charged
        book.make([request("c")], cap_usd=CAP_USD)
        book.name(book.make([request("d"), request("e")], cap_usd=CAP_USD), "batch_1")
        ledger.restore_replies([("old", Reply("{}", 0.2), 0.0)], labeller="l", model="m")
        ledger.reserve(request("f", labeller="other", model="n"), cap_usd=CAP_USD)
        lines = statement(ledger)
        assert lines == [
            Line("l", "m", "batch", 1, 0.5, 3, 1.5, 1, 0.5),
            Line("l", "m", "live", 1, 0.1, 0, 0.0, 1, 0.5),
            Line("l", "m", "restored", 1, 0.2, 0, 0.0, 0, 0.0),
            Line("other", "n", "live", 0, 0.0, 0, 0.0, 1, 0.5),
        ]
        committed_usd = sum(each.paid_usd + each.under_way_usd + each.in_doubt_usd for each in lines)
        assert committed_usd == pytest.approx(ledger.spending().committed_usd)
        told = {each.request_hash: each.under_way for each in doubts(ledger)}
        assert told == {"silent": False, "b": False, "c": True, "d": True, "e": True, "f": False}


def test_a_request_of_a_lost_batch_is_in_doubt_though_a_later_batch_has_it(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        book = BatchBook(journal.ledger)
        book.lose(book.make([request("a")], cap_usd=CAP_USD))
        book.make([request("a")], cap_usd=CAP_USD)
        (doubt,) = doubts(journal.ledger)
        assert (doubt.reserved_usd, doubt.under_way) == (1.0, False)


def test_a_journal_that_asked_nobody_has_no_line(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        assert statement(journal.ledger) == []


def test_what_was_paid_since_is_what_was_answered_since_at_its_price(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        ledger = journal.ledger
        asks = [ledger.reserve(request(name), cap_usd=CAP_USD) for name in "abc"]
        assert None not in asks
        first, second, _ = (int(ask or 0) for ask in asks)
        ledger.settle(first, reply="{}", took_s=1)  # at its worst price: a kill came before it was priced
        before = answered(ledger)
        ledger.price(first, cost_usd=0.1, tokens=300)
        assert paid_since(ledger, before) == 0
        ledger.settle(second, reply="{}", took_s=1)
        ledger.price(second, cost_usd=0.2, tokens=300)
        assert paid_since(ledger, before) == 0.2
