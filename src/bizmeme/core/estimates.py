"""A figure with its 95 % interval, as it is computed, written and read."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval; None where it, or the interval, is not defined."""

    value: float | None
    low: float | None
    high: float | None

    def figures(self) -> dict[str, float | None]:
        """As metric files hold it."""
        return {"value": self.value, "low": self.low, "high": self.high}


def with_interval(figures: Mapping[str, float | None]) -> str:
    """An estimate as people read it: `0.892 (0.861 to 0.921)`."""
    value, low, high = (figures[name] for name in ("value", "low", "high"))
    if value is None:
        return "unknown"
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f} ({low:.3f} to {high:.3f})"
