"""The statement of a ledger's account: what was paid to whom, what is reserved and why, what is in doubt."""

from dataclasses import dataclass
from typing import Literal

from bizmeme.shell.paying.ledger import Ledger

How = Literal["live", "batch", "restored"]

_LINES = (
    "SELECT asks.labeller, asks.model, "
    "CASE WHEN asks.batch IS NOT NULL THEN 'batch' WHEN asked_at IS NULL THEN 'restored' ELSE 'live' END, "
    "SUM(answered), TOTAL(CASE WHEN answered THEN cost_usd END), "
    "SUM(NOT answered AND running), TOTAL(CASE WHEN NOT answered AND running THEN reserved_usd END), "
    "SUM(NOT answered AND NOT running), TOTAL(CASE WHEN NOT answered AND NOT running THEN reserved_usd END) "
    "FROM (SELECT asks.*, COALESCE(batches.state != 'ended', 0) AS running FROM asks LEFT JOIN batches "
    "ON batches.batch = asks.batch) AS asks GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Sends of one request that nobody knows the end of: their reservations count against the cap."""

    request_hash: str
    model: str
    reserved_usd: float
    under_way: bool = False  # all in batches that were not fetched yet: their ends will be known


@dataclass(frozen=True, slots=True)
class Line:
    """What one labeller's model was asked in one way."""

    labeller: str | None  # the key of its section; None where a journal of earlier days does not say
    model: str
    how: How  # decisions are live, too; restored ones were paid for in another journal
    answers: int
    paid_usd: float
    under_way: int  # posts in batches that were not fetched yet
    under_way_usd: float  # reserved for them
    in_doubt: int  # sends that nobody knows the end of; those of a run at work among them
    in_doubt_usd: float


def statement(ledger: Ledger) -> list[Line]:
    """All that the origin was ever asked, by labeller, model and way."""
    return [Line(*row) for row in ledger.database.execute(_LINES)]


def doubts(ledger: Ledger) -> list[Doubt]:
    """What was in flight when somebody pulled the plug, by request; right now, what is in flight, too."""
    query = (
        "SELECT request_hash, asks.model, TOTAL(reserved_usd), MIN(COALESCE(state != 'ended', 0)) "
        "FROM asks LEFT JOIN batches USING (batch) WHERE NOT answered GROUP BY request_hash, 2 ORDER BY 1"
    )
    rows = ledger.database.execute(query)
    return [Doubt(request, model, usd, bool(running)) for request, model, usd, running in rows]


def seconds_per_answer(ledger: Ledger, labeller: str, model: str) -> float | None:
    """Wall seconds that a live answer took on average; None before any."""
    query = "SELECT AVG(took_s) FROM asks WHERE labeller = ? AND model = ? AND batch IS NULL"
    ((seconds,),) = ledger.database.execute(query, (labeller, model)).fetchall()
    return None if seconds is None else float(seconds)


def answered(ledger: Ledger) -> frozenset[int]:
    """The asks that have a reply."""
    return frozenset(ask for (ask,) in ledger.database.execute("SELECT ask FROM asks WHERE answered"))


def paid_since(ledger: Ledger, before: frozenset[int]) -> float:
    """USD, of the asks that were answered since `before`."""
    rows = ledger.database.execute("SELECT ask, cost_usd FROM asks WHERE answered ORDER BY ask")
    return sum((cost_usd for ask, cost_usd in rows if ask not in before), 0.0)
