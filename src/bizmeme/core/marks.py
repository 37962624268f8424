"""What a day is marked with: its market period, where a world knows it, and its part of the split."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bizmeme.core.splits import HeldOut, Part, part_of_day

NAMES: dict[Part, str] = {"gold": "gold", "val": "val", "last": "last", "embargo": "embargo"}
"""Parts that are not trained on, as people read them; `last` is the last period."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days in a row, both included, with a name: `greed`, or a part of the split."""

    name: str
    first: date
    last: date


def periods(first_day: date, turns: Iterable[tuple[str, int]]) -> list[Stretch]:
    """Market periods from (regime, days) in turn."""
    found, day = list[Stretch](), first_day
    for regime, days in turns:
        found.append(Stretch(regime, day, day + timedelta(days=days - 1)))
        day += timedelta(days=days)
    return found


def held_out(first: date, last: date, rule: HeldOut, *, seed: int) -> list[Stretch]:
    """The days from `first` to `last` whose threads are not trained on, those in a row together."""
    found = list[Stretch]()
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        name = NAMES.get(part_of_day(day, rule, seed=seed))
        if name and found and found[-1].name == name and found[-1].last == day - timedelta(days=1):
            found[-1] = Stretch(name, found[-1].first, day)
        elif name:
            found.append(Stretch(name, day, day))
    return found


def within(stretches: Sequence[Stretch], first: date, last: date) -> list[Stretch]:
    """What of the stretches lies between two days, both included."""
    return [
        Stretch(each.name, max(each.first, first), min(each.last, last))
        for each in stretches
        if each.first <= last and each.last >= first
    ]


def told(stretches: Sequence[Stretch], first: date, last: date) -> str:
    """The names that fall between two days: 'greed'; with days where they are fewer: 'gold 2, val 1'."""
    days = Counter[str]()
    for each in within(stretches, first, last):
        days[each.name] += (each.last - each.first).days + 1
    whole = (last - first).days + 1
    return ", ".join(name if count == whole else f"{name} {count}" for name, count in days.items())
