"""How far people agree, and what their votes come to."""

from collections import Counter
from collections.abc import Sequence


def settle(votes: Sequence[str | None], *, min_votes: int) -> str | None:
    """The strict majority of the labels given; None where disputed or fewer than `min_votes` gave one."""
    given = Counter(vote for vote in votes if vote is not None)
    if given.total() < max(1, min_votes):
        return None
    label, count = given.most_common(1)[0]
    return label if count * 2 > given.total() else None


def cohens_kappa(left: Sequence[str], right: Sequence[str]) -> float | None:
    """Agreement of two people beyond chance, -1..1 (Cohen 1960); None where chance alone explains all.

    Both sequences hold the same n posts in the same order.
    """
    n = len(left)
    if not n:
        return None
    observed = sum(a == b for a, b in zip(left, right, strict=True)) / n
    mine, theirs = Counter(left), Counter(right)
    chance = sum(mine[label] * theirs[label] for label in mine) / n**2
    return None if chance == 1 else (observed - chance) / (1 - chance)
