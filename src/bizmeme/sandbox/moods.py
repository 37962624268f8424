"""Which mood a post has: a table of scene and topic, the odds of both, and what each alone can tell.

The table is made so that neither picture nor text suffices (a rising chart over "exit liquidity" is
bearish, flames under "nothing to see here" are no good news), and so that the mix of moods and the
accuracy of text alone come near what was measured on 1,322 real opening posts: 34 / 48 / 18 % and .60.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from bizmeme.sandbox.config import SandboxConfig

Mood = Literal["bearish", "neutral", "bullish"]
Odds = Mapping[str, float]

MOODS: tuple[Mood, ...] = ("bearish", "neutral", "bullish")
NO_TEXT = "none"

SCENES: Odds = {"climb": 0.18, "crash": 0.18, "range": 0.20, "flames": 0.14, "rocket": 0.14, "clown": 0.16}
# 7.6 % of the real opening posts have no text at all.
TOPICS: Odds = {
    "moon": 0.17, "doom": 0.16, "cope": 0.14, "dip": 0.14, "trap": 0.13, "chat": 0.184, NO_TEXT: 0.076,
}  # fmt: skip

_LETTERS: Mapping[str, Mood] = {"r": "bearish", "n": "neutral", "g": "bullish"}
_ROWS = {
    # moon doom cope dip trap chat none
    "climb": "gnnnrgg",
    "crash": "rrrgrnr",
    "range": "nrnnrnn",
    "flames": "nrrnrnr",
    "rocket": "ggnnrgn",
    "clown": "rnrnnnn",
}
TABLE: Mapping[tuple[str, str], Mood] = {
    (scene, topic): _LETTERS[letter]
    for scene, row in _ROWS.items()
    for topic, letter in zip(TOPICS, row, strict=True)
}

_WEEKS = ("fear", "greed", "calm")  # in turn, so that two weeks already hold both extremes
_GREED_BENDS = {"climb": 1.0, "rocket": 1.0, "crash": -1.0, "flames": -1.0, "moon": 1.0, "dip": 0.5}
_FEAR_BENDS = {
    "crash": 1.0,
    "flames": 1.0,
    "climb": -1.0,
    "rocket": -1.0,
    "doom": 1.0,
    "trap": 1.0,
    "moon": -1.0,
}
_BENDS: Mapping[str, Mapping[str, float]] = {"fear": _FEAR_BENDS, "greed": _GREED_BENDS, "calm": {}}


@dataclass(frozen=True, slots=True)
class Ceilings:
    """The best accuracy that any predictor can reach from the text, the picture, or both."""

    text: float
    image: float
    both: float


def odds_on(config: SandboxConfig, day: int) -> tuple[Odds, Odds]:
    """The odds of scenes and of topics on the day of that index; each sums to 1."""
    bends = _BENDS[_WEEKS[day // 7 % len(_WEEKS)]]
    worded = {topic: odds for topic, odds in TOPICS.items() if topic != NO_TEXT}
    topics = _bent(worded, bends, config.world.swing)
    spoken = 1 - TOPICS[NO_TEXT]
    topics = {topic: odds * spoken for topic, odds in topics.items()} | {NO_TEXT: TOPICS[NO_TEXT]}
    return _bent(SCENES, bends, config.world.swing), topics


def _bent(odds: Odds, bends: Mapping[str, float], swing: float) -> Odds:
    """The odds, bent by `swing` in the week's direction and scaled to sum to 1."""
    bent = {word: value * (1 + swing * bends.get(word, 0.0)) for word, value in odds.items()}
    total = sum(bent.values())
    return {word: value / total for word, value in bent.items()}


def joint(config: SandboxConfig) -> dict[tuple[str, str], float]:
    """Probability of each (scene, topic) over all days of the world."""
    cells = dict.fromkeys(TABLE, 0.0)
    for day in range(config.world.days):
        for cell, odds in _cells(*odds_on(config, day)):
            cells[cell] += odds / config.world.days
    return cells


def _cells(scenes: Odds, topics: Odds) -> Iterator[tuple[tuple[str, str], float]]:
    for scene, scene_odds in scenes.items():
        for topic, topic_odds in topics.items():
            yield (scene, topic), scene_odds * topic_odds


def mood_mix(config: SandboxConfig) -> dict[Mood, float]:
    """The expected share of each mood."""
    mix = dict.fromkeys(MOODS, 0.0)
    for cell, odds in joint(config).items():
        mix[TABLE[cell]] += odds
    return mix


def mood_given(config: SandboxConfig, side: Literal["scene", "topic"]) -> dict[str, dict[Mood, float]]:
    """For each scene, or each topic: the joint probability of it and of each mood."""
    position = 0 if side == "scene" else 1
    given: dict[str, dict[Mood, float]] = {}
    for cell, odds in joint(config).items():
        moods = given.setdefault(cell[position], dict.fromkeys(MOODS, 0.0))
        moods[TABLE[cell]] += odds
    return given


def ceilings(config: SandboxConfig) -> Ceilings:
    """Enumerated from the generator's own odds; the table has one mood a cell, so both together reach 1.

    Post times are spread evenly over the days, so a day's weight is one; the date tells a predictor a
    little more through the weekly swing, which is left out here.
    """
    by_text, by_image = mood_given(config, "topic"), mood_given(config, "scene")
    return Ceilings(
        text=sum(max(moods.values()) for moods in by_text.values()),
        image=sum(max(moods.values()) for moods in by_image.values()),
        both=1.0,
    )
