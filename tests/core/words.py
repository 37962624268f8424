"""Words of people, as the core hears them."""

from bizmeme.core.annotations import Annotation

KEYS = [("biz", number) for number in range(1, 1000)]
MOODS = ("bearish", "neutral", "bullish")
_SHORT = {"-": "bearish", "0": "neutral", "+": "bullish"}


def said(project: str, annotator: str, labels: str, *, repeat: bool = False) -> list[Annotation]:
    """One word a letter on posts 1, 2, …: - bearish, 0 neutral, + bullish, s skipped, e empty, blank none."""
    words = {"s": "skipped", "e": "empty"}
    return [
        Annotation(key, project, annotator, _SHORT.get(letter), words.get(letter), repeat)
        for key, letter in zip(KEYS, labels, strict=False)
        if letter != " "
    ]
