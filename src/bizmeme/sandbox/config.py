"""What a sandbox is made of: the section `sandbox:` of the composed configuration."""

import datetime
import hashlib
import json
from typing import Annotated, Literal

from pydantic import Field

from bizmeme.core.settings import PositiveInt, Section, Seed, Share
from bizmeme.sandbox.config_serving import ServingConfig

Regime = Literal["calm", "greed", "fear", "panic"]
SmallShare = Annotated[float, Field(ge=0, le=0.5)]


class Period(Section):
    """Some weeks of one market regime."""

    regime: Regime
    """What the market does: it bends the odds of scenes and topics (regimes.py)."""

    days: Annotated[int, Field(ge=1, le=366)]
    """How long it lasts."""


class CopiesConfig(Section):
    """How often the picture of a reply is an earlier one again, and what was done to it on the way."""

    repost: SmallShare
    """Share of reply pictures: byte for byte."""

    recompressed: SmallShare
    """Share: saved again as JPEG, at times at another size."""

    cropped: SmallShare
    """Share: cut at its edges."""

    captioned: SmallShare
    """Share: with a bar of words added."""


class WorldConfig(Section):
    """How large the simulated board is, and how its mood swings; every key is part of the origin."""

    first_day: Annotated[datetime.date, Field(ge=datetime.date(2007, 4, 1), le=datetime.date(2100, 1, 1))]
    """The first simulated day, UTC; since 2007-04 New York keeps the daylight-saving rule that `now` uses."""

    periods: Annotated[tuple[Period, ...], Field(min_length=1, max_length=30)]
    """The market's periods in turn; the clock starts at the end of the last one."""

    swing: Annotated[float, Field(ge=0, le=1)]
    """How far a regime bends the log-odds of scenes and topics; 0 keeps every period calm."""

    daily_swing: Annotated[float, Field(ge=0, le=1)]
    """Standard deviation by which each day moves every log-odds once more."""

    threads: Annotated[int, Field(ge=8, le=20_000)]
    """Threads over all days; every opening post has a file."""

    live_threads: Annotated[int, Field(ge=1, le=150)]
    """The newest threads, still in the catalog; the rest is archived (the board shows 150 at most)."""

    replies_mean: Annotated[float, Field(ge=0, le=200)]
    """Mean replies a thread; their number is spread geometrically."""

    reply_picture_share: Share
    """Share of replies with a picture."""

    video_share: SmallShare
    """Share of new files that are videos, of which the board shows a thumbnail only."""

    copies: CopiesConfig
    """Pictures that come again under other words."""

    copypasta_share: SmallShare
    """Share of posts with a picture whose words were posted before, more or less."""

    unseen_share: SmallShare
    """Share of the last period's posts with a phrase or a manner of drawing that no earlier post shows."""

    murky_share: SmallShare
    """Share of new pictures that are hard to see."""

    muddled_share: SmallShare
    """Share of posts whose phrase is misspelt."""

    @property
    def days(self) -> int:
        """Simulated days in all."""
        return sum(period.days for period in self.periods)

    @property
    def last_period_from(self) -> datetime.date:
        """The first day of the last period."""
        return self.first_day + datetime.timedelta(days=self.days - self.periods[-1].days)


class CaptionsConfig(Section):
    """The captioned pictures from which the tiny base learns to see."""

    seed_offset: Annotated[int, Field(ge=1, lt=2**31)]
    """Added to the world's seed, so that no captioned picture is a post's."""

    count: Annotated[int, Field(ge=1, le=100_000)]
    """How many captions there are."""

    murky_share: SmallShare
    """Share of captioned pictures that are hard to see; more than on the board, since they teach seeing."""

    muddled_share: SmallShare
    """Share of captions whose phrase is misspelt; more than on the board, since they teach reading."""


class HardnessConfig(Section):
    """How strangers err: more often on hard posts, and there together."""

    ratio: Annotated[float, Field(ge=1, le=20)]
    """How many times as often anyone errs on a hard post (murky picture or misspelt phrase)."""

    together: Share
    """Share of answers on hard posts that follow one common impression, right or wrong."""


class LabellersConfig(Section):
    """How often each simulated vision API says the true mood, shown picture and text: a share of posts."""

    openai: Share
    """Of OpenAI's."""

    gemini: Share
    """Of Gemini's."""


class AnnotatorsConfig(Section):
    """The quality of the simulated people: one a project, and a third for what two dispute."""

    error: Share
    """Share of answers in which one person names another mood than the true one."""

    skip_share: Annotated[float, Field(ge=0, le=0.5)]
    """Share of posts that one person skips."""

    waver_share: Share
    """Share of posts seen once more of which one person says something else than before."""


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

    hardness: HardnessConfig
    """How strangers err."""

    labellers: LabellersConfig
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
