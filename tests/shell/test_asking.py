"""Paying for answers, with a labeller that can be told to fail."""

import asyncio
import gc
from collections.abc import Mapping
from pathlib import Path

import pytest

from bizmeme.errors import BudgetError, QuotaError, RefusedError, ServiceError
from bizmeme.ports.labellers import Answer, Question
from bizmeme.shell.asking import Asked, Asking, Desk
from bizmeme.shell.journal import Reply, Spending
from bizmeme.shell.journals import open_journal
from tests.shell.jumping import JumpingClock

HOW = Asking(concurrency=3, requests_per_minute=60, tries=3, pause_s=2)


class Scripted:
    """ports.Labeller: per request a list of what happens, the last one for ever."""

    model = "scripted"

    def __init__(self, script: Mapping[str, list[BaseException | str]] | None = None) -> None:
        self.script = {key: list(steps) for key, steps in (script or {}).items()}
        self.sent: list[str] = []

    def request(self, question: Question) -> Mapping[str, object]:
        return {"post": question.post}

    def worst_cost_usd(self, request: Mapping[str, object]) -> float:
        return 0.25

    async def ask(self, request: Mapping[str, object]) -> str:
        name = str(request["post"])
        self.sent.append(name)
        steps = self.script.get(name, ["bullish"])
        step = steps.pop(0) if len(steps) > 1 else steps[0]
        await asyncio.sleep(0)
        if isinstance(step, BaseException):
            raise step
        return step

    def read(self, reply: str) -> Answer:
        if reply == "garbled":
            return Answer(None, None, None, reason="garbled", cost_usd=None)
        return Answer(reply, 0.9, None, None, cost_usd=0.125)

    async def close(self) -> None:
        """Nothing is open."""


def ask(
    labeller: Scripted, home: Path, *names: str, cap_usd: float = 100
) -> tuple[dict[str, Asked], Spending]:
    with open_journal(home, "real") as journal:
        desk = Desk(labeller, journal, how=HOW, cap_usd=cap_usd)
        requests = {name: {"post": name} for name in names}
        answers = asyncio.run(desk.ask_all(requests, JumpingClock(), what="test"))
        return answers, journal.spending()


def spending(home: Path) -> Spending:
    with open_journal(home, "real") as journal:
        return journal.spending()


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
        desk = Desk(labeller, journal, how=HOW, cap_usd=1)
        requests = {number: {"post": "same"} for number in range(5)}
        answers = asyncio.run(desk.ask_all(requests, JumpingClock(), what="test"))
        assert len(answers) == 5
        assert len({asked.request_hash for asked in answers.values()}) == 1
        assert journal.spending() == Spending(0.125, 0, 0)
    assert labeller.sent == ["same"]


def test_a_busy_server_is_asked_again_and_charges_once(tmp_path: Path) -> None:
    busy = RefusedError("429", again=True, after_s=7)
    labeller = Scripted({"a": [busy, busy, "bearish"]})
    answers, spent = ask(labeller, tmp_path, "a")
    assert answers["a"].answer.label == "bearish"
    assert labeller.sent == ["a", "a", "a"]
    assert spent == Spending(0.125, 0, 0)


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
    names = [f"p{number}" for number in range(20)]
    labeller = Scripted({"p5": [error]})
    with pytest.raises(type(error), match=str(error)):
        ask(labeller, tmp_path, *names)
    spent = spending(tmp_path)
    answered = round(spent.settled_usd / 0.125)
    assert 5 <= answered < 20
    assert spent.in_doubt == (HOW.tries if type(error) is ServiceError else 0)
    labeller.script.clear()
    ask(labeller, tmp_path, *names)
    assert all(labeller.sent.count(name) == 1 for name in names if name != "p5")


def test_the_cap_stops_before_the_request_that_could_pass_it(tmp_path: Path) -> None:
    labeller = Scripted()
    with pytest.raises(BudgetError):
        ask(labeller, tmp_path, *(f"p{number}" for number in range(20)), cap_usd=1)
    spent = spending(tmp_path)
    assert spent.settled_usd + spent.in_doubt_usd <= 1
    assert spent.in_doubt == 0
    assert len(labeller.sent) == round(spent.settled_usd / 0.125) >= 5


def test_a_reply_that_a_kill_left_at_its_worst_price_is_priced_by_the_next_run(tmp_path: Path) -> None:
    ask(Scripted(), tmp_path, "a")
    with open_journal(tmp_path, "real") as journal:
        number = journal.reserve("other", model="m", worst_usd=0.25, cap_usd=10)
        assert number is not None
        journal.settle(number, cost_usd=0.25, reply="bullish")  # and there the plug was pulled
        desk = Desk(Scripted(), journal, how=HOW, cap_usd=10)
        assert desk._priced("other") == Reply("bullish", 0.125)
        assert journal.unpriced("other") is None
        assert journal.spending() == Spending(0.25, 0, 0)


def test_ctrl_c_ends_the_run_once_what_is_in_flight_is_answered_and_journalled(tmp_path: Path) -> None:
    names = [f"p{number}" for number in range(20)]
    labeller = Slow()

    async def interrupted() -> None:
        with open_journal(tmp_path, "real") as journal:
            desk = Desk(labeller, journal, how=HOW, cap_usd=10)
            requests = {name: {"post": name} for name in names}
            running = asyncio.create_task(desk.ask_all(requests, JumpingClock(), what="x"))
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


def test_failures_beside_the_first_one_are_printed_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """They may repeat a key, and asyncio prints with its traceback what nobody looked at."""
    labeller = Slow({name: [QuotaError(f"planted {name}", again=False)] for name in ("a", "b", "c")})
    with pytest.raises(QuotaError, match="planted"):
        ask(labeller, tmp_path, "a", "b", "c")
    gc.collect()
    assert "planted" not in caplog.text


class Slow(Scripted):
    """Answers after a while, `a` at once."""

    async def ask(self, request: Mapping[str, object]) -> str:
        for _ in range(20 if request["post"] != "a" else 0):
            await asyncio.sleep(0)
        return await super().ask(request)
