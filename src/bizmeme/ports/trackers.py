"""Where runs are compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

Kind = Literal["training", "labelling"]


@dataclass(frozen=True, slots=True)
class Run:
    """What one training, or one labelling by vision APIs, hands to a tracker."""

    kind: Kind  # compared apart
    name: str
    params: Mapping[str, object]
    metrics: Mapping[str, Sequence[tuple[int, float]]]
    artifacts: Path  # a folder: the adapter, or plots
    fingerprint: str  # of what it made; later scores find the run of an adapter by it


class Tracker(Protocol):
    """Where runs are compared."""

    def record(self, run: Run) -> None:
        """Store a finished run."""
        ...

    def score(self, fingerprint: str, scores: Mapping[str, float], *, gold: str) -> None:
        """Add an evaluation's figures to the run of that adapter, with the hash of the gold they are of."""
        ...
