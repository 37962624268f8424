"""The statement of a ledger's account: who was paid how much for what, and what is reserved and why."""

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
