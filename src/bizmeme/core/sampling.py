"""A stratified random sample that can be extended, and whose weights add up to the population.

sizes = {"busy": 60, "quiet": 40}                      the population
allocate(sizes, 10, most={"busy": 4, "quiet": 40})     {"busy": 4, "quiet": 6}: four busy ones can be drawn
"""

import math
from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bizmeme.core.splits import unit_hash

K = TypeVar("K", bound=Hashable)
_HALVINGS = 100  # of the interval in which a rate is looked for: to the last bit of a float


@dataclass(frozen=True, slots=True)
class Member(Generic[K]):
    """One of those who can be drawn."""

    key: K
    stratum: str


def allocate(
    sizes: Mapping[str, int],
    wanted: int,
    *,
    most: Mapping[str, int] | None = None,
    held: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """Places per stratum: one each where there are enough, else in proportion to its size.

    Never more than `most` (by default its size) and never fewer than `held`, which may not exceed it. With
    fewer places than strata, the largest get them. What is left by rounding down goes to the largest
    remainders, so that each stratum without such a bound is within one place of its exact share.
    """
    highest = {name: sizes[name] if most is None else most.get(name, 0) for name in sizes}
    wanted = min(wanted, sum(highest.values()))
    lowest = _lowest(sizes, wanted, highest, held or {})
    exact = _shared(sizes, wanted, lowest, highest)
    places = {name: math.floor(exact[name]) for name in sizes}
    by_remainder = sorted(sizes, key=lambda name: (places[name] - exact[name], name))
    for name in by_remainder[: wanted - sum(places.values())]:
        places[name] += 1
    return places


def _lowest(
    sizes: Mapping[str, int], wanted: int, highest: Mapping[str, int], held: Mapping[str, int]
) -> dict[str, int]:
    """What each stratum has at least: what is held of it, else one place, the largest strata first."""
    lowest = {name: held.get(name, 0) for name in sizes}
    left = wanted - sum(lowest.values())
    empty = [name for name in sizes if highest[name] and not lowest[name]]
    for name in sorted(empty, key=lambda name: (-sizes[name], name))[:left]:
        lowest[name] = 1
    return lowest


def _shared(
    sizes: Mapping[str, int], wanted: int, lowest: Mapping[str, int], highest: Mapping[str, int]
) -> dict[str, float]:
    """One rate for all strata, cut to each one's bounds, so that the places come to `wanted`."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        rate = (low + high) / 2
        below = sum(_cut(rate * sizes[name], lowest[name], highest[name]) for name in sizes) < wanted
        low, high = (rate, high) if below else (low, rate)
    return {name: _cut(high * sizes[name], lowest[name], highest[name]) for name in sizes}


def _cut(value: float, low: int, high: int) -> float:
    return min(max(value, low), high)


def drawn(members: Sequence[Member[K]], places: Mapping[str, int], *, seed: int) -> set[K]:
    """So many members of each stratum as it has places, chosen by a hash of key and seed."""
    left, chosen = Counter(places), set[K]()
    for one in sorted(members, key=lambda one: unit_hash("sample", seed, one.key)):
        if left[one.stratum] > 0:
            left[one.stratum] -= 1
            chosen.add(one.key)
    return chosen


def weights(sizes: Mapping[str, int], sampled: Collection[str]) -> dict[str, float]:
    """How many of the population a sampled member of each stratum stands for.

    `sampled` holds the stratum of every sampled member. What a stratum without one holds is spread over all
    others, so that the weights of all members add up to the population.
    """
    counts = Counter(name for name in sampled if sizes.get(name))
    covered = sum(sizes[name] for name in counts)
    spread = sum(sizes.values()) / covered if covered else 0.0
    return {name: sizes[name] / count * spread for name, count in counts.items()}


def spread(members: Sequence[Member[K]], share: float, *, what: str, seed: int) -> set[K]:
    """That share of the members, rounded, at even distances through the strata; chosen by hash within each.

    Shares of another name, `what`, are chosen independently.
    """
    ordered = sorted(members, key=lambda one: (one.stratum, unit_hash(what, seed, one.key)))
    count = math.floor(share * len(ordered) + 0.5)
    return {ordered[math.floor((index + 0.5) * len(ordered) / count)].key for index in range(count)}
