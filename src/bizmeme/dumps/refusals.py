"""Rows that cannot be taken, and batches of those that can."""

from collections.abc import Iterable, Iterator, Sequence

from bizmeme.core import cells
from bizmeme.errors import DataError
from bizmeme.ports.imports import Batch, RefusedRow, What


class UnusableError(DataError):
    """A row that cannot be taken: one sentence, the same for all rows alike, and what stood there.

    Readers turn it into a `RefusedRow`; it never leaves this folder.
    """

    def __init__(self, reason: str, value: object = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.value = cells.shown(value)

    def row(self, file: str, place: str, what: What) -> RefusedRow:
        """The row as it is listed."""
        return RefusedRow(file, place, what, self.reason, self.value)


def chunked(batches: Iterable[Batch], size: int) -> Iterator[Batch]:
    """Many small batches as fewer of at least `size` items each; the last one may be smaller."""
    waiting: list[Batch] = []
    held = 0
    for batch in batches:
        waiting.append(batch)
        held += len(batch.posts) + len(batch.labels) + len(batch.replies) + len(batch.refused)
        if held >= size:
            yield _joined(waiting)
            waiting, held = [], 0
    if waiting:
        yield _joined(waiting)


def _joined(batches: Sequence[Batch]) -> Batch:
    return Batch(
        posts=[each for batch in batches for each in batch.posts],
        labels=[each for batch in batches for each in batch.labels],
        replies=[each for batch in batches for each in batch.replies],
        refused=[each for batch in batches for each in batch.refused],
        share=batches[-1].share,
    )
