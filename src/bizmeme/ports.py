"""The roles that adapters play, as small Protocols, and the plain data that crosses them.

A new provider, archive or model family is one file in the folder of its kind and one yaml in conf/.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from bizmeme.errors import ServiceError

if TYPE_CHECKING:
    from bizmeme.core.chat import ChatRow, StudentPrompt

SettingsT_co = TypeVar("SettingsT_co", covariant=True)

# --- time ---------------------------------------------------------------------------------------------


class Timer(Protocol):
    """One task's hold on a clock: while it is open and awake, simulated time stands still."""

    async def now(self) -> float:
        """Seconds since 1970, UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return once `now()` has grown by `seconds`."""
        ...


class Clock(Protocol):
    """Time, wall or simulated; each concurrent task opens its own session."""

    def session(self) -> AbstractAsyncContextManager[Timer]:
        """A timer for one task."""
        ...


# --- collecting ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of an outside source as received; `path` is relative to the source, never an address."""

    path: str
    status: int
    last_modified: str | None
    body: bytes

    def json(self) -> object:
        """The body's JSON; raises ServiceError where it is a challenge or an error page with status 200."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise ServiceError(
                f"{self.path} is not JSON: a challenge or a maintenance page. Try again later."
            ) from error


class Fetch(Protocol):
    """A polite GET: rate-limited, journalled before it returns, answered from the journal where final."""

    async def page(self, path: str) -> Page | None:
        """A JSON or HTML page; None where the server says 404."""
        ...

    async def media(self, path: str) -> Page | None:
        """A file of the media host, asked for once ever; None where the server says 404."""
        ...

    async def frozen(self, path: str) -> Page | None:
        """A page that never changes again (an archived thread): asked for once ever."""
        ...


@dataclass(frozen=True, slots=True)
class RawPost:
    """One post as a source's parser reads it; texts are plain, entities resolved."""

    board: str
    no: int
    thread_no: int
    posted_at: int  # seconds since 1970, UTC
    subject: str
    text: str
    replies: int | None  # of the thread, on its opening post
    media_path: str | None  # on the source's media host
    media_md5: str | None  # base64, as the board gives it
    media_ext: str | None  # with the dot
    file_deleted: bool
    banned: bool


class Source(Protocol):
    """An origin of posts."""

    @property
    def urls(self) -> tuple[str, str]:
        """Addresses of the page host and the media host."""
        ...

    async def collect(self, fetch: Fetch) -> None:
        """Walk the source so that everything wanted stands in the journal."""
        ...

    def posts(self, page: Page) -> list[RawPost]:
        """The posts of one collected page; an empty list for pages that hold none."""
        ...


# --- labelling ----------------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class Task:
    """A post as people see it; `key` is the post's (board, no)."""

    key: tuple[str, int]
    subject: str
    text: str
    image: bytes  # JPEG


@dataclass(frozen=True, slots=True)
class Annotation:
    """One person's word on one post; `label` is None where the post was skipped."""

    key: tuple[str, int]
    annotator: str
    label: str | None


class Annotator(Protocol):
    """Where people label."""

    def push(self, tasks: Sequence[Task]) -> int:
        """Create the project where it is missing and add the tasks that it lacks; how many were added."""
        ...

    def export(self) -> list[Annotation]:
        """Every submitted annotation, skips included, drafts and predictions left out."""
        ...


# --- the model ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Caption:
    """A captioned picture for the tiny base; it never carries a mood."""

    image: bytes  # PNG or JPEG
    text: str  # the post's text, often empty
    scene: str  # lower-case words
    face: str
    topic: str


@dataclass(frozen=True, slots=True)
class Examples:
    """What a model is trained on: rows of data/train.json and the picture files they name."""

    train: Sequence["ChatRow"]
    val: Sequence["ChatRow"]
    images: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Course(Generic[SettingsT_co]):
    """One training's settings and surroundings, beside its data and its folder.

    `checkpoints` is a folder of its own: a training continues from what it finds there, and whoever calls
    removes it after success.
    """

    settings: SettingsT_co
    prompt: "StudentPrompt"
    seed: int
    checkpoints: Path


@dataclass(frozen=True, slots=True)
class Curves:
    """What a training leaves beside its weights: a metric's name → its (step, value) pairs."""

    metrics: Mapping[str, Sequence[tuple[int, float]]]


@dataclass(frozen=True, slots=True)
class Sentiment:
    """What `analyze` says of one post."""

    sentiment: str
    confidence: float  # probability of `sentiment` among the labels, 0..1
    explanation: str | None


class Student(Protocol):
    """A loaded model, with or without an adapter."""

    labels: tuple[str, ...]

    def probabilities(self, posts: Sequence[tuple[bytes, str]]) -> list[list[float]]:
        """For each (picture file, text): the probability of each label, in the order of `labels`."""
        ...

    def picture_features(self, images: Sequence[bytes]) -> list[list[float]]:
        """For each picture file: the mean of the vision tower's merged tokens."""
        ...

    def analyze(self, image: bytes | str | Path, text: str, *, explain: bool = False) -> Sentiment:
        """The public call: one post's sentiment; an explanation only where asked for."""
        ...


class Vlm(Protocol):
    """A family of vision-language models; `course` holds a training's settings, seed and checkpoints."""

    def needs_captions(self) -> bool:
        """Whether `make_base` trains, so that captions have to be fetched."""
        ...

    def make_base(
        self,
        captions: Sequence[Caption],
        folder: Path,
        *,
        labels: Sequence[str],
        course: "Course[Any] | None",
    ) -> None:
        """Write the base into `folder`: weights and processor, or a hub model's revision.json alone."""
        ...

    def finetune(
        self,
        examples: Examples,
        folder: Path,
        *,
        base: Path,
        labels: Sequence[str],
        course: "Course[Any]",
    ) -> Curves:
        """Train an adapter on the base in the folder `base`, and write it into `folder`."""
        ...

    def load(self, folder: Path, *, base: Path | None) -> Student:
        """The adapter in `folder` on its base."""
        ...

    def load_base(self, folder: Path, *, labels: Sequence[str], prompt: "StudentPrompt") -> Student:
        """The bare base in `folder`: what the adapter has to beat."""
        ...


# --- recording ----------------------------------------------------------------------------------------


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

    def score(self, fingerprint: str, scores: Mapping[str, float]) -> None:
        """Add an evaluation's figures to the run of that adapter."""
        ...
