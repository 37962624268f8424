"""Which posts each project shows, and in which order: its own, by hash, so that no two people share one.

A repeat stands half a round away from the first showing, in the same project. What `label extend` adds comes
after everything that was there before: whoever labels goes on where they were.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from bizmeme.core.annotations import Key, Project
from bizmeme.core.splits import unit_hash


@dataclass(frozen=True, slots=True)
class Turn:
    """One showing of a post."""

    key: Key
    repeat: bool


def turns(sample: pl.DataFrame, project: Project, *, seed: int) -> list[Turn]:
    """The showings of a project, in order; `sample` has board, no, batch, second and repeat.

    `first` shows everything and the repeats, `second` its share, the others nothing: what stands there is not
    known when the sample is drawn.
    """
    placed = sorted(_placed(sample, project, seed=seed), key=lambda each: each[:2])
    return [turn for *_, turn in placed]


def _placed(sample: pl.DataFrame, project: Project, *, seed: int) -> Iterator[tuple[int, float, Turn]]:
    """(batch, place in it, showing)."""
    columns = sample.select("board", "no", "batch", "second", "repeat").iter_rows()
    for board, no, batch, second, repeat in columns:
        place = unit_hash("turn", seed, project, board, no)
        if project == "first" or (project == "second" and second):
            yield batch, place, Turn((board, no), repeat=False)
        if project == "first" and repeat:
            yield batch, (place + 0.5) % 1, Turn((board, no), repeat=True)
