"""The stock phrases by which a post speaks of its topic, some of them misspelt, and how a reader finds them.

read("well. WE are so back")  →  Reading(topic="moon", muddled=False, unseen=False)
read("buy teh dip")           →  Reading(topic="dip", muddled=True, unseen=False)
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from bizmeme.sandbox.moods import NO_TEXT

PHRASES: Mapping[str, tuple[str, ...]] = {
    "moon": ("we are so back", "to the moon", "wagmi", "number go up", "lambo soon", "send it",
             "we eat tonight", "bullrun"),
    "doom": ("its so over", "we got rugged", "ngmi", "down bad", "lost it all", "rekt",
             "back to wagie cage", "sold at the bottom"),
    "cope": ("this is fine", "nothing to see here", "relax", "trust the plan", "still early",
             "zoom out", "not a loss until you sell", "part of the process"),
    "dip": ("buy the dip", "accumulate", "cheap coins", "stacking more", "loading the bags",
            "averaging in", "on sale today", "filling my bids"),
    "trap": ("exit liquidity", "dont get caught", "they are selling", "top is in", "insiders dumping",
             "dead cat bounce", "ponzi", "distribution phase"),
    "chat": ("gm", "just vibing", "coffee time", "weekly thread", "post your desk", "what are you eating",
             "comfy", "new wallet day"),
}  # fmt: skip

# Coined in the world's last period: no earlier post, no caption and no tokenizer's corpus holds one.
NEW_PHRASES: Mapping[str, tuple[str, ...]] = {
    "moon": ("only green szn", "valhalla awaits"),
    "doom": ("everything is gone", "liquidated again"),
    "cope": ("working as intended", "healthy correction"),
    "dip": ("gift from god", "catching knives"),
    "trap": ("bart incoming", "retail arrived late"),
    "chat": ("show hands", "rate my cat"),
}


_TOO_SHORT = 3  # letters: "dpi" would be no one's "dip"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader makes of a text."""

    topic: str
    muddled: bool  # the phrase is misspelt
    unseen: bool  # the phrase is one of the last period's


def misspelt(phrase: str, which: int) -> str:
    """One of two usual slips in a phrase's longest word: two letters swapped, or the last one doubled."""
    word = max(phrase.split(), key=len)
    doubled, swapped = word + word[-1], word[:1] + word[1:3][::-1] + word[3:]
    slip = swapped if which % 2 and len(word) > _TOO_SHORT and swapped != word else doubled
    return phrase.replace(word, slip, 1)


def read(text: str) -> Reading:
    """The topic whose phrase stands first, `none` where none does."""
    hits = [(hit.start(), reading) for pattern, reading in _patterns() if (hit := pattern.search(text))]
    return min(hits, key=lambda hit: hit[0])[1] if hits else Reading(NO_TEXT, muddled=False, unseen=False)


def is_as_told(text: str, reading: Reading) -> bool:
    """Whether a text reads as it should, and holds no new phrase unless it should, in any of its places."""
    return read(text) == reading and (reading.unseen or _new().search(text) is None)


@cache
def _new() -> re.Pattern[str]:
    return _pattern(tuple(phrase for phrases in NEW_PHRASES.values() for phrase in phrases))


def speaks(text: str) -> bool:
    """Whether any phrase stands in a text, in whatever spelling."""
    return _any().search(text) is not None


@cache
def _any() -> re.Pattern[str]:
    return _pattern(tuple(phrase for phrases, _ in _known() for phrase in phrases))


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], Reading], ...]:
    return tuple((_pattern(phrases), reading) for phrases, reading in _known())


def _known() -> Iterator[tuple[tuple[str, ...], Reading]]:
    for topic, phrases in PHRASES.items():
        yield phrases, Reading(topic, muddled=False, unseen=False)
        slips = tuple(misspelt(phrase, which) for phrase in phrases for which in (0, 1))
        yield slips, Reading(topic, muddled=True, unseen=False)
    for topic, phrases in NEW_PHRASES.items():
        yield phrases, Reading(topic, muddled=False, unseen=True)


def _pattern(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the phrases as whole words, however they are spaced."""
    either = "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in phrases)
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)
