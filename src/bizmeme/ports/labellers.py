"""Vision APIs: a question, a paid reply, an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Question:
    """A post as a vision API is asked about it: instruction, fenced post, and a picture's file or None."""

    instruction: str
    post: str
    image: bytes | None  # JPEG


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, read. `label` is None exactly where `reason` says why."""

    label: str | None
    confidence: float | None  # 0..1
    rationale: str | None
    reason: str | None
    cost_usd: float | None  # None where the usage block cannot be read


class Labeller(Protocol):
    """A vision API."""

    @property
    def model(self) -> str:
        """The model's name as the vendor spells it."""
        ...

    def request(self, question: Question) -> Mapping[str, object]:
        """The request's body: deterministic, without address or key, so that its hash names the reply."""
        ...

    def worst_cost_usd(self, request: Mapping[str, object]) -> float:
        """An upper bound of what the request can cost, reserved before it is sent."""
        ...

    async def ask(self, request: Mapping[str, object]) -> str:
        """Send it once; the reply's body as JSON text. Raises ServiceError, RefusedError, QuotaError."""
        ...

    def read(self, reply: str) -> Answer:
        """What a reply says, and what its usage block cost; never raises."""
        ...

    async def close(self) -> None:
        """Release the connections."""
        ...
