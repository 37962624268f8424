"""The till of one labeller: a reply is written down at its worst price, then read, then priced."""

import hashlib
import json
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from bizmeme.ports.labellers import Answer, Labeller, Question
from bizmeme.shell.journal import Journal
from bizmeme.shell.paying.commits import Commits
from bizmeme.shell.paying.ledger import Sent
from bizmeme.shell.progress import counting

K = TypeVar("K", bound=Hashable)

Pictures = Callable[[str], bytes]
"""The file of a picture by its SHA-256."""

Note = Callable[[], str]
"""What is to be shown beside a bar."""


class Tick(Protocol):
    """One more is done."""

    def __call__(self, cost_usd: float, *, held: bool = False) -> None:
        """It cost so much; a held one was paid for before."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request's reply (None where there is none), what it says, what it cost."""

    request_hash: str
    reply: str | None
    answer: Answer
    cost_usd: float


def request_hash(identity: Mapping[str, object], question: Question) -> str:
    """SHA-256 of all that shapes the answer, by which its reply is known for ever."""
    picture = question.picture.sha256 if question.picture else None
    parts = [identity, question.instruction, question.post, picture]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def hashed(identity: Mapping[str, object], questions: Mapping[K, Question]) -> dict[K, str]:
    """Each question's request hash; copies of a post share one."""
    return {key: request_hash(identity, question) for key, question in questions.items()}


def given_up(request: str, reason: str) -> Asked:
    """What stands for a request that has no reply."""
    return Asked(request, None, Answer(None, None, None, None, reason[:200], None), cost_usd=0.0)


def rendered(labeller: Labeller, question: Question, pictures: Pictures) -> Mapping[str, object]:
    """The body as sent; scaling a picture takes some milliseconds."""
    return labeller.body(question, pictures(question.picture.sha256) if question.picture else None)


@contextmanager
def spending(what: str, total: int, note: Note | None) -> Iterator[Tick]:
    """A bar titled `what` with what its answers have cost, how fast they come, and `note`.

    Those that are held count with what they cost, so that the sum and a forecast compare.
    """
    spent_usd, done, began_s = 0.0, 0, time.monotonic()

    with counting(what, total) as advance:

        def tick(cost_usd: float, *, held: bool = False) -> None:
            nonlocal spent_usd, done
            spent_usd, done = spent_usd + cost_usd, done + (cost_usd > 0 and not held)
            per_s = done / max(time.monotonic() - began_s, 1e-9)
            advance(" · ".join([f"${spent_usd:.4f}", f"{per_s:.1f}/s", *([note()] if note else [])]))

        yield tick


class Till:
    """Replies of one labeller on their way into the ledger, and out of it."""

    def __init__(self, labeller: Labeller, key: str, journal: Journal, commits: Commits) -> None:
        self.labeller = labeller
        self.key = key
        self.ledger = journal.ledger  # to look
        self.commits = commits  # to write

    async def price_left(self) -> None:
        """Price every reply that a kill left at its worst price."""
        for sent, reply in self.ledger.unpriced(self.key, self.labeller.model):
            self.read(sent, reply)
        await self.commits.drained()

    def held(self, request: str) -> Asked | None:
        """What is held of a request."""
        reply = self.ledger.reply(request)
        if reply is None:
            return None
        return Asked(request, reply.body, self.labeller.read(reply.body), reply.cost_usd)

    def recalled(self, requests: Iterable[str], tick: Tick) -> dict[str, Asked]:
        """What is held of these, each told to the bar."""
        found = {request: held for request in requests if (held := self.held(request)) is not None}
        for held in found.values():
            tick(held.cost_usd, held=True)
        return found

    async def kept(self, sent: Sent, reply: str, *, took_s: float) -> Asked:
        """What a reply says, durably written down before anybody reads it."""
        await self.commits.do(lambda ledger: ledger.settle(sent.ask, reply=reply, took_s=took_s))
        return self.read(sent, reply)

    def read(self, sent: Sent, reply: str) -> Asked:
        """What a reply says that is written down; its price follows within a moment.

        One whose usage nobody can read keeps its worst price.
        """
        answer = self.labeller.read(reply)
        usage = answer.usage
        if usage is None:
            return Asked(sent.request_hash, reply, answer, sent.worst_usd)
        cost_usd = self.labeller.cost_usd(usage, batch=sent.batch)
        tokens = usage.input_tokens + usage.output_tokens
        self.commits.later(lambda ledger: ledger.price(sent.ask, cost_usd=cost_usd, tokens=tokens))
        return Asked(sent.request_hash, reply, answer, cost_usd)
