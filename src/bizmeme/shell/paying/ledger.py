"""The ledger: what vision APIs were asked, what that cost, and what is reserved; tables of a journal's file.

An ask is reserved at its worst price before it is sent, settled with its reply, and priced once the reply was
read. One without a reply was in flight when somebody pulled the plug: it is in doubt, and its reservation
keeps counting against the cap. A method that writes is one transaction, or a part of the one that is open.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bizmeme.errors import BudgetError
from bizmeme.ports.labellers import Worst
from bizmeme.shell.transactions import atomic

_RESTORE = (
    "INSERT INTO asks (request_hash, labeller, model, reserved_usd, answered, cost_usd, reply) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class Spending:
    """What all labellers of this origin have cost so far, USD."""

    settled_usd: float
    in_doubt_usd: float
    in_doubt: int

    @property
    def committed_usd(self) -> float:
        """What counts against the cap."""
        return self.settled_usd + self.in_doubt_usd

    def plus(self, *, settled_usd: float = 0.0, in_doubt_usd: float = 0.0, in_doubt: int = 0) -> "Spending":
        """The sums after a change."""
        return Spending(
            self.settled_usd + settled_usd, self.in_doubt_usd + in_doubt_usd, self.in_doubt + in_doubt
        )


@dataclass(frozen=True, slots=True)
class Reply:
    """A paid reply's body and its price."""

    body: str
    cost_usd: float


@dataclass(frozen=True, slots=True)
class Request:
    """What is about to be sent, and the most that it can take."""

    request_hash: str
    labeller: str  # the key of its section
    model: str
    worst: Worst
    asked_at: float  # seconds since 1970 by the clock port
    batch: int | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """An ask as it stands in the ledger."""

    ask: int
    request_hash: str
    worst_usd: float
    batch: bool = False


class Ledger:
    """What was asked and paid, over a journal's connection."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database
        self._sums: Spending | None = None
        self._version = -1

    # --- paying

    def reserve(self, request: Request, *, cap_usd: float) -> int | None:
        """Set aside the worst price of a request; the ask's number, or None where its reply is held.

        Raises BudgetError at the cap.
        """
        with self.atomic():
            held = self.reply(request.request_hash)
            return self.set_aside(request, cap_usd=cap_usd) if held is None else None

    def set_aside(self, request: Request, *, cap_usd: float) -> int:
        """The same, whatever is held. Reading the sums and writing the row is one, over all processes."""
        with self.atomic():
            sums, worst = self._summed(), request.worst
            _hold_cap(sums, worst.usd, cap_usd)
            made = self.database.execute(
                "INSERT INTO asks (request_hash, model, reserved_usd, labeller, asked_at, tokens, batch) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (request.request_hash, request.model, worst.usd, request.labeller, request.asked_at,
                 worst.tokens, request.batch),
            )  # fmt: skip
            self._sums = sums.plus(in_doubt_usd=worst.usd, in_doubt=1)
            assert made.lastrowid is not None
            return made.lastrowid

    def settle(self, ask: int, *, reply: str, took_s: float | None) -> None:
        """Write a reply down, unread, at the worst price; the request is hopeless no more.

        Raises LookupError where it was never reserved: nothing that was paid for is lost in silence.
        """
        query = (
            "UPDATE asks SET answered = 1, cost_usd = reserved_usd, reply = ?, took_s = ? "
            "WHERE ask = ? AND NOT answered RETURNING reserved_usd, request_hash"
        )
        with self.atomic():
            sums = self._summed()  # before the change: it may be counted afresh
            rows = self.database.execute(query, (reply, took_s, ask)).fetchall()
            if not rows:
                self._check_reserved(ask)
            for usd, request_hash in rows:
                self.database.execute("DELETE FROM given_up WHERE request_hash = ?", (request_hash,))
                self._sums = sums.plus(settled_usd=usd, in_doubt_usd=-usd, in_doubt=-1)

    def _check_reserved(self, ask: int) -> None:
        if self.database.execute("SELECT 1 FROM asks WHERE ask = ?", (ask,)).fetchone() is None:
            raise LookupError(f"ask {ask} is answered, and was never reserved")

    def price(self, ask: int, *, cost_usd: float, tokens: int) -> None:
        """Put what the reply's usage block says in place of the worst."""
        query = (
            "UPDATE asks SET cost_usd = ?, tokens = ? WHERE ask = ? AND answered AND cost_usd = reserved_usd "
            "RETURNING reserved_usd"
        )
        with self.atomic():
            sums = self._summed()
            for (usd,) in self.database.execute(query, (cost_usd, tokens, ask)).fetchall():
                self._sums = sums.plus(settled_usd=cost_usd - usd)

    def release(self, ask: int) -> None:
        """Drop a reservation whose request was refused, and so was not charged."""
        query = "DELETE FROM asks WHERE ask = ? AND NOT answered RETURNING reserved_usd"
        with self.atomic():
            sums = self._summed()
            for (usd,) in self.database.execute(query, (ask,)).fetchall():
                self._sums = sums.plus(in_doubt_usd=-usd, in_doubt=-1)

    def give_up(self, request_hash: str, reason: str) -> None:
        """Remember that all tries of a request were in vain."""
        with self.atomic():
            self.database.execute("INSERT OR REPLACE INTO given_up VALUES (?, ?)", (request_hash, reason))

    def restore_replies(
        self, replies: Iterable[tuple[str, Reply | None, float]], *, labeller: str, model: str
    ) -> int:
        """Write down (request hash, reply, USD in doubt) where no reply is held, all or none; how many.

        A doubt only where nothing is known of the request: it may be the one that is held.
        """
        restored = 0
        with self.atomic():
            for request_hash, reply, in_doubt_usd in replies:
                known, whose = self._asked(request_hash), (request_hash, labeller, model)
                if in_doubt_usd and not known:
                    self.database.execute(_RESTORE, (*whose, in_doubt_usd, 0, None, None))
                if reply is not None and self.reply(request_hash) is None:
                    self.database.execute(_RESTORE, (*whose, 0.0, 1, reply.cost_usd, reply.body))
                    restored += 1
            self.forget()
        return restored

    def _asked(self, request_hash: str) -> bool:
        query = "SELECT 1 FROM asks WHERE request_hash = ?"
        return self.database.execute(query, (request_hash,)).fetchone() is not None

    # --- looking

    def reply(self, request_hash: str) -> Reply | None:
        """The reply held for a request; None where it was never answered."""
        query = "SELECT reply, cost_usd FROM asks WHERE request_hash = ? AND answered ORDER BY ask"
        row = self.database.execute(query, (request_hash,)).fetchone()
        return Reply(*row) if row else None

    def unpriced(self, labeller: str, model: str) -> list[tuple[Sent, str]]:
        """Every reply at its worst price: a kill came before it was read, or nobody can read it."""
        query = (
            "SELECT ask, request_hash, reserved_usd, batch IS NOT NULL, reply FROM asks "
            "WHERE answered AND cost_usd = reserved_usd AND labeller = ? AND model = ?"
        )
        rows = self.database.execute(query, (labeller, model))
        return [(Sent(ask, request, usd, bool(batch)), reply) for ask, request, usd, batch, reply in rows]

    def hopeless(self) -> set[str]:
        """The requests whose tries were all in vain in an earlier run, and that were not answered since."""
        return {row[0] for row in self.database.execute("SELECT request_hash FROM given_up")}

    def used(self, labeller: str, *, since_s: float, until_s: float) -> list[tuple[float, int]]:
        """When a labeller was asked live in that time, and of how many tokens each was; the oldest first."""
        query = (
            "SELECT asked_at, tokens FROM asks WHERE labeller = ? AND asked_at > ? AND asked_at <= ? "
            "AND batch IS NULL ORDER BY asked_at"
        )
        return self.database.execute(query, (labeller, since_s, until_s)).fetchall()

    def spending(self) -> Spending:
        """Settled and reserved sums of this origin, counted afresh."""
        row = self.database.execute(
            "SELECT TOTAL(CASE WHEN answered THEN cost_usd END), "
            "TOTAL(CASE WHEN NOT answered THEN reserved_usd END), TOTAL(NOT answered) FROM asks"
        ).fetchone()
        return Spending(row[0], row[1], int(row[2]))

    # --- transactions

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """All or nothing, and nobody writes in between; within an open transaction, a part of it."""
        try:
            with atomic(self.database):
                yield
        except BaseException:
            self.forget()
            raise

    def forget(self) -> None:
        """Count the sums afresh: what changed them may have come to nothing."""
        self._sums = None

    def _summed(self) -> Spending:
        """The sums as this connection changed them; counted afresh where another one wrote meanwhile.

        Not triggers: they would keep a second truth in the file. SQLite says at no cost whether another
        connection has committed, and beside the one process that asks, few do.
        """
        (version,) = self.database.execute("PRAGMA data_version").fetchone()
        if self._sums is None or version != self._version:
            self._sums, self._version = self.spending(), version
        return self._sums


def _hold_cap(sums: Spending, worst_usd: float, cap_usd: float) -> None:
    if sums.committed_usd + worst_usd > cap_usd:
        raise BudgetError(
            f"The next request may cost ${worst_usd:.4f}; ${sums.committed_usd:.4f} of the ${cap_usd:.4f} in "
            f"auto_label.budget_usd are spent or reserved ({sums.in_doubt} asks for "
            f"${sums.in_doubt_usd:.4f} are in flight or in doubt). Everything paid for is kept: "
            "raise the budget and run `dvc repro` again to go on."
        )
