"""Words that are posted again and again, a little changed, mostly under the same picture.

A copypasta is born on some day and goes round for a week; how popular each is differs widely. On the real
board 6.6 % of the opening posts are near-duplicates of another by the rule of core/duplicates.py (at least 8
words, half of them shared), in groups of up to 17 within five days.
"""

import random
from dataclasses import dataclass

from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.dice import drawn, share, stream
from bizmeme.sandbox.moods import NO_TEXT, SCENES, TOPICS, Odds
from bizmeme.sandbox.regimes import period_on
from bizmeme.sandbox.words.wording import Saying, filler, worded

FAITHFUL_SHARE = 0.9  # of its posts show its own picture
SCENE_ODDS: Odds = SCENES
_WORDED = 1 - TOPICS[NO_TEXT]
TOPIC_ODDS: Odds = {topic: odds / _WORDED for topic, odds in TOPICS.items() if topic != NO_TEXT}

_BORN_EVERY_DAYS = 0.8
_LIVES_DAYS = 7
_WORDS = (12, 34)
_CHANGED_SHARE = 0.9  # of its posts differ from it by some clauses


@dataclass(frozen=True, slots=True)
class Copypasta:
    """One text that goes round; `key` names it and seeds its words."""

    key: str
    saying: Saying
    scene: str

    def words(self) -> str:
        """Its words as they were first posted."""
        own = stream("copypasta words", self.key)
        return worded(self.saying, own.randint(*_WORDS), own)

    def text(self, dice: random.Random) -> str:
        """Its words as someone pastes them: whole, or with something of their own at the end."""
        text = self.words()
        if dice.random() >= _CHANGED_SHARE:
            return text
        more = max(1, round(len(set(text.lower().split())) * dice.uniform(0.1, 0.5)))
        return text + "\n" + " ".join(filler(more, dice, period=self.saying.period))


def going_round(config: SandboxConfig, day: int) -> dict[Copypasta, float]:
    """Those that are posted on the day of that index, with their odds (not scaled)."""
    first = max(0, int((day - _LIVES_DAYS) / _BORN_EVERY_DAYS) + 1)
    last = int(day / _BORN_EVERY_DAYS)
    return {_born(config, index): _popularity(config.seed, index) for index in range(first, last + 1)}


def _born(config: SandboxConfig, index: int) -> Copypasta:
    dice = stream(config.seed, "copypasta", index)
    topic, scene = drawn(TOPIC_ODDS, dice), drawn(SCENE_ODDS, dice)
    period = period_on(config, int(index * _BORN_EVERY_DAYS))
    return Copypasta(f"{config.seed}.copypasta.{index}", Saying(topic, period), scene)


def _popularity(seed: int, index: int) -> float:
    """A heavy tail (Pareto with exponent 1.6)."""
    return float((1 - share(seed, "popularity", index)) ** (-1 / 1.6))
