"""What the ledger knows of batches: a request in one is an ask like any other, reserved, settled, priced.

made      its asks are reserved; whether its vendor has it is not known
running   it has its vendor's name
ended     its outcomes are in the ledger; or it never came to be, or its vendor has lost it
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bizmeme.ports.labellers import Outcome
from bizmeme.shell.paying.ledger import Ledger, Request, Sent

_UNFINISHED = (
    "SELECT batch, key, model, name FROM batches WHERE labeller = ? AND state != 'ended' ORDER BY batch"
)
_ASKS = "SELECT ask, request_hash, reserved_usd FROM asks WHERE batch = ? AND NOT answered ORDER BY ask"


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that is not ended; `name` is its vendor's, None where none is known."""

    batch: int
    key: str
    model: str
    name: str | None


class BatchBook:
    """Batches in a ledger; every method is one transaction, or a part of the one that is open."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._database = ledger.database

    def make(self, requests: Sequence[Request], *, cap_usd: float) -> Batch:
        """Reserve all of them, or none; raises BudgetError."""
        first = requests[0]
        with self._ledger.atomic():
            key = self._free_key([each.request_hash for each in requests])
            made = self._database.execute(
                "INSERT INTO batches (key, labeller, model, state, created_at) VALUES (?, ?, ?, 'made', ?)",
                (key, first.labeller, first.model, first.asked_at),
            )
            assert made.lastrowid is not None
            for each in requests:
                self._ledger.set_aside(replace(each, batch=made.lastrowid), cap_usd=cap_usd)
            return Batch(made.lastrowid, key, first.model, None)

    def _free_key(self, hashes: list[str]) -> str:
        """SHA-256 of its requests and of how many batches of exactly these there were before."""
        query = "SELECT 1 FROM batches WHERE key = ?"
        attempt = 0
        while True:
            key = hashlib.sha256(json.dumps([hashes, attempt]).encode()).hexdigest()
            if self._database.execute(query, (key,)).fetchone() is None:
                return key
            attempt += 1

    def name(self, batch: Batch, name: str) -> Batch:
        """Its vendor has it, under that name; raises LookupError where it was never reserved."""
        with self._ledger.atomic():
            query = "UPDATE batches SET name = ?, state = 'running' WHERE batch = ?"
            if self._database.execute(query, (name, batch.batch)).rowcount == 0:
                raise LookupError(f"batch {name} was made, and was never reserved")
        return replace(batch, name=name)

    def drop(self, batch: Batch) -> None:
        """Its vendor never had it: nothing stays reserved."""
        self.end(batch, [], whole=False)

    def lose(self, batch: Batch) -> None:
        """Its vendor has it no more: what it may have cost stays in doubt."""
        with self._ledger.atomic():
            self._close(batch)

    def end(self, batch: Batch, outcomes: Sequence[Outcome], *, whole: bool) -> list[tuple[Sent, str]]:
        """Write every reply down, unread, and release what has none; what was written.

        A reply beats a refusal of the same line. Of a batch that is said to be whole, a line without any
        outcome stays in doubt: nobody said that it was not charged.
        """
        replies = {each.request_hash: each.reply for each in reversed(outcomes) if each.reply is not None}
        refused = {each.request_hash for each in outcomes} - replies.keys()
        written = list[tuple[Sent, str]]()
        with self._ledger.atomic():
            for ask, request_hash, worst_usd in self._asks(batch):
                if (reply := replies.get(request_hash)) is not None:
                    self._ledger.settle(ask, reply=reply, took_s=None)
                    written.append((Sent(ask, request_hash, worst_usd, batch=True), reply))
                elif request_hash in refused or not whole:
                    self._ledger.release(ask)
            self._close(batch)
        return written

    def _close(self, batch: Batch) -> None:
        self._database.execute("UPDATE batches SET state = 'ended' WHERE batch = ?", (batch.batch,))

    def _asks(self, batch: Batch) -> list[tuple[int, str, float]]:
        return self._database.execute(_ASKS, (batch.batch,)).fetchall()

    # --- looking

    def unfinished(self, labeller: str) -> list[Batch]:
        """Every batch of a labeller that is not ended."""
        return [Batch(*row) for row in self._database.execute(_UNFINISHED, (labeller,))]

    def requests(self, batch: Batch) -> list[str]:
        """The requests in a batch that have no reply yet."""
        return [request_hash for _, request_hash, _ in self._asks(batch)]

    def under_way(self, labeller: str) -> set[str]:
        """The requests in batches of a labeller that are not ended."""
        return {request for batch in self.unfinished(labeller) for request in self.requests(batch)}

    def under_way_of_all(self) -> dict[str, str]:
        """The requests in batches that are not ended, each with the labeller that asked it last."""
        query = (
            "SELECT request_hash, batches.labeller FROM asks JOIN batches USING (batch) "
            "WHERE NOT answered AND state != 'ended' ORDER BY ask"
        )
        return dict(self._database.execute(query))
