"""Stretches of time: which of them are covered, and what is left between.

    covered    [1, 3) [5, 6)         uncovered within [0, 9)    [0, 1) [3, 5) [6, 9)

Seconds since 1970, UTC; a stretch begins with its first second and ends before its last one.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Stretch(NamedTuple):
    """From one moment to another; without any length it is none."""

    begins_s: float
    ends_s: float

    def meets(self, first_s: float, last_s: float) -> bool:
        """Whether a moment from the first to the last, both included, lies within."""
        return self.begins_s <= last_s and first_s < self.ends_s


def united(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same moments in as few stretches as there can be, the earliest first."""
    made: list[Stretch] = []
    for each in sorted(each for each in stretches if each.begins_s < each.ends_s):
        if made and each.begins_s <= made[-1].ends_s:
            made[-1] = Stretch(made[-1].begins_s, max(made[-1].ends_s, each.ends_s))
        else:
            made.append(each)
    return made


def uncovered(covered: Iterable[Stretch], within: Stretch) -> list[Stretch]:
    """The moments of a stretch that none of those covers, the earliest first."""
    left: list[Stretch] = []
    begins_s = within.begins_s
    for each in united(covered):
        left.append(Stretch(begins_s, min(each.begins_s, within.ends_s)))
        begins_s = max(begins_s, each.ends_s)
    left.append(Stretch(begins_s, within.ends_s))
    return [each for each in left if each.begins_s < each.ends_s]


def grouped(stretches: Sequence[Stretch], *, apart_s: float) -> list[list[Stretch]]:
    """Stretches, the earliest first, in groups that lie at least so far apart."""
    groups: list[list[Stretch]] = []
    for each in stretches:
        if groups and each.begins_s - groups[-1][-1].ends_s < apart_s:
            groups[-1].append(each)
        else:
            groups.append([each])
    return groups
