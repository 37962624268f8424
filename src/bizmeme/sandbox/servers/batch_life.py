"""The life of a batch at a vision API, by the simulated clock, and the lot of each of its lines.

    created ─── running ─── over            `sandbox.serving.batches.lasts_s` after its creation
                   └─────── over, sooner    cancelled: with what was done by then

What becomes of a line hangs on its key alone, so that the same line fares alike in every batch.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from bizmeme.sandbox.config_serving import BatchServing
from bizmeme.sandbox.dice import digest, share

T = TypeVar("T")
Lot = Literal["answered", "failed", "expired", "cancelled"]


@dataclass(slots=True)
class Life:
    """One batch: when it began, when it will be over, when somebody cancelled it."""

    created_at: float
    ends_at: float
    cancelled_at: float | None = None

    def over(self, now: float) -> bool:
        """Whether nothing more happens to it."""
        return self.cancelled_at is not None or now >= self.ends_at

    def done(self, now: float, total: int) -> int:
        """Lines worked through so far; time passes evenly over them."""
        until = now if self.cancelled_at is None else self.cancelled_at
        if until >= self.ends_at:
            return total
        return int(total * (until - self.created_at) / (self.ends_at - self.created_at))

    def cancel(self, now: float) -> None:
        """Stop here, unless it is over."""
        if not self.over(now):
            self.cancelled_at = now


def born(now: float, config: BatchServing) -> Life:
    """A batch that begins now."""
    return Life(created_at=now, ends_at=now + config.lasts_s)


def shuffled(keys: Iterable[str]) -> list[str]:
    """The order in which a vendor works through lines: any but theirs."""
    return sorted(keys, key=lambda key: digest("order in a batch", key))


def lots(keys: Sequence[str], life: Life, config: BatchServing) -> dict[str, Lot]:
    """What became of each line of a batch that is over, in the order in which it was worked through."""
    order = shuffled(keys)
    reached = life.done(life.ends_at, len(order))
    return {key: _lot(key, config) if place < reached else "cancelled" for place, key in enumerate(order)}


def _lot(key: str, config: BatchServing) -> Lot:
    drawn = share("lot in a batch", key)
    if drawn < config.expired_share:
        return "expired"
    return "failed" if drawn < config.expired_share + config.failed_share else "answered"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of what a shelf holds."""

    things: Sequence[T]
    has_more: bool


@dataclass(frozen=True, slots=True)
class Shelf(Generic[T]):
    """Things by their names, listed from the newest on."""

    things: dict[str, T] = field(default_factory=dict)

    def page(self, *, after: str | None, limit: int) -> Page[T]:
        """At most `limit` things older than the one named `after`; raises KeyError where there is none."""
        names = list(reversed(self.things))
        if after is not None and after not in self.things:
            raise KeyError(after)
        start = 0 if after is None else names.index(after) + 1
        return Page([self.things[name] for name in names[start : start + limit]], len(names) > start + limit)
