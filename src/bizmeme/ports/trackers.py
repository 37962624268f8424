"""Where runs are compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Run:
    """What one training hands to a tracker."""

    name: str
    params: Mapping[str, object]
    metrics: Mapping[str, Sequence[tuple[int, float]]]
    artifacts: Path
    fingerprint: str  # of the adapter: later scores find their run by it


class Tracker(Protocol):
    """Where runs are compared."""

    def record(self, run: Run) -> None:
        """Store a finished training."""
        ...

    def score(self, fingerprint: str, scores: Mapping[str, float], *, gold: str) -> None:
        """Add an evaluation's figures to the run of that adapter, with the hash of the gold they are of."""
        ...
