"""What the market does, and how it bends the odds of scenes and topics from day to day."""

import math
import random
from collections.abc import Mapping

from bizmeme.sandbox.config import Period, Regime, SandboxConfig
from bizmeme.sandbox.dice import stream
from bizmeme.sandbox.moods import NO_TEXT, SCENES, TOPICS, Odds

# Added to the log-odds, times `swing`; rows not named stay as they are.
_BENDS: Mapping[Regime, Mapping[str, float]] = {
    "calm": {"range": 0.8, "clown": 0.1, "chat": 0.5},
    "greed": {"climb": 1.0, "rocket": 1.0, "crash": -1.0, "flames": -0.8, "clown": -0.2,
              "moon": 0.8, "dip": 0.3, "doom": -0.8, "trap": -0.2},
    "fear": {"crash": 1.0, "flames": 1.0, "climb": -0.9, "rocket": -1.0,
             "doom": 0.8, "trap": 0.4, "moon": -0.8, "cope": 0.3},
    "panic": {"crash": 1.6, "flames": 1.8, "climb": -1.5, "rocket": -1.6, "clown": -0.3,
              "doom": 0.8, "trap": 0.3, "moon": -0.8, "cope": 0.3},
}  # fmt: skip


def odds_by_day(config: SandboxConfig) -> list[tuple[Odds, Odds]]:
    """The odds of scenes and of topics on each day of the world; each sums to 1."""
    return [_odds_on(config, day) for day in range(config.world.days)]


def period_on(config: SandboxConfig, day: int) -> int:
    """The index of the period in which the day of that index lies; later days belong to the last."""
    for index, period in enumerate(config.world.periods[:-1]):
        day -= period.days
        if day < 0:
            return index
    return len(config.world.periods) - 1


def _odds_on(config: SandboxConfig, day: int) -> tuple[Odds, Odds]:
    """Posts without words are as many on every day."""
    period: Period = config.world.periods[period_on(config, day)]
    dice = stream(config.seed, "day", day)
    worded = {topic: odds for topic, odds in TOPICS.items() if topic != NO_TEXT}
    scenes, topics = (_bent(odds, period, config, dice) for odds in (SCENES, worded))
    silent = TOPICS[NO_TEXT]
    return scenes, {topic: odds * (1 - silent) for topic, odds in topics.items()} | {NO_TEXT: silent}


def _bent(odds: Odds, period: Period, config: SandboxConfig, dice: random.Random) -> Odds:
    """The odds, bent in the period's direction and by the day's own whim, scaled to sum to 1."""
    swing, bends = config.world.swing, _BENDS[period.regime]
    bent = {
        word: value * math.exp(swing * bends.get(word, 0.0) + dice.gauss(0, config.world.daily_swing))
        for word, value in odds.items()
    }
    total = sum(bent.values())
    return {word: value / total for word, value in bent.items()}
