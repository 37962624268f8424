"""What the journal notes of files: which are wanted, and what became of each (core/files.py: the words)."""

from collections.abc import Iterable, Iterator

from bizmeme.core.files import ELSEWHERE, Kind, Pending, Seen, Status, Wanted, at_first
from bizmeme.shell.journal import Journal

_WANT = (
    "INSERT INTO media (source, key, kind, path, status) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (source, key, kind) DO UPDATE SET path = excluded.path, status = 'wanted', tries = 0, "
    f"mishaps = 0 WHERE status IN ({', '.join(repr(each) for each in sorted(ELSEWHERE))}) "
    "AND path != excluded.path"
)
_NOTE = (
    "UPDATE media SET status = ?, tries = ?, mishaps = ?, sha256 = ?, width_px = ?, height_px = ?, "
    "animated = ? WHERE (source, key, kind) = (?, ?, ?)"
)


class FileNotes:
    """The files of one source."""

    def __init__(self, journal: Journal, source: str) -> None:
        self._journal = journal
        self._database = journal.database
        self._source = source

    def want(self, files: Iterable[Wanted]) -> None:
        """Note files to fetch, each once; one that could not be had is tried where another post shows it."""
        rows = ((self._source, each.key, each.kind, each.path, at_first(each)) for each in files)
        self._database.executemany(_WANT, rows)

    def note(self, files: Iterable[Wanted]) -> None:
        """The same, written down at once."""
        with self._journal.transaction():
            self.want(files)

    def pending(self, file: Wanted) -> Pending | None:
        """How often a file was tried; None where it is not to be fetched."""
        query = "SELECT tries, mishaps FROM media WHERE (source, key, kind) = (?, ?, ?) AND status = 'wanted'"
        row = self._database.execute(query, (self._source, file.key, file.kind)).fetchone()
        return Pending(file, *row) if row else None

    def next_file(self) -> Pending | None:
        """The next file to fetch: thumbnails first, before those the untried ones."""
        query = (
            "SELECT key, kind, path, tries, mishaps FROM media WHERE source = ? AND status = 'wanted' "
            "ORDER BY tries, kind DESC, path LIMIT 1"
        )
        row = self._database.execute(query, (self._source,)).fetchone()
        return Pending(Wanted(row[0], row[1], row[2]), row[3], row[4]) if row else None

    def note_file(
        self, after: Pending, status: Status, *, sha256: str | None = None, seen: Seen | None = None
    ) -> None:
        """Write down what came of a file, after that many tries."""
        shown = (seen.width_px, seen.height_px, seen.animated) if seen else (None, None, None)
        key = (self._source, after.file.key, after.file.kind)
        with self._journal.transaction():
            self._database.execute(_NOTE, (status, after.tries, after.mishaps, sha256, *shown, *key))

    def files(self) -> Iterator[tuple[str, Kind, str, Status, str | None]]:
        """Every file noted: key, kind, path, status, SHA-256."""
        query = "SELECT key, kind, path, status, sha256 FROM media WHERE source = ? ORDER BY key, kind"
        yield from self._database.execute(query, (self._source,))
