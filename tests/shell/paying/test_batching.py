"""Paying for answers in batches, with a vendor that can be told to fail, and that outlives its clients."""

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bizmeme.core.limits import BatchLimits
from bizmeme.errors import BudgetError, ConfigError, QuotaError, RefusedError, ServiceError
from bizmeme.ports.labellers import BatchStatus, Outcome
from bizmeme.shell.journals import open_journal
from bizmeme.shell.paying.asking import LiveDesk
from bizmeme.shell.paying.batch_book import BatchBook
from bizmeme.shell.paying.batching import BatchDesk
from bizmeme.shell.paying.ledger import Spending
from bizmeme.shell.paying.till import Asked
from tests.shell.jumping import JumpingClock
from tests.shell.paying.scripted import HOW, Scripted, no_picture, questions

SILENCE = ServiceError("down")


class Vendor:
    """ports.Batches, and the vendor behind it: a batch ends at the second look."""

    def __init__(self, labeller: "Batching", *, max_requests: int = 100, max_bytes: int = 10**6) -> None:
        self.limits = BatchLimits(max_requests=max_requests, max_bytes=max_bytes, poll_s=60)
        self.labeller = labeller
        self.made: dict[str, list[tuple[str, str]]] = {}  # name → (request hash, post)
        self.keys: dict[str, str] = {}  # key → name
        self.looks: dict[str, int] = {}
        self.lost: set[str] = set()
        self.forgotten: set[str] = set()  # their outcomes are
        self.refused: set[str] = set()  # as a whole
        self.fails: dict[str, list[BaseException | None]] = {}  # call → what happens, then nothing
        self.after_create: Callable[[], None] = lambda: None
        self.names_outcomes: Callable[[str, str], Outcome | None] = self.answered
        self.ends_once: Callable[[], bool] = lambda: True
        self.problem: str | None = None
        self.says_answered = 0

    def line(self, request_hash: str, body: Mapping[str, object]) -> bytes:
        return f"{request_hash} {body['post']}".encode()

    async def create(self, key: str, lines: Sequence[bytes]) -> str:
        self._fail("create")
        name = f"batch_{len(self.made)}"
        self.made[name] = [(request, post) for request, post in (line.decode().split() for line in lines)]
        self.keys[key] = name
        self.after_create()
        self._fail("created")
        return name

    async def find(self, key: str) -> str | None:
        self._fail("find")
        return self.keys.get(key)

    async def look(self, name: str) -> BatchStatus:
        self._fail("look")
        if name in self.lost:
            return BatchStatus("unknown", 0, 0)
        await asyncio.sleep(0)
        self.looks[name] = looks = self.looks.get(name, 0) + self.ends_once()
        lines = len(self.made[name])
        if name in self.refused:
            return BatchStatus("ended", 0, lines, "failed: Enqueued token limit reached")
        return (
            BatchStatus("ended", lines, lines, self.problem, self.says_answered)
            if looks > 1
            else BatchStatus("running", 0, lines)
        )

    async def fetch(self, name: str) -> list[Outcome] | None:
        self._fail("fetch")
        if name in self.forgotten:
            return None
        made = self.made[name] if name not in self.refused else []
        found = (self.names_outcomes(request, post) for request, post in reversed(made))
        return [outcome for outcome in found if outcome is not None]

    def answered(self, request: str, post: str) -> Outcome | None:
        try:
            return Outcome(request, self.labeller.next_step(post), None)
        except RefusedError as error:
            return Outcome(request, None, error.reason, again=error.again)

    def _fail(self, call: str) -> None:
        steps = self.fails.get(call)
        if steps and (step := steps.pop(0)) is not None:
            raise step

    @property
    def posts(self) -> list[list[str]]:
        """The posts of each batch, in the order in which they were made."""
        return [sorted(post for _, post in lines) for lines in self.made.values()]


class Batching(Scripted):
    """ports.Labeller in batch mode."""

    batches: Vendor

    def __init__(self, script: Mapping[str, Any] | None = None, **limits: int) -> None:
        super().__init__(script)
        self.batches = Vendor(self, **limits)


def ask(
    labeller: Batching, home: Path, *names: str, cap_usd: float = 100
) -> tuple[dict[str, Asked], Spending]:
    with open_journal(home, "real") as journal:
        desk = BatchDesk(labeller, "scripted", journal, how=HOW, cap_usd=cap_usd)
        answers = asyncio.run(desk.ask_all(questions(*names), no_picture, JumpingClock(), what="test"))
        return answers, journal.ledger.spending()


def spending(home: Path) -> Spending:
    with open_journal(home, "real") as journal:
        return journal.ledger.spending()


def unfinished(home: Path) -> int:
    with open_journal(home, "real") as journal:
        return len(BatchBook(journal.ledger).unfinished("scripted"))


def labels(answers: Mapping[str, Asked]) -> dict[str, str | None]:
    return {name: asked.answer.label for name, asked in answers.items()}


class Died(BaseException):
    """The plug was pulled."""


def test_a_batch_is_paid_at_its_price_and_answers_for_ever_live_too(tmp_path: Path) -> None:
    labeller = Batching()
    answers, spent = ask(labeller, tmp_path, "a", "b")
    assert labels(answers) == {"a": "bullish", "b": "bullish"}
    assert [asked.cost_usd for asked in answers.values()] == [0.0625, 0.0625]
    assert spent == Spending(0.125, 0, 0)
    assert ask(labeller, tmp_path, "b", "a")[0] == answers
    assert labeller.batches.posts == [["a", "b"]]
    with open_journal(tmp_path, "real") as journal:
        desk = LiveDesk(labeller, "scripted", journal, how=HOW, cap_usd=100)
        live = asyncio.run(desk.ask_all(questions("a", "b"), no_picture, JumpingClock(), what="test"))
    assert live == answers
    assert labeller.sent == []


@pytest.mark.parametrize("limits", [{"max_requests": 2}, {"max_bytes": 2 * 66}])
def test_shards_are_no_larger_than_the_vendor_takes(limits: dict[str, int], tmp_path: Path) -> None:
    labeller = Batching(None, **limits)
    answers, _ = ask(labeller, tmp_path, *"abcde")
    assert labeller.batches.posts == [["a", "b"], ["c", "d"], ["e"]]
    assert len(answers) == 5


def test_shards_run_at_once(tmp_path: Path) -> None:
    labeller = Batching(max_requests=1)
    labeller.batches.ends_once = lambda: len(labeller.batches.made) == 3  # else never
    answers, _ = ask(labeller, tmp_path, *"abc")
    assert set(labels(answers).values()) == {"bullish"}


def test_what_a_batch_did_not_answer_is_asked_in_a_further_one_and_costs_nothing(tmp_path: Path) -> None:
    busy = RefusedError("server error", again=True)
    labeller = Batching({"a": [busy, "bearish"], "b": [RefusedError("bad picture", again=False)]})
    silent = ["c"]

    def outcome(request: str, post: str) -> Outcome | None:
        if post not in silent:
            return labeller.batches.answered(request, post)
        silent.remove(post)
        return None

    labeller.batches.names_outcomes = outcome
    labeller.batches.problem = "expired"
    answers, spent = ask(labeller, tmp_path, *"abcd")
    assert labels(answers) == {"a": "bearish", "b": None, "c": "bullish", "d": "bullish"}
    assert answers["b"].answer.reason == "bad picture"
    assert labeller.batches.posts == [["a", "b", "c", "d"], ["a", "c"]]
    assert spent == Spending(3 * 0.0625, 0, 0)


def test_a_post_in_vain_is_given_up_with_its_reason_and_asked_again_by_the_next_run(tmp_path: Path) -> None:
    labeller = Batching({"a": [RefusedError("server error", again=True)]})
    answers, _ = ask(labeller, tmp_path, "a", "b")
    assert answers["a"].answer.reason == "no answer in 3 batches: server error"
    labeller.script.clear()
    assert labels(ask(labeller, tmp_path, "a", "b")[0])["a"] == "bullish"


def test_where_nothing_at_all_is_answered_the_run_stops_and_says_why(tmp_path: Path) -> None:
    labeller = Batching()
    labeller.batches.names_outcomes = lambda *_: None
    labeller.batches.problem = "failed: the file is not JSON"
    with pytest.raises(ServiceError, match=r"labeller\.scripted: no answer in 3 batches: failed: the file"):
        ask(labeller, tmp_path, "a", "b")
    assert spending(tmp_path) == Spending(0, 0, 0)
    labeller.batches.names_outcomes, labeller.batches.problem = labeller.batches.answered, None
    assert set(labels(ask(labeller, tmp_path, "a", "b")[0]).values()) == {"bullish"}


@pytest.mark.parametrize("call", ["look", "fetch", "find"])
def test_looking_is_tried_again(call: str, tmp_path: Path) -> None:
    labeller = Batching()
    labeller.batches.fails = {call: [SILENCE, RefusedError("503", again=True)], "created": [SILENCE]}
    answers, spent = ask(labeller, tmp_path, "a")
    assert labels(answers) == {"a": "bullish"}
    assert spent == Spending(0.0625, 0, 0)
    assert len(labeller.batches.made) == 1


def test_a_dead_network_leaves_batches_running_for_the_next_run(tmp_path: Path) -> None:
    labeller = Batching(max_requests=1)
    labeller.batches.fails = {"look": [SILENCE] * 99}
    with pytest.raises(ServiceError, match="down"):
        ask(labeller, tmp_path, "a", "b")
    assert unfinished(tmp_path) >= 1
    labeller.batches.fails.clear()
    answers, spent = ask(labeller, tmp_path, "a", "b")
    assert set(labels(answers).values()) == {"bullish"}
    assert spent == Spending(0.125, 0, 0)
    assert labeller.batches.posts == [["a"], ["b"]]


# --- pulled plugs: the vendor outlives its client


def died(labeller: Batching, home: Path, *names: str) -> None:
    with pytest.raises(BaseExceptionGroup) as raised:
        ask(labeller, home, *names)
    assert raised.value.subgroup(Died)


def test_a_batch_that_was_made_and_not_noted_is_found_by_its_key(tmp_path: Path) -> None:
    labeller = Batching()
    labeller.batches.fails = {"created": [Died("pulled")]}
    died(labeller, tmp_path, "a", "b")
    assert spending(tmp_path) == Spending(0, 0.5, 2)
    answers, spent = ask(labeller, tmp_path, "a", "b", "c")
    assert set(labels(answers).values()) == {"bullish"}
    assert spent == Spending(3 * 0.0625, 0, 0)
    assert labeller.batches.posts == [["a", "b"], ["c"]]


def test_a_batch_that_arrives_after_a_first_look_is_not_made_again(tmp_path: Path) -> None:
    labeller = Batching()
    labeller.batches.fails = {"created": [Died("pulled")]}
    died(labeller, tmp_path, "a")
    late = labeller.batches.keys.copy()
    labeller.batches.keys.clear()

    class Waiting(JumpingClock):
        def __init__(self) -> None:
            super().__init__()
            sleep = self.timer.sleep

            async def arrives(seconds: float) -> None:
                labeller.batches.keys.update(late)
                await sleep(seconds)

            self.timer.sleep = arrives  # type: ignore[method-assign]

    with open_journal(tmp_path, "real") as journal:
        desk = BatchDesk(labeller, "scripted", journal, how=HOW, cap_usd=1)
        answers = asyncio.run(desk.ask_all(questions("a"), no_picture, Waiting(), what="test"))
    assert labels(answers) == {"a": "bullish"}
    assert labeller.batches.posts == [["a"]]


def test_a_batch_that_its_vendor_never_heard_of_is_made_anew_and_leaves_no_doubt(tmp_path: Path) -> None:
    labeller = Batching()
    labeller.batches.fails = {"create": [Died("pulled")]}
    died(labeller, tmp_path, "a", "b")
    assert spending(tmp_path).in_doubt == 2
    answers, spent = ask(labeller, tmp_path, "a", "b")
    assert set(labels(answers).values()) == {"bullish"}
    assert spent == Spending(0.125, 0, 0)
    assert len(labeller.batches.made) == 1


@pytest.mark.parametrize("call", ["look", "fetch"])
def test_a_running_batch_is_gone_on_with_by_a_run_about_other_posts_too(call: str, tmp_path: Path) -> None:
    labeller = Batching()
    labeller.batches.fails = {call: [Died("pulled")]}
    died(labeller, tmp_path, "a", "b")
    answers, spent = ask(labeller, tmp_path, "b", "c")
    assert labels(answers) == {"b": "bullish", "c": "bullish"}
    assert labeller.batches.posts == [["a", "b"], ["c"]]
    assert spent == Spending(3 * 0.0625, 0, 0)
    assert labels(ask(labeller, tmp_path, "a")[0]) == {"a": "bullish"}
    assert len(labeller.batches.made) == 2


def test_a_batch_that_its_vendor_has_lost_stays_in_doubt_and_its_posts_are_asked_anew(tmp_path: Path) -> None:
    labeller = Batching()
    labeller.batches.fails = {"look": [Died("pulled")]}
    died(labeller, tmp_path, "a", "b")
    labeller.batches.lost = {"batch_0"}
    answers, spent = ask(labeller, tmp_path, "a", "b")
    assert set(labels(answers).values()) == {"bullish"}
    assert spent == Spending(0.125, 0.5, 2)


def test_a_batch_whose_outcomes_are_gone_stays_in_doubt_and_its_posts_are_asked_anew(tmp_path: Path) -> None:
    labeller = Batching()
    labeller.batches.forgotten = {"batch_0"}
    answers, spent = ask(labeller, tmp_path, "a", "b")
    assert set(labels(answers).values()) == {"bullish"}
    assert labeller.batches.posts == [["a", "b"], ["a", "b"]]
    assert spent == Spending(0.125, 0.5, 2)


def test_outcomes_that_are_there_at_a_second_look_are_fetched(tmp_path: Path) -> None:
    labeller = Batching()
    fetch, looks = labeller.batches.fetch, list[str]()

    async def late(name: str) -> list[Outcome] | None:
        looks.append(name)
        return await fetch(name) if len(looks) > 1 else None

    labeller.batches.fetch = late  # type: ignore[method-assign]
    assert ask(labeller, tmp_path, "a", "b")[1] == Spending(0.125, 0, 0)
    assert looks == ["batch_0"] * 2


@pytest.mark.parametrize("readable", [["a"], []])
def test_answers_of_an_expired_batch_that_nobody_can_read_are_in_doubt(
    readable: list[str], tmp_path: Path
) -> None:
    """Its vendor charges for two of three lines, whatever can be read of them."""
    labeller = Batching()
    vendor = labeller.batches

    def ended(request: str, post: str) -> Outcome | None:
        return vendor.answered(request, post) if post in readable or len(vendor.made) > 1 else None

    vendor.names_outcomes, vendor.problem, vendor.says_answered = ended, "expired", 2
    answers, spent = ask(labeller, tmp_path, *"abc")
    assert set(labels(answers).values()) == {"bullish"}
    unread = 3 - len(readable)
    assert spent == Spending(3 * 0.0625, unread * 0.25, unread)
    assert [len(posts) for posts in vendor.posts] == [3, unread]


def test_an_answer_under_a_strange_key_frees_no_line_of_an_expired_batch(tmp_path: Path) -> None:
    labeller = Batching()
    vendor = labeller.batches

    def ended(request: str, post: str) -> Outcome | None:
        return vendor.answered(request if len(vendor.made) > 1 else f"not {request}", post)

    vendor.names_outcomes, vendor.problem, vendor.says_answered = ended, "expired", 1
    assert ask(labeller, tmp_path, "a")[1] == Spending(0.0625, 0.25, 1)


@pytest.mark.parametrize("desk_of", [LiveDesk, BatchDesk])
def test_what_is_in_a_batch_of_another_section_is_not_asked_again(
    desk_of: type[LiveDesk | BatchDesk], tmp_path: Path
) -> None:
    labeller = Batching()
    labeller.batches.fails = {"created": [Died("pulled")]}
    died(labeller, tmp_path, "a", "b")
    with open_journal(tmp_path, "real") as journal:
        desk = desk_of(labeller, "renamed", journal, how=HOW, cap_usd=100)
        asking = desk.ask_all(questions(*"abc"), no_picture, JumpingClock(), what="test")
        with pytest.raises(
            ConfigError, match=r"^2 of these posts are in batches of labeller\.scripted .*twice"
        ):
            asyncio.run(asking)
    assert len(labeller.batches.made) == 1
    assert labeller.sent == []


def test_what_a_whole_batch_says_nothing_of_is_in_doubt_and_asked_again(tmp_path: Path) -> None:
    labeller = Batching()
    silent = ["b"]

    def outcome(request: str, post: str) -> Outcome | None:
        if post not in silent:
            return labeller.batches.answered(request, post)
        silent.remove(post)
        return None

    labeller.batches.names_outcomes = outcome
    answers, spent = ask(labeller, tmp_path, "a", "b")
    assert labels(answers) == {"a": "bullish", "b": "bullish"}
    assert labeller.batches.posts == [["a", "b"], ["b"]]
    assert spent == Spending(0.125, 0.25, 1)


@pytest.mark.parametrize(("call", "left"), [("look", 1), ("create", 0)])
def test_a_pause_that_nobody_waits_for_ends_the_run_and_loses_nothing(
    call: str, left: int, tmp_path: Path
) -> None:
    labeller = Batching()
    labeller.batches.fails = {call: [RefusedError("429", again=True, after_s=3600)]}
    with pytest.raises(QuotaError, match=r"labeller\.scripted .*goes on at 1970-01-12 14:46 UTC"):
        ask(labeller, tmp_path, "a")
    assert unfinished(tmp_path) == spending(tmp_path).in_doubt == left
    assert ask(labeller, tmp_path, "a")[1] == Spending(0.0625, 0, 0)
    assert len(labeller.batches.made) == 1


# --- batches that are refused as a whole


def test_a_batch_that_is_refused_beside_others_is_made_again_once_one_of_them_has_ended(
    tmp_path: Path,
) -> None:
    labeller = Batching(max_requests=1)
    vendor, refused = labeller.batches, set[str]()

    def ended() -> int:
        return sum(looks > 1 for name, looks in vendor.looks.items() if name not in vendor.refused)

    def made() -> None:
        *others, name = (each for each in vendor.made if each not in vendor.refused)
        ((_, post),) = vendor.made[name]
        assert ended() or post not in refused
        if len(others) - ended() == 2:
            vendor.refused.add(name)
            refused.add(post)

    vendor.after_create = made
    looked = itertools.count()
    vendor.ends_once = lambda: bool(refused) and next(looked) > 3000  # two run on meanwhile
    answers, spent = ask(labeller, tmp_path, *"abcdefgh")
    assert refused
    assert set(labels(answers).values()) == {"bullish"}
    assert spent == Spending(8 * 0.0625, 0, 0)
    with open_journal(tmp_path, "real") as journal:
        assert journal.ledger.hopeless() == set()


def test_where_every_batch_is_refused_the_run_pauses_and_stops_without_giving_any_post_up(
    tmp_path: Path,
) -> None:
    labeller, clock = Batching(), JumpingClock()
    labeller.batches.refused = {f"batch_{number}" for number in range(99)}
    with open_journal(tmp_path, "real") as journal:
        desk = BatchDesk(labeller, "scripted", journal, how=HOW, cap_usd=9)
        with pytest.raises(
            RefusedError, match=r"labeller\.scripted: no answer in 3 batches: failed: Enqueued"
        ):
            asyncio.run(desk.ask_all(questions("a", "b"), no_picture, clock, what="test"))
        assert journal.ledger.hopeless() == set()
        assert journal.ledger.spending() == Spending(0, 0, 0)
    assert clock.timer.slept == [60, 120]
    assert len(labeller.batches.made) == 3
    labeller.batches.refused.clear()
    answers, _ = ask(labeller, tmp_path, "a", "b")
    assert set(labels(answers).values()) == {"bullish"}


def test_a_batch_that_is_refused_twice_is_made_a_third_time_and_costs_no_post_a_try(tmp_path: Path) -> None:
    labeller = Batching({"a": [RefusedError("server error", again=True)] * 2 + ["bearish"]})
    labeller.batches.refused = {"batch_0", "batch_1", "batch_3"}
    answers, _ = ask(labeller, tmp_path, "a", "b")
    assert labels(answers) == {"a": "bearish", "b": "bullish"}
    assert labeller.batches.posts == [["a", "b"]] * 3 + [["a"]] * 3


# --- creating


def test_silence_after_creating_finds_the_batch_instead_of_making_another(tmp_path: Path) -> None:
    labeller = Batching()
    labeller.batches.fails = {"created": [SILENCE]}
    answers, spent = ask(labeller, tmp_path, "a")
    assert labels(answers) == {"a": "bullish"}
    assert spent == Spending(0.0625, 0, 0)
    assert len(labeller.batches.made) == 1


def test_a_busy_or_silent_vendor_is_asked_again_to_make_a_batch(tmp_path: Path) -> None:
    labeller = Batching()
    labeller.batches.fails = {"create": [RefusedError("429", again=True, after_s=7), SILENCE]}
    answers, spent = ask(labeller, tmp_path, "a")
    assert labels(answers) == {"a": "bullish"}
    assert spent == Spending(0.0625, 0, 0)


@pytest.mark.parametrize(
    "error", [QuotaError("no credit", again=False), RefusedError("400", again=False), SILENCE]
)
def test_a_vendor_that_makes_no_batch_stops_the_run_once_those_that_run_are_paid(
    error: ServiceError, tmp_path: Path
) -> None:
    labeller = Batching(max_requests=1)
    labeller.batches.fails = {"create": [None, *[error] * HOW.tries]}
    with pytest.raises(type(error), match=str(error)):
        ask(labeller, tmp_path, "a", "b", "c")
    assert spending(tmp_path) == Spending(0.0625, 0, 0)
    assert unfinished(tmp_path) == 0


# --- the cap


def test_the_cap_holds_whatever_shards_run_and_is_used_to_the_end(tmp_path: Path) -> None:
    """At worst a post is $0.25, in the end $0.0625: a shard that does not fit beside others waits."""
    labeller = Batching(max_requests=2)
    most: list[float] = []

    def looked() -> None:
        spent = spending(tmp_path)
        most.append(spent.settled_usd + spent.in_doubt_usd)

    labeller.batches.after_create = looked
    with pytest.raises(BudgetError):
        ask(labeller, tmp_path, *(f"p{number:02}" for number in range(20)), cap_usd=1)
    assert max(most) <= 1
    spent = spending(tmp_path)
    assert spent.in_doubt == 0
    assert 0.75 < spent.settled_usd <= 1
    assert spent.settled_usd == 0.0625 * sum(map(len, labeller.batches.posts))


def test_ctrl_c_leaves_batches_running_says_so_and_reserves_nothing_that_was_not_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def interrupted(home: Path, turns: int) -> tuple[Spending, int]:
        labeller = Batching(max_requests=1)
        with open_journal(home, "real") as journal:
            desk = BatchDesk(labeller, "scripted", journal, how=HOW, cap_usd=9)
            asking = desk.ask_all(questions(*"abcd"), no_picture, JumpingClock(), what="test")
            running = asyncio.create_task(asking)
            for _ in range(turns):
                await asyncio.sleep(0.001)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            spent = journal.ledger.spending()
            return spent, len(labeller.batches.made)

    for turns in range(0, 40, 3):
        spent, made = asyncio.run(interrupted(tmp_path / str(turns), turns))
        assert spent.in_doubt + spent.settled_usd / 0.0625 == made
        said = capsys.readouterr().err
        assert said == (
            f"{spent.in_doubt} posts are in batches of labeller.scripted that were not fetched yet: "
            "the next run fetches what they answered.\n"
        ) * bool(spent.in_doubt)
