"""How long a number of answers takes: by what is asked at once, and by the account's limits.

2,845 requests, 16 at once, 1.4 s an answer, 500 a minute  →  0.09 hours, held by requests_per_minute
"""

import math
from dataclasses import dataclass

from bizmeme.core.limits import Limits

BATCH_HOURS = 24.0  # both vendors promise a batch within so many; most end far sooner
_DAY_HOURS = 24.0


@dataclass(frozen=True, slots=True)
class Duration:
    """The hours, and which value of `limits` they hang on."""

    hours: float
    held_by: str


def live_hours(requests: int, tokens: float, *, limits: Limits, seconds_per_answer: float) -> Duration:
    """Asked one by one: `tokens` are those of prompts and answers together.

    A day's quota is a rolling window: what is above it waits for the next 24 hours.
    """
    rates = {
        "concurrency": requests * seconds_per_answer / limits.concurrency / 3600,
        "requests_per_minute": _over(requests, limits.requests_per_minute) / 60,
        "tokens_per_minute": _over(tokens, limits.tokens_per_minute) / 60,
    }
    slowest = max(rates, key=lambda name: rates[name])
    quotas = {
        "requests_per_day": _over(requests, limits.requests_per_day),
        "tokens_per_day": _over(tokens, limits.tokens_per_day),
    }
    tightest = max(quotas, key=lambda name: quotas[name])
    full_days = max(0, math.ceil(quotas[tightest]) - 1)
    last_part = rates[slowest] * (1 - full_days / quotas[tightest]) if full_days else rates[slowest]
    waited = full_days * _DAY_HOURS + last_part
    return Duration(waited, tightest) if waited > rates[slowest] else Duration(rates[slowest], slowest)


def _over(amount: float, per: float | None) -> float:
    return 0.0 if per is None else amount / per
