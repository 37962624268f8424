"""What posts say: one stock phrase of the post's topic among clauses that say nothing about its mood.

    "checked the chart 14 times today\nwe are so back\nanyone still holding silver?"     topic: moon

Lengths, greentext, question marks, capitals, addresses and coins follow what was measured on 1,322 real
opening posts (docs/realism.md). The phrase stands among the first words: longer texts are cut in prompts.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from bizmeme.sandbox.dice import happens
from bizmeme.sandbox.moods import NO_TEXT
from bizmeme.sandbox.words.lexicon import CLAUSES, Lexicon
from bizmeme.sandbox.words.phrases import NEW_PHRASES, PHRASES, Reading, is_as_told, misspelt, speaks

MAX_CHARS = 2_000  # of a comment: the board's own limit
PHRASE_WITHIN_WORDS = 20

_ADDRESSES = (
    "https://charts.example.org/embed/btc-usd?range=1y&theme=dark&compare=gold",
    "https://example.com/news/markets-this-week",
    "https://www.example.net/exchange/volume/daily?sort=desc",
)
_ENDS = ("", "", "", "", ".", "!", "...", "!!", ".", "..", "!!!", " lol", " :(", " :)", ")", " bros")
_QUOTES = ("“{}”", "‘{}’", "{}…", "{} — anyway", "señor, {}", "über {}")

# Words of a post that has text: percentiles from the real board.
_PERCENT = (0, 2.6, 18.8, 45.9, 72.9, 89.2, 94.6, 98.9, 100)
_WORDS = (1, 1, 5, 11, 26, 63, 94, 215, 363)
# Bullish posts are short and neutral ones long, since their topics are.
_LENGTH: Mapping[str, float] = {"moon": 0.25, "dip": 0.9, "doom": 0.35, "trap": 1.2, "cope": 1.8, "chat": 1.2}

_LONG_WORDS = 90  # such posts are as long on any topic

_ADDRESS_SHARE = 0.05
_GREENTEXT_SHARE = 0.17
_CAPITALS_SHARE = 0.09
_TYPOGRAPHY_SHARE = 0.008  # of clauses
_NEW_LINE_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Saying:
    """What a text is about; its words are drawn when they are asked for."""

    topic: str
    period: int  # whose vocabulary it uses
    muddled: bool = False  # its phrase is misspelt
    unseen: bool = False  # its phrase is one of the last period's


@cache
def lexicon(period: int) -> Lexicon:
    """The vocabulary of a period."""
    return Lexicon.of(period)


def compose(saying: Saying, dice: random.Random) -> str:
    """A post's text as its writer typed it, lines parted by newlines; empty for the topic `none`."""
    if saying.topic == NO_TEXT:
        return ""
    words = float(np.interp(100 * dice.random(), _PERCENT, _WORDS))
    usual = _LENGTH[saying.topic] if words < _LONG_WORDS else 1.0
    return worded(saying, round(usual * words), dice)


def worded(saying: Saying, words: int, dice: random.Random) -> str:
    """A text of about so many words, at most as long as the board allows.

    Two clauses may make a phrase between them; such a text is thrown away.
    """
    told = Reading(saying.topic, muddled=saying.muddled, unseen=saying.unseen)
    while not is_as_told(text := _attempt(saying, words, dice), told):
        pass
    return text


def _attempt(saying: Saying, words: int, dice: random.Random) -> str:
    phrase = _phrase(saying, words, dice)
    clauses = filler(words - len(phrase.split()), dice, period=saying.period)
    clauses.insert(_place(clauses, dice), phrase)
    if happens(dice, _ADDRESS_SHARE):
        clauses.append(dice.choice(_ADDRESSES))
    text = (_laid_out(clauses, dice) + dice.choice(_ENDS))[:MAX_CHARS].rstrip()
    return text.upper() if happens(dice, _CAPITALS_SHARE) else text


def _phrase(saying: Saying, words: int, dice: random.Random) -> str:
    known = (NEW_PHRASES if saying.unseen else PHRASES)[saying.topic]
    phrase = dice.choice([phrase for phrase in known if len(phrase.split()) <= words] or known)
    return misspelt(phrase, dice.randrange(2)) if saying.muddled else phrase


def _place(clauses: list[str], dice: random.Random) -> int:
    """Before which clause the phrase stands: any of those that begin among the first words."""
    words, places = 0, 1
    for clause in clauses:
        words += len(clause.split())
        places += words <= PHRASE_WITHIN_WORDS
    return dice.randrange(places)


def filler(words: int, dice: random.Random, *, period: int) -> list[str]:
    """Clauses of `words` words in all, none of which speaks of any topic."""
    clauses: list[str] = []
    while words > 0:
        clause = _clause(dice, lexicon(period)) if words > 1 else ""
        if not clause or len(clause.split()) > words or speaks(clause):
            clause = lexicon(period).draw("interjection", dice)
        clauses.append(clause)
        words -= len(clause.split())
    return clauses


def _clause(dice: random.Random, lexicon: Lexicon) -> str:
    clause = re.sub(r"{(\w+)}", lambda slot: lexicon.draw(slot[1], dice), dice.choice(CLAUSES))
    return dice.choice(_QUOTES).format(clause) if happens(dice, _TYPOGRAPHY_SHARE) else clause


def _laid_out(clauses: list[str], dice: random.Random) -> str:
    """Clauses set in lines; in some posts the lines are greentext."""
    green = happens(dice, _GREENTEXT_SHARE)
    text = ">" + clauses[0] if green else clauses[0]
    for clause in clauses[1:]:
        if green or happens(dice, _NEW_LINE_SHARE):
            text += "\n" + (">" if green and happens(dice, 0.8) else "") + clause
        else:
            text += (" " if text.endswith("?") else dice.choice((" ", ", ", ". "))) + clause
    return text


def subject(dice: random.Random, *, period: int) -> str:
    """A thread's subject; it says nothing about its mood."""
    words = round(float(np.interp(dice.random(), (0, 0.05, 0.5, 0.95, 1), (1, 1, 5, 12, 14))))
    return " ".join(filler(words, dice, period=period)).capitalize()
