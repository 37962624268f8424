"""What text, picture, or both can tell at best: enumerated from the generator's own odds.

The reader whose accuracy this is knows more than any model: the table, the day, every copypasta by heart and
every phrase and drawing, the last period's new ones too. So a ceiling may be a little high, never too low.
Pictures that come again under other words, and their few days' delay, are left out: they tell nothing new.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.moods import MOODS, TABLE, Mood, Odds
from bizmeme.sandbox.regimes import odds_by_day
from bizmeme.sandbox.words.copypasta import FAITHFUL_SHARE, SCENE_ODDS, TOPIC_ODDS

Cells = Mapping[tuple[str, str], float]  # (scene, topic) → probability
Tally = dict[str, dict[Mood, float]]


@dataclass(frozen=True, slots=True)
class Ceilings:
    """The best accuracy that any predictor can reach from the text, the picture, or both."""

    text: float
    image: float
    both: float


def ceilings(config: SandboxConfig) -> Ceilings:
    """Averaged over the days; the table has one mood a cell, so both together reach 1."""
    days = odds_by_day(config)
    pasta = config.world.copypasta_share
    return Ceilings(
        text=sum(_text(scenes, topics, pasta) for scenes, topics in days) / len(days),
        image=sum(_image(scenes, topics, pasta) for scenes, topics in days) / len(days),
        both=1.0,
    )


def _text(scenes: Odds, topics: Odds, pasta: float) -> float:
    """Known words tell their own usual picture; other words only their topic."""
    fresh = _best(tally(_cells(scenes, topics), side=1))
    known = 0.0
    for (usual, topic), odds in _cells(SCENE_ODDS, TOPIC_ODDS).items():
        shown = {scene: (1 - FAITHFUL_SHARE) * share for scene, share in scenes.items()}
        shown[usual] += FAITHFUL_SHARE
        known += odds * _best(tally({(scene, topic): share for scene, share in shown.items()}, side=1))
    return (1 - pasta) * fresh + pasta * known


def _image(scenes: Odds, topics: Odds, pasta: float) -> float:
    """A copypasta's own picture tells its mood; any other only its scene."""
    strange = _cells(scenes, {topic: share * (1 - pasta) for topic, share in topics.items()})
    for cell, odds in _cells(scenes, TOPIC_ODDS).items():
        strange[cell] += pasta * (1 - FAITHFUL_SHARE) * odds
    return _best(tally(strange, side=0)) + pasta * FAITHFUL_SHARE


def _cells(scenes: Odds, topics: Odds) -> dict[tuple[str, str], float]:
    return {(s, t): p * q for s, p in scenes.items() for t, q in topics.items()}


def tally(cells: Cells, *, side: int) -> Tally:
    """For each scene (side 0) or topic (side 1): the probability of it and of each mood."""
    given: Tally = {}
    for cell, odds in cells.items():
        given.setdefault(cell[side], dict.fromkeys(MOODS, 0.0))[TABLE[cell]] += odds
    return given


def _best(given: Tally) -> float:
    return sum(max(moods.values()) for moods in given.values())


def joint(config: SandboxConfig) -> dict[tuple[str, str], float]:
    """Probability of each (scene, topic) over all days of the world, copypasta left out."""
    return _mean(_cells(scenes, topics) for scenes, topics in odds_by_day(config))


def _mean(tables: Iterable[Cells]) -> dict[tuple[str, str], float]:
    each = list(tables)
    return {cell: sum(cells[cell] for cells in each) / len(each) for cell in TABLE}


def mood_mix(config: SandboxConfig) -> dict[Mood, float]:
    """The expected share of each mood, copypasta left out."""
    mix = dict.fromkeys(MOODS, 0.0)
    for cell, odds in joint(config).items():
        mix[TABLE[cell]] += odds
    return mix
