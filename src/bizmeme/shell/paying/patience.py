"""How long a pause is slept through that a server names; a longer one ends the run, and says until when."""

from datetime import UTC, datetime

from bizmeme.errors import QuotaError, RefusedError, ServiceError
from bizmeme.ports.clocks import Timer

LONGEST_PAUSE_S = 600.0  # nobody watches a bar that stands still for longer


async def bearable_s(error: ServiceError, timer: Timer, *, of: str) -> float | None:
    """The pause that the server of labeller.<of> named, None where it named none.

    Raises QuotaError where it is longer than anybody waits for.
    """
    if not isinstance(error, RefusedError) or error.after_s is None:
        return None
    after_s = error.after_s
    if after_s > LONGEST_PAUSE_S:
        when = at(await timer.now() + after_s)
        raise QuotaError(
            f"labeller.{of} is to be left alone for {after_s:,.0f} s, its server says: "
            f"{error.reason.rstrip('. ')}. It goes on at {when}: run the same command again then. "
            "Everything paid for is kept.",
            again=False,
        )
    return after_s


def at(time_s: float) -> str:
    """A time as people read it: `2026-11-26 09:30 UTC`."""
    try:
        return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):  # a server may name any number
        return "no time that a calendar has"
