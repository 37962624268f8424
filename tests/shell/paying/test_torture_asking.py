"""Kill -9 while a vision API in trouble is asked, again and again: nothing is lost, or paid twice.

`make torture N=500` pulls the plug 250 times while it is asked live, and 250 times while it is asked in
batches; every run of the tests four times each. The vendor outlives its clients, and counts what they sent.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bizmeme.shell.journals import journal_file
from bizmeme.shell.paying.till import request_hash
from tests.shell.paying.tortured_client import CAP_USD, ORIGIN, POSTS, HttpLabeller, Mode, asked, question
from tests.shell.paying.tortured_vendor import Vendor, serving
from tests.victims import SEED, Kill, Victim, kills_of, plan, prepared, recovered, still_held

pytestmark = [pytest.mark.slow, pytest.mark.timeout(0)]

# How often a victim may come to a place before it is killed there: a part of what one run does.
CALLS: dict[Mode, dict[str, int]] = {
    "live": {
        "ledger.reserve": 100,
        "ledger.settle": 100,
        "ledger.price": 100,
        "ledger.release": 10,
        "ledger.commit": 120,
    },
    "batch": {
        "batch.made": 6,
        "batch.named": 6,
        "batch.ended": 6,
        "ledger.price": 100,
        "ledger.commit": 20,
    },
}
HASHES = {request_hash(HttpLabeller.identity, question(post)): post for post in POSTS}
_SLACK_USD = 1e-9  # sums of floats
_ASKS = "SELECT request_hash, answered, reply, COALESCE(cost_usd, reserved_usd) FROM asks"


@dataclass
class Books:
    """What a journal says: replies, what is in doubt, and the money."""

    replies: dict[tuple[object, ...], object] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)
    usd: float = 0.0


@dataclass
class Life:
    """One journal from its first request to its last, and what must be true of it after every run."""

    home: Path
    vendor: Vendor
    runs: int = 0
    books: Books = field(default_factory=Books)
    sent: Counter[str] = field(default_factory=Counter)  # to the vendor, by post, as the last run ended

    def run(self) -> str:
        """The name of the next run."""
        self.runs += 1
        return f"run {self.runs}"

    @property
    def ended(self) -> str:
        """How the last run did that was not killed."""
        return (self.home / "ended").read_text()

    def check(self, after: Kill | None) -> None:
        """Compare the journal with what the vendor counted."""
        before, self.books = self.books, books(self.home)
        still_held(before.replies, self.books.replies, after or Kill(None, 0, 0))
        assert self.books.usd <= CAP_USD + _SLACK_USD
        assert self.vendor.usd <= self.books.usd + _SLACK_USD, "the vendor charged what is in no book"
        self._each_charge_is_in_the_books()
        self._nothing_held_is_asked_again(before)
        if after is None:
            self._only_silence_is_in_doubt(before)

    def _each_charge_is_in_the_books(self) -> None:
        charged = Counter(send.post for send in self.vendor.sends if send.charged)
        for batch in self.vendor.batches:
            charged.update(HASHES[request] for request in batch.charged)
        for request, post in HASHES.items():
            told = self.books.answers[request], self.books.doubts[request]
            assert charged[post] <= sum(told), (
                f"{post}: charged {charged[post]} times, answered/in doubt {told}"
            )
            assert told[0] <= 1, f"{post}: two replies are held"

    def _nothing_held_is_asked_again(self, before: Books) -> None:
        """Nor, within a run, what was answered: what is sent again after an answer was so after a kill."""
        now = Counter(send.post for send in self.vendor.sends)
        for batch in self.vendor.batches:
            now.update(HASHES[request] for request in batch.asked)
        again = [
            post
            for request, post in HASHES.items()
            if before.answers[request] and now[post] > self.sent[post]
        ]
        assert not again, f"{again[:5]} were asked again"
        self.sent = now
        answered = set[tuple[str, str]]()
        for send in self.vendor.sends:
            assert (send.run, send.post) not in answered, f"{send} comes after its answer"
            if send.charged and not send.silent:
                answered.add((send.run, send.post))

    def _only_silence_is_in_doubt(self, before: Books) -> None:
        """A clean stop: nothing that had arrived."""
        silences = sum(send.silent and send.run == f"run {self.runs}" for send in self.vendor.sends)
        lost = sum(len(each.asked) if each.lost else each.silent for each in self.vendor.batches)
        more = self.books.doubts.total() - before.doubts.total()
        assert more <= silences + lost, f"{more} more in doubt after {silences} silences, {lost} lost"


def books(home: Path) -> Books:
    """What the journal holds, as a kill left it."""
    told = Books()
    if not journal_file(home, ORIGIN).exists():
        return told
    with recovered(journal_file(home, ORIGIN)) as database:
        for request, answered, reply, usd in database.execute(_ASKS):
            told.usd += usd
            (told.answers if answered else told.doubts)[request] += 1
            if answered:
                told.replies["reply", request] = reply
    return told


@pytest.fixture
def vendor() -> Iterator[tuple[Vendor, str]]:
    """The vendor and its address."""
    made = Vendor()
    with serving(made) as address:
        yield made, address


@pytest.mark.parametrize("mode", ["live", "batch"])
def test_kills_lose_no_reply_and_pay_nothing_twice_that_was_journalled(
    mode: Mode, vendor: tuple[Vendor, str], tmp_path: Path
) -> None:
    prepared("tests.shell.paying.tortured_client", __name__)
    server, address = vendor
    lives = Lives(server, address, mode, tmp_path)
    most_cpu_s = lives.lived_through()
    for planned in plan(kills_of(mode), seed=SEED, calls=CALLS[mode], most_cpu_s=most_cpu_s):
        lives.killed(planned)
    lives.lived_through()


class Lives:
    """One life after another at the same vendor."""

    def __init__(self, vendor: Vendor, address: str, mode: Mode, folder: Path) -> None:
        self._vendor, self._address, self._mode, self._folder = vendor, address, mode, folder
        self._number = 0
        self._life = self._begun()

    def _begun(self) -> Life:
        """A new journal, a new account."""
        self._number += 1
        home = self._folder / f"life {self._number}"
        home.mkdir()
        self._vendor.forget()
        return Life(home, self._vendor)

    def _victim(self) -> Victim:
        arguments = (self._address, self._life.home, self._mode, self._life.run())
        return Victim(asked, arguments, log=self._folder / "log.txt")

    def lived_through(self) -> float:
        """Let it come to its end, over quotas and silence; the CPU-seconds of the longest run."""
        used_s = [self._victim().to_its_end()]
        self._life.check(None)
        while self._life.ended not in ("done", "BudgetError"):
            used_s.append(self._victim().to_its_end())
            self._life.check(None)
        if self._life.ended == "done":
            unanswered = HASHES.keys() - self._life.books.answers.keys()
            assert len(unanswered) <= (0 if self._mode == "live" else 10)
        self._life = self._begun()
        return max(used_s)

    def killed(self, planned: Kill) -> None:
        """Kill as planned, in what is left to do; else in a life that begins afresh; else sooner."""
        kill, afresh = planned, 0
        while not self._victim().pulled(kill):
            self._life.check(None)
            if self._life.ended in ("done", "BudgetError"):
                self._life = self._begun()
                afresh += 1
                if afresh > 1:
                    assert kill.can_be_sooner, f"{kill}: nothing comes there"
                    kill = kill.sooner()
        sys.stderr.write(f"killed {self._mode}: {kill}\n")  # `make torture` shows it
        self._life.check(kill)
