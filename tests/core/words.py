"""Words of people, as the core hears them."""

from dataclasses import dataclass

KEYS = [("biz", number) for number in range(1, 1000)]
MOODS = ("bearish", "neutral", "bullish")
_SHORT = {"-": "bearish", "0": "neutral", "+": "bullish"}


@dataclass(frozen=True, slots=True)
class Word:
    """One person's word on one showing of a post."""

    key: tuple[str, int]
    project: str
    annotator: str
    label: str | None
    repeat: bool = False
    reason: str | None = None
    lead_time_s: float | None = None


def said(project: str, annotator: str, labels: str, *, repeat: bool = False) -> list[Word]:
    """One word a letter on posts 1, 2, …: - bearish, 0 neutral, + bullish, s skipped, e empty, blank none."""
    words = {"s": "skipped", "e": "empty"}
    return [
        Word(key, project, annotator, _SHORT.get(letter), repeat, words.get(letter))
        for key, letter in zip(KEYS, labels, strict=False)
        if letter != " "
    ]
