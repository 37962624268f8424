"""The model: a family that makes bases and adapters, and a student that is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from bizmeme.core.chat import ChatRow, StudentPrompt

SettingsT_co = TypeVar("SettingsT_co", covariant=True)


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

    train: Sequence[ChatRow]
    val: Sequence[ChatRow]
    images: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Course(Generic[SettingsT_co]):
    """One training's settings and surroundings, beside its data and its folder.

    `checkpoints` is a folder of its own: a training continues from what it finds there, and whoever calls
    removes it after success.
    """

    settings: SettingsT_co
    prompt: StudentPrompt
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
        course: Course[Any] | None,
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
        course: Course[Any],
    ) -> Curves:
        """Train an adapter on the base in the folder `base`, and write it into `folder`."""
        ...

    def load(self, folder: Path, *, base: Path | None) -> Student:
        """The adapter in `folder` on its base."""
        ...

    def load_base(self, folder: Path, *, labels: Sequence[str], prompt: StudentPrompt) -> Student:
        """The bare base in `folder`: what the adapter has to beat."""
        ...
