"""Which mood a post has: a table of scene and topic.

The table is made so that neither picture nor text suffices. Flames over "this is fine" are bearish, and over
"its so over" the board's gallows humour is bullish; a crash is a chance under "buy the dip" and no news under
"exit liquidity". Table and odds were searched for, so that the mix of moods is the one measured on 1,322 real
opening posts (34 / 48 / 18 %), either side alone stays below .60, and a text's meaning shifts from one market
period to another by as much as it does there (8 points of accuracy).
"""

from collections.abc import Mapping
from typing import Literal

Mood = Literal["bearish", "neutral", "bullish"]
Odds = Mapping[str, float]

MOODS: tuple[Mood, ...] = ("bearish", "neutral", "bullish")
NO_TEXT = "none"

SCENES: Odds = {"climb": 0.19, "crash": 0.15, "range": 0.18, "flames": 0.14, "rocket": 0.14, "clown": 0.20}
# 7.6 % of the real opening posts have no text at all.
TOPICS: Odds = {
    "moon": 0.13, "doom": 0.19, "cope": 0.17, "dip": 0.12, "trap": 0.18, "chat": 0.134, NO_TEXT: 0.076,
}  # fmt: skip

_LETTERS: Mapping[str, Mood] = {"r": "bearish", "n": "neutral", "g": "bullish"}
_ROWS = {
    # moon doom cope dip trap chat none
    "climb": "gnnnrgg",
    "crash": "rrrgnnr",
    "range": "nrnnrnn",
    "flames": "ngrnrrr",
    "rocket": "ggnnrgn",
    "clown": "rnrnnnn",
}
TABLE: Mapping[tuple[str, str], Mood] = {
    (scene, topic): _LETTERS[letter]
    for scene, row in _ROWS.items()
    for topic, letter in zip(TOPICS, row, strict=True)
}
