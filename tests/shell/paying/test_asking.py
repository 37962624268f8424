"""Paying for answers, with a labeller that can be told to fail."""

import asyncio
import gc
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest

from bizmeme.core.limits import Limits
from bizmeme.errors import BudgetError, ConfigError, QuotaError, RefusedError, ServiceError
from bizmeme.ports.labellers import Answer, Picture, Question, Worst
from bizmeme.shell.journal import Journal
from bizmeme.shell.journals import journal_file, open_journal
from bizmeme.shell.paying.asking import LiveDesk
from bizmeme.shell.paying.batch_book import BatchBook
from bizmeme.shell.paying.ledger import Request, Spending
from bizmeme.shell.paying.till import Asked, request_hash
from tests.shell.jumping import JumpingClock
from tests.shell.paying.scripted import HOW, LIMITS, Scripted, Slow, Step, no_picture, question, questions

DOWN = ServiceError("down")


async def asking(
    labeller: Scripted, journal: Journal, *names: str, cap_usd: float = 100, clock: JumpingClock | None = None
) -> dict[str, Asked]:
    desk = LiveDesk(labeller, "scripted", journal, how=HOW, cap_usd=cap_usd)
    return await desk.ask_all(questions(*names), no_picture, clock or JumpingClock(), what="test")


def ask(
    labeller: Scripted, home: Path, *names: str, cap_usd: float = 100
) -> tuple[dict[str, Asked], Spending]:
    with open_journal(home, "real") as journal:
        answers = asyncio.run(asking(labeller, journal, *names, cap_usd=cap_usd))
        return answers, journal.ledger.spending()


def spending(home: Path) -> Spending:
    with open_journal(home, "real") as journal:
        return journal.ledger.spending()


def test_a_reply_is_paid_once_and_answers_for_ever(tmp_path: Path) -> None:
    labeller = Scripted()
    answers, spent = ask(labeller, tmp_path, "a", "b")
    assert {name: asked.answer.label for name, asked in answers.items()} == {"a": "bullish", "b": "bullish"}
    assert spent == Spending(0.25, 0, 0)
    again, _ = ask(labeller, tmp_path, "b", "a")
    assert again == answers
    assert sorted(labeller.sent) == ["a", "b"]


def test_copies_of_a_post_are_asked_and_paid_once(tmp_path: Path) -> None:
    labeller = Scripted()
    with open_journal(tmp_path, "real") as journal:
        desk = LiveDesk(labeller, "scripted", journal, how=HOW, cap_usd=1)
        copies = {number: question("same") for number in range(5)}
        answers = asyncio.run(desk.ask_all(copies, no_picture, JumpingClock(), what="test"))
        assert len(answers) == 5
        assert len({asked.request_hash for asked in answers.values()}) == 1
        assert journal.ledger.spending() == Spending(0.125, 0, 0)
    assert labeller.sent == ["same"]


def test_all_that_shapes_an_answer_is_in_its_hash_and_nothing_else() -> None:
    picture = Picture("ab", 10, 20)
    whole = Question("Label it.", "post", picture)
    same = Question("Label it.", "post", Picture("ab", 11, 21))  # a size tells nothing that the bytes do not
    identity: dict[str, object] = {"model": "m", "image_px": 512}
    assert request_hash(identity, whole) == request_hash(dict(reversed(identity.items())), same)
    others = [
        request_hash({"model": "m", "image_px": 256}, whole),
        request_hash(identity, Question("Label it!", "post", picture)),
        request_hash(identity, Question("Label it.", "post.", picture)),
        request_hash(identity, Question("Label it.", "post", Picture("cd", 10, 20))),
        request_hash(identity, Question("Label it.", "post", None)),
        request_hash(identity, whole),
    ]
    assert len(set(others)) == 6


def test_a_picture_is_rendered_once_whatever_number_of_sends_it_takes(tmp_path: Path) -> None:
    class Seeing(Scripted):
        async def ask(self, body: Mapping[str, object]) -> str:
            assert body["image"] == b"ab"
            return await super().ask(body)

    looked: list[str] = []

    def pictures(sha256: str) -> bytes:
        looked.append(sha256)
        return sha256.encode()

    labeller = Seeing({"a": [RefusedError("429", again=True), "bearish"]})
    with open_journal(tmp_path, "real") as journal:
        desk = LiveDesk(labeller, "scripted", journal, how=HOW, cap_usd=1)
        shown = {"a": Question("Label it.", "a", Picture("ab", 10, 20))}
        answers = asyncio.run(desk.ask_all(shown, pictures, JumpingClock(), what="test"))
    assert answers["a"].answer.label == "bearish"
    assert looked == ["ab"]


def test_a_request_is_sent_once_its_reservation_is_durable_and_a_reply_read_once_it_is(
    tmp_path: Path,
) -> None:
    class Looking(Scripted):
        """Looks into the file as another process would."""

        def looked(self) -> list[tuple[str | None, float | None]]:
            database = sqlite3.connect(journal_file(tmp_path, "real"))
            try:
                return database.execute("SELECT reply, cost_usd FROM asks").fetchall()
            finally:
                database.close()

        async def ask(self, body: Mapping[str, object]) -> str:
            self.seen = [self.looked()]
            return await super().ask(body)

        def read(self, reply: str) -> Answer:
            self.seen.append(self.looked())
            return super().read(reply)

    labeller = Looking()
    ask(labeller, tmp_path, "a")
    assert labeller.seen == [[(None, None)], [("bullish", 0.25)]]
    assert labeller.looked() == [("bullish", 0.125)]


def test_a_busy_server_is_asked_again_and_charges_once(tmp_path: Path) -> None:
    busy = RefusedError("429", again=True, after_s=7)
    labeller, clock = Scripted({"a": [busy, busy, "bearish"]}), JumpingClock()
    with open_journal(tmp_path, "real") as journal:
        answers = asyncio.run(asking(labeller, journal, "a", clock=clock))
        assert journal.ledger.spending() == Spending(0.125, 0, 0)
    assert answers["a"].answer.label == "bearish"
    assert labeller.sent == ["a", "a", "a"]
    assert clock.timer.slept == [7, 7]


def test_a_server_that_names_a_pause_of_nothing_is_not_hurried(tmp_path: Path) -> None:
    busy = RefusedError("429", again=True, after_s=0)
    labeller, clock = Scripted({"a": [busy, busy, "bullish"]}), JumpingClock()
    with open_journal(tmp_path, "real") as journal:
        asyncio.run(asking(labeller, journal, "a", clock=clock))
    assert clock.timer.slept == [2, 4]


def test_a_pause_that_nobody_waits_for_ends_the_run_and_says_when_to_go_on(tmp_path: Path) -> None:
    labeller, clock = Scripted({"b": [RefusedError("429", again=True, after_s=601)]}), JumpingClock()
    with open_journal(tmp_path, "real") as journal:
        with pytest.raises(QuotaError, match=r"labeller\.scripted .*601 s.*goes on at 1970-01-12 13:5\d UTC"):
            asyncio.run(asking(labeller, journal, "a", "b", clock=clock))
        assert journal.ledger.spending() == Spending(0.125, 0, 0)
    assert sum(clock.timer.slept) < 60
    labeller = Scripted({"b": [RefusedError("429", again=True, after_s=600), "bullish"]})
    assert ask(labeller, tmp_path, "a", "b")[1] == Spending(0.25, 0, 0)


def test_a_pause_beyond_all_calendars_ends_the_run_too(tmp_path: Path) -> None:
    with pytest.raises(QuotaError, match="no time that a calendar has"):
        ask(Scripted({"a": [RefusedError("429", again=True, after_s=1e300)]}), tmp_path, "a")


def test_silence_is_asked_again_and_stays_in_doubt(tmp_path: Path) -> None:
    labeller = Scripted({"a": [ServiceError("timeout"), "bearish"]})
    answers, spent = ask(labeller, tmp_path, "a")
    assert answers["a"].answer.label == "bearish"
    assert spent == Spending(0.125, 0.25, 1)


def test_a_refused_post_stays_unlabelled_and_says_why(tmp_path: Path) -> None:
    labeller = Scripted({"a": [RefusedError("400 bad picture", again=False)]})
    answers, spent = ask(labeller, tmp_path, "a", "b")
    assert (answers["a"].answer.label, answers["a"].answer.reason) == (None, "400 bad picture")
    assert answers["b"].answer.label == "bullish"
    assert spent == Spending(0.125, 0, 0)


def test_an_unreadable_reply_is_kept_and_charged_at_its_worst(tmp_path: Path) -> None:
    answers, spent = ask(Scripted({"a": ["garbled"]}), tmp_path, "a")
    assert answers["a"].answer.reason == "garbled"
    assert answers["a"].cost_usd == 0.25
    assert spent == Spending(0.25, 0, 0)


@pytest.mark.parametrize(
    "error", [QuotaError("no credit", again=False), ServiceError("down"), RefusedError("503", again=True)]
)
def test_what_stops_a_run_keeps_everything_answered_and_leaves_nothing_in_flight(
    error: ServiceError, tmp_path: Path
) -> None:
    """From the sixth post on, whatever is asked; what the silent ones may have cost stays in doubt."""
    names = [f"p{number}" for number in range(20)]
    labeller = Scripted({name: [error] for name in names[5:]})
    with pytest.raises(type(error), match=str(error)):
        ask(labeller, tmp_path, *names)
    spent = spending(tmp_path)
    assert spent.settled_usd == 5 * 0.125
    silences = sum(name not in names[:5] for name in labeller.sent)
    assert spent.in_doubt == (silences if type(error) is ServiceError else 0)
    labeller.script.clear()
    ask(labeller, tmp_path, *names)
    assert all(labeller.sent.count(name) == 1 for name in names[:5])
    assert set(labeller.sent) == set(names)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ServiceError("http://127.0.0.1 timed out"), "no answer in 3 tries: the service stayed silent"),
        (RefusedError("http://127.0.0.1: 500", again=True, reason="500"), "no answer in 3 tries: 500"),
    ],
)
def test_a_post_in_vain_stays_unlabelled_while_others_are_answered_and_is_asked_again_by_the_next_run(
    error: ServiceError, why: str, tmp_path: Path
) -> None:
    names = [f"p{number}" for number in range(20)]
    labeller = Scripted({"p5": [error]})
    answers, _ = ask(labeller, tmp_path, *names)
    assert (answers["p5"].answer.label, answers["p5"].answer.reason) == (None, why)
    assert sum(asked.answer.label == "bullish" for asked in answers.values()) == 19
    labeller.script.clear()
    answers, _ = ask(labeller, tmp_path, *names)
    assert answers["p5"].answer.label == "bullish"
    assert labeller.sent.count("p5") == HOW.tries + 1


def test_a_service_that_falls_silent_beneath_the_last_posts_stops_the_run(tmp_path: Path) -> None:
    """All are in flight when the first is answered: that says nothing for the service afterwards."""
    labeller = Scripted({name: [DOWN] for name in ("b", "c", "d", "e", "f")})
    labeller.limits = LIMITS.model_copy(update={"concurrency": 6})
    with pytest.raises(ServiceError, match="down"):
        ask(labeller, tmp_path, "a", "b", "c", "d", "e", "f")
    with pytest.raises(ServiceError, match="down"):  # and so does a second run
        ask(labeller, tmp_path, "a", "b", "c", "d", "e", "f")
    labeller.script.clear()
    answers, _ = ask(labeller, tmp_path, "a", "b", "c", "d", "e", "f")
    assert {asked.answer.label for asked in answers.values()} == {"bullish"}


def test_one_post_that_the_service_cannot_bear_blocks_no_second_run(tmp_path: Path) -> None:
    labeller = Scripted({"a": [DOWN]})
    with pytest.raises(ServiceError, match="down"):
        ask(labeller, tmp_path, "a")  # nothing else to tell it from a dead network
    answers, _ = ask(labeller, tmp_path, "a")
    assert answers["a"].answer.reason == "no answer in 3 tries: the service stayed silent"
    labeller.script = {"a": ["bearish"], "b": [DOWN]}
    assert ask(labeller, tmp_path, "a")[0]["a"].answer.label == "bearish"
    with open_journal(tmp_path, "real") as journal:
        assert journal.ledger.hopeless() == set()


def test_posts_that_were_in_vain_before_come_last(tmp_path: Path) -> None:
    labeller = Scripted({"a": [DOWN]})
    with pytest.raises(ServiceError):
        ask(labeller, tmp_path, "a")
    labeller.sent.clear()
    ask(labeller, tmp_path, "a", "b", "c", "d", "e", "f")
    assert labeller.sent[:5] == ["b", "c", "d", "e", "f"]


def test_the_cap_stops_before_the_request_that_could_pass_it(tmp_path: Path) -> None:
    labeller = Scripted()
    with pytest.raises(BudgetError):
        ask(labeller, tmp_path, *(f"p{number}" for number in range(20)), cap_usd=1)
    spent = spending(tmp_path)
    assert spent.settled_usd + spent.in_doubt_usd <= 1
    assert spent.in_doubt == 0
    assert len(labeller.sent) == round(spent.settled_usd / 0.125) >= 5


def reserved(journal: Journal, request: str, *, batch: int | None = None) -> int:
    wanted = Request(request, "scripted", "scripted", Worst(200, 0.25), 1e6, batch)
    return journal.ledger.set_aside(wanted, cap_usd=10)


def test_a_reply_that_a_kill_left_at_its_worst_price_is_priced_by_the_next_run(tmp_path: Path) -> None:
    ask(Scripted(), tmp_path, "a")
    with open_journal(tmp_path, "real") as journal:
        for name, batch in (("other", None), ("in a batch", 7)):
            number = reserved(journal, name, batch=batch)
            journal.ledger.settle(number, reply="bullish", took_s=None)  # and there the plug was pulled
        asyncio.run(asking(Scripted(), journal, "a"))
        assert journal.ledger.unpriced("scripted", "scripted") == []
        assert journal.ledger.spending() == Spending(0.125 + 0.125 + 0.0625, 0, 0)


def test_ctrl_c_ends_the_run_once_what_is_in_flight_is_answered_and_journalled(tmp_path: Path) -> None:
    names = [f"p{number}" for number in range(20)]
    labeller = Slow()

    async def interrupted() -> None:
        with open_journal(tmp_path, "real") as journal:
            running = asyncio.create_task(asking(labeller, journal, *names))
            while len(labeller.sent) < 5:
                await asyncio.sleep(0)
            running.cancel()  # what asyncio.run makes of SIGINT
            await running

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(interrupted())
    spent = spending(tmp_path)
    assert spent.in_doubt == 0
    assert spent.settled_usd == 0.125 * len(labeller.sent)
    assert 5 <= len(labeller.sent) < 20
    ask(labeller, tmp_path, *names)
    assert sorted(labeller.sent) == sorted(names)


def test_ctrl_c_says_what_it_waits_for_where_that_takes_long(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bizmeme.shell.paying.asking._SILENT_S", 0.01)
    may_answer, begun = asyncio.Event(), list[object]()

    class Waiting(Scripted):
        async def ask(self, body: Mapping[str, object]) -> str:
            begun.append(body)
            await may_answer.wait()
            return await super().ask(body)

    async def interrupted() -> str:
        with open_journal(tmp_path, "real") as journal:
            running = asyncio.create_task(asking(Waiting(), journal, *"abcde"))
            while len(begun) < LIMITS.concurrency:
                await asyncio.sleep(0)
            running.cancel()
            said = ""
            while not said:  # ends, or hangs
                await asyncio.sleep(0.01)
                said = capsys.readouterr().err
            may_answer.set()
            await asyncio.wait([running])
            await asyncio.sleep(0.02)
            return said + capsys.readouterr().err

    said = asyncio.run(interrupted())
    assert said.startswith("Stopping: 3 requests were sent and may be charged; waiting for what comes.")
    assert len(said.splitlines()) == 1
    assert spending(tmp_path) == Spending(3 * 0.125, 0, 0)


def test_ctrl_c_at_any_moment_leaves_nothing_reserved_that_was_not_sent(tmp_path: Path) -> None:
    """Also between a reservation and its request."""
    names = [f"p{number}" for number in range(8)]

    async def interrupted(home: Path, turns: int) -> tuple[Spending, int]:
        labeller = Slow()
        with open_journal(home, "real") as journal:
            running = asyncio.create_task(asking(labeller, journal, *names))
            for _ in range(turns):
                await asyncio.sleep(0)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            return journal.ledger.spending(), len(labeller.sent)

    for turns in range(1, 60, 2):
        spent, sent = asyncio.run(interrupted(tmp_path / str(turns), turns))
        assert spent == Spending(0.125 * sent, 0, 0)


def test_failures_beside_the_first_one_are_printed_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """They may repeat a key, and asyncio prints with its traceback what nobody looked at."""
    labeller = Slow({name: [QuotaError(f"planted {name}", again=False)] for name in ("a", "b", "c")})
    with pytest.raises(QuotaError, match="planted"):
        ask(labeller, tmp_path, "a", "b", "c")
    gc.collect()
    assert "planted" not in caplog.text


def test_a_days_quota_holds_over_restarts(tmp_path: Path) -> None:
    class Frugal(Scripted):
        limits: Limits = LIMITS.model_copy(update={"requests_per_day": 3})

    labeller = Frugal()
    clock = JumpingClock()
    with open_journal(tmp_path, "real") as journal:
        asyncio.run(asking(labeller, journal, "a", "b", clock=clock))
        with pytest.raises(QuotaError, match=r"scripted\.limits\.requests_per_day is used up"):
            asyncio.run(asking(labeller, journal, "c", "d", clock=clock))
        clock.timer.now_s += 86_401
        asyncio.run(asking(labeller, journal, "a", "b", "c", "d", clock=clock))
    assert sorted(labeller.sent) == ["a", "b", "c", "d"]


def test_a_post_in_a_batch_that_was_not_fetched_is_not_asked_live(tmp_path: Path) -> None:
    labeller = Scripted()
    with open_journal(tmp_path, "real") as journal:
        request = request_hash(labeller.identity, question("a"))
        wanted = Request(request, "scripted", "scripted", Worst(200, 0.25), 1e6)
        BatchBook(journal.ledger).make([wanted], cap_usd=1)
        with pytest.raises(ConfigError, match=r"1 of these posts.*mode=batch"):
            asyncio.run(asking(labeller, journal, "a", "b"))
        asyncio.run(asking(labeller, journal, "b"))
    assert labeller.sent == ["b"]


def test_when_and_how_long_and_how_much_each_was_asked_is_noted(tmp_path: Path) -> None:
    script: dict[str, list[Step]] = {"a": ["garbled"]}
    ask(Scripted(script), tmp_path, "a", "b")
    query = "SELECT labeller, model, asked_at, tokens, batch, took_s >= 0, reply FROM asks ORDER BY reply"
    with open_journal(tmp_path, "real") as journal:
        rows = journal.database.execute(query).fetchall()
    assert rows == [
        ("scripted", "scripted", 1_000_000.5, 100, None, 1, "bullish"),
        ("scripted", "scripted", 1_000_000.0, 200, None, 1, "garbled"),
    ]
