"""What the journal notes of files: which are wanted, and what became of each (core/files.py: the words)."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from bizmeme.core.files import ELSEWHERE, Kind, Pending, Seen, Status, Wanted, at_first
from bizmeme.shell.journal import Journal

_BATCH = 1_000  # files a transaction

_WANT = (
    "INSERT INTO media (source, key, kind, path, longest_px, status, tries, mishaps) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (source, key, kind) DO UPDATE SET path = excluded.path, longest_px = excluded.longest_px, "
    "status = 'wanted', tries = excluded.tries, mishaps = excluded.mishaps WHERE path != excluded.path AND "
    f"(status IN ({', '.join(repr(each) for each in sorted(ELSEWHERE))}) OR longest_px < excluded.longest_px)"
)
# What another source holds under the board's md5 need not be fetched; a path is a key of one source alone.
_SHARE = (
    "UPDATE media SET status = 'ok', sha256 = other.sha256, width_px = other.width_px, "
    "height_px = other.height_px, animated = other.animated FROM media AS other "
    "WHERE (media.source, media.key, media.kind, media.status) = (?, ?, ?, 'wanted') "
    "AND other.key = media.key AND other.kind = media.kind AND other.key LIKE '%==' "
    "AND other.source != media.source AND other.status = 'ok' AND other.longest_px >= media.longest_px"
)
# A larger thumbnail that could not be had leaves the smaller one that is held.
_NOTE = (
    "UPDATE media SET status = IIF(sha256 IS NULL OR :status = 'wanted', :status, 'ok'), tries = :tries, "
    "mishaps = :mishaps WHERE (source, key, kind) = (:source, :key, :kind)"
)
_HOLD = (
    "UPDATE media SET sha256 = ?, width_px = ?, height_px = ?, animated = ? "
    "WHERE (source, key, kind) = (?, ?, ?)"
)


class FileNotes:
    """The files of one source."""

    def __init__(self, journal: Journal, source: str) -> None:
        self._journal = journal
        self._database = journal.database
        self._source = source

    def want(self, files: Iterable[Wanted]) -> None:
        """Note files to fetch, each once.

        One that could not be had is tried where another post shows it, and so is one that is larger there.
        """
        self._want(map(Pending, files))

    def _want(self, files: Iterable[Pending]) -> None:
        for each in files:
            file, key = each.file, (self._source, each.file.key, each.file.kind)
            how = (file.path, file.longest_px, at_first(file), each.tries, each.mishaps)
            self._database.execute(_WANT, (*key, *how))
            self._database.execute(_SHARE, key)

    def note(self, files: Iterable[Wanted]) -> None:
        """The same, written down at once."""
        with self._journal.transaction():
            self.want(files)

    async def switch(
        self, kinds: Sequence[Kind], shown: Callable[[Sequence[Kind]], Iterable[Pending]]
    ) -> None:
        """Note files of these kinds from now on; of one that was off until now, those of all posts held, too.

        `shown` gives the latter. A kind counts as on only once they are all noted, so a kill repeats this.
        """
        query = "SELECT kind FROM kinds WHERE source = ?"
        on = {row[0] for row in self._database.execute(query, (self._source,))}
        files = iter(shown(new) if (new := [kind for kind in kinds if kind not in on]) else ())
        while batch := list(islice(files, _BATCH)):
            with self._journal.transaction():
                self._want(batch)
            await asyncio.sleep(0)  # lets Ctrl-C in
        with self._journal.transaction():
            self._database.execute("DELETE FROM kinds WHERE source = ?", (self._source,))
            rows = ((self._source, kind) for kind in dict.fromkeys(kinds))
            self._database.executemany("INSERT INTO kinds VALUES (?, ?)", rows)

    def pending(self, file: Wanted) -> Pending | None:
        """How often a file was tried; None where it is not to be fetched."""
        query = "SELECT tries, mishaps FROM media WHERE (source, key, kind) = (?, ?, ?) AND status = 'wanted'"
        row = self._database.execute(query, (self._source, file.key, file.kind)).fetchone()
        return Pending(file, *row) if row else None

    def next_file(self) -> Pending | None:
        """The next file to fetch: thumbnails first, before those the untried ones."""
        query = (
            "SELECT key, kind, path, longest_px, tries, mishaps FROM media "
            "WHERE source = ? AND status = 'wanted' ORDER BY tries, kind DESC, path LIMIT 1"
        )
        row = self._database.execute(query, (self._source,)).fetchone()
        return Pending(Wanted(*row[:4]), *row[4:]) if row else None

    def note_file(
        self, after: Pending, status: Status, *, sha256: str | None = None, seen: Seen | None = None
    ) -> None:
        """Write down what came of a file, after that many tries; of a usable one, what it is."""
        key = (self._source, after.file.key, after.file.kind)
        named = dict(zip(("source", "key", "kind"), key, strict=True))
        with self._journal.transaction():
            if seen is not None:
                shown = (sha256, seen.width_px, seen.height_px, seen.animated)
                self._database.execute(_HOLD, (*shown, *key))
            told = {"status": status, "tries": after.tries, "mishaps": after.mishaps}
            self._database.execute(_NOTE, named | told)

    def files(self) -> Iterator[tuple[str, Kind, str, Status, str | None]]:
        """Every file noted: key, kind, path, status, SHA-256."""
        query = "SELECT key, kind, path, status, sha256 FROM media WHERE source = ? ORDER BY key, kind"
        yield from self._database.execute(query, (self._source,))
