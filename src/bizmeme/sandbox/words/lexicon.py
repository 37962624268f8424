"""The words around a phrase: a board's everyday vocabulary, which drifts from one market period to the next.

A word's frequency falls with its rank (Zipf), every period has its own ranks for a part of the words, and
prices, tickers and projects are coined on the spot. So half of all types occur once, and a later period's
words are partly new, as on the real board. None of it says anything about a post's mood.
"""

import random
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import accumulate
from typing import Any

from bizmeme.sandbox.dice import happens, stream

_WORDS: Mapping[str, Any] = tomllib.loads(
    resources.files(__package__).joinpath("words.toml").read_text("utf-8")
)
CLAUSES: Sequence[str] = _WORDS["clauses"]
_POOLS: Mapping[str, Sequence[str]] = {
    name: [word.strip() for word in (text.split("|") if "|" in text else text.split())]
    for name, text in _WORDS.items()
    if name != "clauses"
}
_ENDINGS: Mapping[str, Sequence[str]] = {
    "noun": ("",) * 40
    + ("s",) * 16
    + ("bros", "maxxing", "posting", "pilled", "less", "like", "-tier", "er"),
    "adjective": ("",) * 20 + ("ish", "er", "-ish", "maxxing"),
}
_SHORT_VERB = 4  # letters: "swap" doubles its last, "visit" does not
_SLIP_SHARE = 0.06  # of ordinary words
_YEARS = ("2013", "2017", "2018", "2019", "2020", "2021", "2022", "2024")
# Share of real posts that name each: btc 8, gold 4, silver 3, link 2, eth 2 %.
_COINS: Mapping[str, float] = {"btc": 5, "bitcoin": 3, "gold": 3.3, "silver": 3.5, "link": 2.5, "eth": 2}

_FASHIONABLE_SHARE = 0.3  # of a pool's words, anew in each period
_FASHION = 8.0


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of one period; `draw(slot, dice)` fills a clause's slot."""

    pools: Mapping[str, tuple[Sequence[str], Sequence[float]]]  # words and cumulated weights

    @classmethod
    def of(cls, period: int) -> "Lexicon":
        """The lexicon of the world's period of that index; the same in every world."""
        return cls({name: _ranked(name, period) for name in _POOLS})

    def draw(self, slot: str, dice: random.Random) -> str:
        """A word for a slot."""
        if slot in self.pools:
            words, weights = self.pools[slot]
            word = dice.choices(words, cum_weights=weights)[0] + dice.choice(_ENDINGS.get(slot, ("",)))
            return _slipped(word, dice) if happens(dice, _SLIP_SHARE) else word
        if slot == "verbing":
            return _gerund(self.draw("verb", dice))
        return _COINED[slot](dice)


def _ranked(name: str, period: int) -> tuple[Sequence[str], Sequence[float]]:
    words = list(_POOLS[name])
    stream("ranks", name).shuffle(words)
    fashion = stream("fashion", name, period)
    weights = [
        (_FASHION if fashion.random() < _FASHIONABLE_SHARE else 1.0) / (rank + 80)
        for rank in range(len(words))
    ]
    return words, list(accumulate(weights))


def _slipped(word: str, dice: random.Random) -> str:
    """Two letters swapped, one left out, or one doubled, anywhere."""
    at, kind = dice.randrange(len(word)), dice.randrange(3)
    if kind == 0:
        return word[:at] + word[at : at + 2][::-1] + word[at + 2 :]
    return word[:at] + (word[at] * 2 if kind == 1 else "") + word[at + 1 :] or word


def _gerund(verb: str) -> str:
    if verb.endswith("e") and not verb.endswith("ee"):
        return verb[:-1] + "ing"
    doubles = len(verb) <= _SHORT_VERB and verb != "open" and re.search(r"[^aeiou][aeiou][^aeiouwxy]$", verb)
    return verb + (verb[-1] if doubles else "") + "ing"


_PRICES: Sequence[Callable[[random.Random], str]] = (
    lambda dice: f"${dice.randrange(1, 200)}k",
    lambda dice: f"${dice.randrange(100, 130_000):,}",
    lambda dice: f"0.{dice.randrange(1, 10_000):04d}",
    lambda dice: f"${10 ** dice.uniform(0, 3):.2f}",
)


def _price(dice: random.Random) -> str:
    kind = dice.choice(_PRICES)
    return kind(dice)


def _project(dice: random.Random) -> str:
    syllables = [
        dice.choice(_POOLS["onset"]) + dice.choice(_POOLS["rhyme"]) for _ in range(dice.choice((2, 2, 3)))
    ]
    return "".join(syllables) + dice.choice(("", "", "", "swap", "dao", "fi", "chain", "coin"))


def _ticker(dice: random.Random) -> str:
    return "$" + "".join(dice.choice("ABCDEFGHIKLMNOPRSTUVWXZ") for _ in range(dice.choice((3, 4, 4, 5))))


_COINED: Mapping[str, Callable[[random.Random], str]] = {
    "coin": lambda dice: dice.choices(tuple(_COINS), tuple(_COINS.values()))[0],
    "n": lambda dice: str(round(10 ** dice.uniform(0.3, 3.2))),
    "percent": lambda dice: f"{dice.randrange(1, 100)}%",
    "year": lambda dice: dice.choice(_YEARS),
    "price": _price,
    "project": _project,
    "ticker": _ticker,
}
