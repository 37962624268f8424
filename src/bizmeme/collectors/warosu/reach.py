"""How far earlier walks came: where the next one begins or ends."""

from collections.abc import Sequence

from bizmeme.core.files import Kind
from bizmeme.shell.journal import Journal
from bizmeme.sources.warosu.reader import Tally

Post = tuple[int, int]
"""Number and second, UTC."""

_WALKED = "INSERT OR REPLACE INTO walks VALUES (?, ?, ?, ?, ?)"


class Reach:
    """ports.sources.Extent, from the journal."""

    def __init__(self, journal: Journal, source: str, *, kinds: Sequence[Kind]) -> None:
        self._journal = journal
        self._source = source
        self._kinds = kinds

    def newest(self) -> Post | None:
        """The newest post of all finished walks."""
        return self._ends()[0]

    def oldest(self) -> Post | None:
        """The oldest post of all walks."""
        return self._ends()[1]

    def complete(self, thread_no: int) -> bool:
        """Whether a thread may be passed over: its own page is held for good, and no files are asked for.

        Where they are, its page comes from the journal, and so it is seen which of them are missing.
        """
        board = self._source.partition("/")[2]
        return not self._kinds and self._journal.frozen(self._source, f"/{board}/thread/{thread_no}")

    def walked(self, tally: Tally) -> None:
        """Note what a walk found; one that was cut off moves no newest end, else it would leave a gap."""
        newest, oldest = self._ends()
        if tally.finished and tally.newest is not None:
            newest = max(newest or tally.newest, tally.newest)
        if tally.oldest is not None:
            oldest = min(oldest or tally.oldest, tally.oldest)
        with self._journal.transaction():
            row = (self._source, *(newest or (None, None)), *(oldest or (None, None)))
            self._journal.database.execute(_WALKED, row)

    def _ends(self) -> tuple[Post | None, Post | None]:
        query = "SELECT newest_no, newest_at, oldest_no, oldest_at FROM walks WHERE source = ?"
        row = self._journal.database.execute(query, (self._source,)).fetchone() or (None,) * 4
        return _post(row[0], row[1]), _post(row[2], row[3])


def _post(no: int | None, posted_at: int | None) -> Post | None:
    return None if no is None or posted_at is None else (no, posted_at)
