"""What a sandbox is made of: the section `sandbox:` of the composed configuration."""

import datetime
import hashlib
import json
from typing import Annotated

from pydantic import Field

from bizmeme.core.settings import PositiveInt, Section, Seed, Share


class WorldConfig(Section):
    """How large the simulated board is, and how its mood swings; every key is part of the origin."""

    first_day: Annotated[datetime.date, Field(ge=datetime.date(2007, 4, 1), le=datetime.date(2100, 1, 1))]
    """The first simulated day, UTC; since 2007-04 New York keeps the daylight-saving rule that `now` uses."""

    days: Annotated[int, Field(ge=1, le=366)]
    """Simulated days; the clock starts at the end of the last one."""

    threads: Annotated[int, Field(ge=8, le=20_000)]
    """Threads over all days; every opening post has a file."""

    live_threads: Annotated[int, Field(ge=1, le=150)]
    """The newest threads, still in the catalog; the rest is archived (the board shows 150 at most)."""

    replies_mean: Annotated[float, Field(ge=0, le=200)]
    """Mean replies a thread; their number is spread geometrically."""

    reply_picture_share: Share
    """Share of replies with a picture."""

    repost_share: Annotated[float, Field(ge=0, le=0.5)]
    """Share of reply pictures that are an earlier post's file again, byte for byte."""

    swing: Annotated[float, Field(ge=0, le=0.9)]
    """How far a fearful or greedy week bends the odds of scenes and topics; 0 keeps every week calm."""


class CaptionsConfig(Section):
    """The captioned pictures from which the tiny base learns to see."""

    seed_offset: Annotated[int, Field(ge=1, lt=2**31)]
    """Added to the world's seed, so that no captioned picture is a post's."""

    count: Annotated[int, Field(ge=1, le=100_000)]
    """How many captions there are."""


class LabellerConfig(Section):
    """The simulated vision API's quality."""

    accuracy: Share
    """Share of posts of which it says the true mood, where it was shown picture and text."""


class AnnotatorsConfig(Section):
    """The quality of the two simulated people."""

    error: Share
    """Share of answers in which one person names another mood than the true one, independently."""

    skip_share: Annotated[float, Field(ge=0, le=0.5)]
    """Share of posts that one person skips."""


class ServingConfig(Section):
    """How the servers behave; no part of the origin."""

    min_interval_s: Annotated[float, Field(ge=0, le=60)]
    """Simulated seconds between two requests to the board, and to the media host; sooner ones get 429."""


class SandboxConfig(Section):
    """A simulated board with known truth, and the services around it."""

    name: str
    """The file under conf/sandbox/ that holds this world."""

    edition: PositiveInt
    """Raised whenever the code draws or words the same configuration differently."""

    seed: Seed
    """Seeds everything that is drawn."""

    world: WorldConfig
    """The board."""

    captions: CaptionsConfig
    """The captioned pictures."""

    labeller: LabellerConfig
    """The vision API."""

    annotators: AnnotatorsConfig
    """The people in Label Studio."""

    serving: ServingConfig
    """The servers' manners."""


def origin(config: SandboxConfig) -> str:
    """`sandbox-` and 12 hex digits of the drawn world: edition, seed and world, nothing else.

    The quality of labeller and annotators, captions, serving and the name may change without making the
    journal of a world another origin's.
    """
    drawn = {
        "edition": config.edition,
        "seed": config.seed,
        "world": config.world.model_dump(mode="json"),
    }
    text = json.dumps(drawn, sort_keys=True)
    return f"sandbox-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
