"""How far earlier walks came: where the next one begins or ends."""

from collections.abc import Sequence

from bizmeme.core.files import Kind
from bizmeme.core.stretches import Stretch, united
from bizmeme.shell.journal import Journal
from bizmeme.sources.warosu.reader import Tally

Post = tuple[int, int]
"""Number and second, UTC."""

_OLDEST = "INSERT OR REPLACE INTO walks (source, oldest_no, oldest_at) VALUES (?, ?, ?)"


class Reach:
    """sources.warosu.reader.Extent, from the journal."""

    def __init__(self, journal: Journal, source: str, *, kinds: Sequence[Kind]) -> None:
        self._journal = journal
        self._source = source
        self._kinds = kinds

    def covered(self) -> list[Stretch]:
        """Stretches of which finished walks have looked for every post, the earliest first."""
        query = "SELECT begins_at, ends_at FROM covered WHERE source = ? ORDER BY begins_at"
        return [Stretch(*row) for row in self._journal.database.execute(query, (self._source,))]

    def oldest(self) -> Post | None:
        """The oldest post of all walks."""
        query = "SELECT oldest_no, oldest_at FROM walks WHERE source = ?"
        row = self._journal.database.execute(query, (self._source,)).fetchone()
        return (row[0], row[1]) if row else None

    def complete(self, thread_no: int) -> bool:
        """Whether a thread may be passed over: its own page is held for good, and no files are asked for.

        Where they are, its page comes from the journal, and so it is seen which of them are missing.
        """
        board = self._source.partition("/")[2]
        return not self._kinds and self._journal.frozen(self._source, f"/{board}/thread/{thread_no}")

    def walked(self, tally: Tally, *, begun_at: float) -> None:
        """Note what a walk brought that began at that second, finished or not.

        Nothing later is covered, whatever a stamp says: a continued walk would pass over it for good.
        """
        new = (Stretch(max(each.begins_s, 0), min(each.ends_s, begun_at)) for each in tally.covered)
        covered = united([*self.covered(), *new])
        database = self._journal.database
        with self._journal.transaction():
            database.execute("DELETE FROM covered WHERE source = ?", (self._source,))
            rows = ((self._source, int(each.begins_s), int(each.ends_s)) for each in covered)
            database.executemany("INSERT INTO covered VALUES (?, ?, ?)", rows)
            if tally.oldest is not None:
                oldest = min(self.oldest() or tally.oldest, tally.oldest)
                database.execute(_OLDEST, (self._source, *oldest))
