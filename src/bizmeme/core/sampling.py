"""A stratified random sample whose weights add up to the population."""

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bizmeme.core.splits import unit_hash

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Candidate(Generic[K]):
    """One member of the population."""

    key: K
    stratum: str


@dataclass(frozen=True, slots=True)
class Drawn(Generic[K]):
    """One sampled member; `weight` is how many of the population it stands for."""

    key: K
    stratum: str
    weight: float


def allocate(sizes: dict[str, int], wanted: int) -> dict[str, int]:
    """Places per stratum: one each where there are enough, the rest in proportion, largest remainders first.

    Never more than a stratum has. With fewer places than strata, the largest strata get them.
    """
    wanted = min(wanted, sum(sizes.values()))
    by_size = sorted(sizes, key=lambda name: (-sizes[name], name))
    places = {name: int(rank < wanted) for rank, name in enumerate(by_size)}
    left, spare = wanted - sum(places.values()), sum(sizes.values()) - sum(places.values())
    exact = {name: left * (sizes[name] - places[name]) / spare if spare else 0.0 for name in by_size}
    places = {name: places[name] + math.floor(exact[name]) for name in by_size}
    by_remainder = sorted(by_size, key=lambda name: (math.floor(exact[name]) - exact[name], name))
    for name in by_remainder[: wanted - sum(places.values())]:
        places[name] += 1
    return places


def stratified(population: Sequence[Candidate[K]], wanted: int, *, seed: int) -> list[Drawn[K]]:
    """Draw `wanted` members (all, where there are fewer), in an order that keys and seed decide."""
    strata: dict[str, list[Candidate[K]]] = defaultdict(list)
    for one in population:
        strata[one.stratum].append(one)
    places = allocate({name: len(members) for name, members in strata.items()}, wanted)
    drawn: list[Drawn[K]] = []
    for name in sorted(strata):
        shuffled = sorted(strata[name], key=lambda one: unit_hash("sample", seed, one.key))
        taken = shuffled[: places[name]]
        drawn += [Drawn(one.key, name, len(shuffled) / len(taken)) for one in taken]
    return drawn
