"""A journal: everything paid for or received from outside, written down before it is used.

`pages` are answers of the sources. What was asked of vision APIs is in its ledger (ledger.py).
"""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bizmeme.ports.sources import Page
from bizmeme.shell.imports import Imports
from bizmeme.shell.paying.ledger import Ledger
from bizmeme.shell.transactions import transaction


@dataclass(frozen=True, slots=True)
class Held:
    """A page as it stands in the journal; a frozen one is never asked for again."""

    page: Page
    frozen: bool


class Journal:
    """An open journal; `open_journal` in journals.py opens one."""

    def __init__(self, database: sqlite3.Connection, origin: str, home: Path) -> None:
        self.database = database
        self.origin = origin
        self.home = home  # $BIZMEME_HOME, where the files of its posts lie, too
        self.imports = Imports(database)
        self.ledger = Ledger(database)

    # --- pages

    def page(self, source: str, path: str) -> Page | None:
        """The page held, whatever its age; None where none is."""
        row = self.database.execute(
            "SELECT path, status, last_modified, body FROM pages WHERE source = ? AND path = ?",
            (source, path),
        ).fetchone()
        return _unpacked(*row) if row else None

    def frozen(self, source: str, path: str) -> bool:
        """Whether the page held never changes again."""
        query = "SELECT frozen FROM pages WHERE source = ? AND path = ?"
        row = self.database.execute(query, (source, path)).fetchone()
        return bool(row and row[0])

    def keep(self, source: str, page: Page, *, frozen: bool) -> None:
        """Write a page down, durably, in place of the one held."""
        with self.database:
            self.database.execute(
                "INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?, ?, ?)",
                _packed(source, Held(page, frozen)),
            )

    def pages(self, source: str) -> Iterator[Held]:
        """Every page held of a source, by path."""
        query = "SELECT path, status, last_modified, body, frozen FROM pages WHERE source = ? ORDER BY path"
        for *page, frozen in self.database.execute(query, (source,)):
            yield Held(_unpacked(*page), bool(frozen))

    def restore_pages(self, source: str, pages: Iterable[Held]) -> int:
        """Write the pages down that the journal lacks, all or none; how many those were."""
        rows = (_packed(source, each) for each in pages)
        with self.transaction():
            statement = "INSERT OR IGNORE INTO pages VALUES (?, ?, ?, ?, ?, ?)"
            return self.database.executemany(statement, rows).rowcount

    def counts(self) -> dict[str, int]:
        """How much is held of each source, of what was imported, of the sample."""
        query = (
            "SELECT 'posts from ' || source, COUNT(*) FROM posts GROUP BY source UNION ALL "
            "SELECT 'pages from ' || source, COUNT(*) FROM pages GROUP BY source UNION ALL "
            "SELECT 'files from ' || source, COUNT(sha256) FROM media GROUP BY source UNION ALL "
            "SELECT 'posts frozen to be labelled', COUNT(*) FROM gold HAVING COUNT(*)"
        )
        imported = {f"imported {what}": count for what, count in self.imports.counts().items() if count}
        return dict(self.database.execute(query)) | imported

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """What is read meanwhile is of one moment, whatever others write."""
        self.database.execute("BEGIN")
        try:
            yield
        finally:
            self.database.rollback()

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, and nobody writes in between."""
        return transaction(self.database)


def _packed(source: str, held: Held) -> tuple[object, ...]:
    """A row of `pages`: web pages are mostly markup, which packs well."""
    page = held.page
    return source, page.path, page.status, page.last_modified, zlib.compress(page.body), held.frozen


def _unpacked(path: str, status: int, last_modified: str | None, body: bytes) -> Page:
    return Page(path, status, last_modified, zlib.decompress(body))
