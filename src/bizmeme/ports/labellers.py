"""Vision APIs: a question, a paid reply, an answer; one by one, or in batches at a lower price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from bizmeme.core.limits import BatchLimits, Limits
from bizmeme.core.prices import Usage

GAVE_UP = frozenset({408, 499, 502, 504, *range(520, 525)})
"""Error statuses of a gateway that stopped waiting for its vendor, which may answer, and charge, even so."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in data/images: what names it, and its size."""

    sha256: str
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Question:
    """A post as a vision API is asked about it: instruction, fenced post, and its picture, if it has one.

    Together with a labeller's `identity` it names the reply for ever. It holds no encoded picture: what a
    library makes of one changes with its version, and a new version must not pay again.
    """

    instruction: str
    post: str
    picture: Picture | None


@dataclass(frozen=True, slots=True)
class Worst:
    """An upper bound of what one question can take."""

    tokens: int  # prompt and answer
    usd: float


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, read. `label` is None exactly where `reason` says why."""

    label: str | None
    confidence: float | None  # the label's probability as the model gave it, 0..1; None where it gives none
    probabilities: Mapping[str, float] | None  # of every label, where the model gives them
    rationale: str | None
    reason: str | None
    usage: Usage | None  # None where the usage block cannot be read


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What the vendor says of the model today."""

    shutdown: date | None


@dataclass(frozen=True, slots=True)
class BatchStatus:
    """How far a batch is, as its vendor says."""

    state: Literal["running", "ended", "unknown"]  # unknown: the vendor has no such batch
    done: int
    total: int
    problem: str | None = None  # why it ended without all answers: failed, expired, cancelled
    answered: int = 0  # of those done, how many its vendor says it answered, and so charges for


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of an ended batch: a paid reply, or why there is none; others were never answered."""

    request_hash: str
    reply: str | None
    reason: str | None  # exactly where there is no reply
    again: bool = False  # whether the same question may succeed later


class Batches(Protocol):
    """A vendor's batch API. A batch is known by our key, which travels in its metadata."""

    @property
    def limits(self) -> BatchLimits:
        """How large a batch may be, and how often it is looked at."""
        ...

    def line(self, request_hash: str, body: Mapping[str, object]) -> bytes:
        """One request as it stands in a batch, to be counted and handed to `create`."""
        ...

    async def create(self, key: str, lines: Sequence[bytes]) -> str:
        """Upload and start; the vendor's name of the batch. Raises as Labeller.ask does."""
        ...

    async def find(self, key: str) -> str | None:
        """The vendor's name of the batch with that key; None where it has none."""
        ...

    async def look(self, name: str) -> BatchStatus:
        """How far it is."""
        ...

    async def fetch(self, name: str) -> list[Outcome] | None:
        """Every line of an ended batch that has an outcome, in no particular order, each time that it came.

        None where the vendor has the batch, but no longer its outcomes. Raises as Labeller.ask does, and
        ServiceError as well where fewer can be read than the vendor says that it has.
        """
        ...


class Labeller(Protocol):
    """A vision API in one mode."""

    @property
    def model(self) -> str:
        """The model's name as the vendor spells it."""
        ...

    @property
    def identity(self) -> Mapping[str, object]:
        """Everything beside the question that shapes an answer: model, endpoint, picture size, schema, …

        No address, key, mode of payment or limit: an answer paid in a batch answers a live question as well.
        """
        ...

    @property
    def limits(self) -> Limits:
        """What the account may ask."""
        ...

    @property
    def batches(self) -> Batches | None:
        """The batch API where that is the configured mode, else None."""
        ...

    def worst(self, question: Question, *, batch: bool) -> Worst:
        """The most that it can take, asked live or in a batch: reserved before it is sent."""
        ...

    def cost_usd(self, usage: Usage, *, batch: bool) -> float:
        """What an answer cost, asked live or in a batch."""
        ...

    def picture_tokens(self, picture: Picture) -> int:
        """What a picture is billed as, by the price table and the size that is sent."""
        ...

    def body(self, question: Question, image: bytes | None) -> Mapping[str, object]:
        """The request's body as sent; `image` is the file of the question's picture, JPEG."""
        ...

    async def card(self) -> ModelCard:
        """What the vendor says of the model: free. Raises QuotaError where it has no such model."""
        ...

    async def ask(self, body: Mapping[str, object]) -> str:
        """Send it once; the reply's body as JSON text. Raises ServiceError, RefusedError, QuotaError."""
        ...

    def read(self, reply: str) -> Answer:
        """What a reply says; never raises."""
        ...

    async def close(self) -> None:
        """Release the connections."""
        ...
