"""A journal: everything paid for or received from outside, written down before it is used.

Two tables: `pages`, answers of the sources; `asks`, requests to vision APIs, each reserved at its worst price
before it is sent and settled with its reply. An ask without a reply was in flight when somebody pulled the
plug: it is listed as in doubt, and its reservation keeps counting against the cap.
"""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bizmeme.errors import BudgetError
from bizmeme.ports.sources import Page
from bizmeme.shell.imports import Imports

_RESTORE = (
    "INSERT INTO asks (request_hash, model, reserved_usd, answered, cost_usd, reply) "
    "VALUES (?, ?, ?, ?, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class Spending:
    """What all labellers of this origin have cost so far, USD."""

    settled_usd: float
    in_doubt_usd: float
    in_doubt: int


@dataclass(frozen=True, slots=True)
class Reply:
    """A paid reply's body and its price."""

    body: str
    cost_usd: float


@dataclass(frozen=True, slots=True)
class Held:
    """A page as it stands in the journal; a frozen one is never asked for again."""

    page: Page
    frozen: bool


@dataclass(frozen=True, slots=True)
class Doubt:
    """Sends of one request that nobody knows the end of: their reservations count against the cap."""

    request_hash: str
    model: str
    reserved_usd: float


class Journal:
    """An open journal; `open_journal` in journals.py opens one."""

    def __init__(self, database: sqlite3.Connection, origin: str, home: Path) -> None:
        self.database = database
        self.origin = origin
        self.home = home  # $BIZMEME_HOME, where the files of its posts lie, too
        self.imports = Imports(database)

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

    # --- asks

    def reserve(self, request_hash: str, *, model: str, worst_usd: float, cap_usd: float) -> int | None:
        """Set aside the worst price of a request; the ask's number, or None where its reply is held.

        Raises BudgetError at the cap. One transaction over all processes: the sum is read and the
        reservation written under one lock.
        """
        with self.transaction():
            if self.reply(request_hash) is not None:
                return None
            spent = self.spending()
            committed = spent.settled_usd + spent.in_doubt_usd
            if committed + worst_usd > cap_usd:
                raise BudgetError(
                    f"The next request may cost ${worst_usd:.4f}; ${committed:.4f} of the ${cap_usd:.2f} in "
                    f"auto_label.budget_usd are spent or reserved ({spent.in_doubt} asks for "
                    f"${spent.in_doubt_usd:.4f} are in flight or in doubt). Everything paid for is kept: "
                    "raise the budget and run `dvc repro` again to go on."
                )
            made = self.database.execute(
                "INSERT INTO asks (request_hash, model, reserved_usd) VALUES (?, ?, ?)",
                (request_hash, model, worst_usd),
            )
            assert made.lastrowid is not None
            return made.lastrowid

    def settle(self, ask: int, *, cost_usd: float, reply: str) -> None:
        """Write a reply down, durably, with what it cost."""
        with self.database:
            self.database.execute(
                "UPDATE asks SET answered = 1, cost_usd = ?, reply = ? WHERE ask = ?", (cost_usd, reply, ask)
            )

    def unpriced(self, request_hash: str) -> int | None:
        """The ask whose reply still stands at its worst price: a kill came before anybody read it."""
        query = "SELECT ask FROM asks WHERE request_hash = ? AND answered AND cost_usd = reserved_usd"
        row = self.database.execute(query, (request_hash,)).fetchone()
        return row[0] if row else None

    def release(self, ask: int) -> None:
        """Drop a reservation whose request was refused, and so was not charged."""
        with self.database:
            self.database.execute("DELETE FROM asks WHERE ask = ? AND NOT answered", (ask,))

    def reply(self, request_hash: str) -> Reply | None:
        """The reply held for a request; None where it was never answered."""
        query = "SELECT reply, cost_usd FROM asks WHERE request_hash = ? AND answered ORDER BY ask"
        row = self.database.execute(query, (request_hash,)).fetchone()
        return Reply(*row) if row else None

    def doubts(self) -> list[Doubt]:
        """What was in flight when somebody pulled the plug, by request; right now, what is in flight, too."""
        query = (
            "SELECT request_hash, model, TOTAL(reserved_usd) FROM asks WHERE NOT answered "
            "GROUP BY request_hash, model ORDER BY 1"
        )
        return [Doubt(*row) for row in self.database.execute(query)]

    def restore_replies(self, model: str, replies: Iterable[tuple[str, Reply, float]]) -> int:
        """Write down (request hash, reply, USD in doubt) where no reply is held, all or none; how many."""
        restored = 0
        with self.transaction():
            for request_hash, reply, in_doubt_usd in replies:
                if self.reply(request_hash) is not None:
                    continue
                row = (request_hash, model, 0.0, 1, reply.cost_usd, reply.body)
                self.database.execute(_RESTORE, row)
                if in_doubt_usd:
                    self.database.execute(_RESTORE, (request_hash, model, in_doubt_usd, 0, None, None))
                restored += 1
        return restored

    def spending(self) -> Spending:
        """Settled and reserved sums of this origin."""
        row = self.database.execute(
            "SELECT TOTAL(CASE WHEN answered THEN cost_usd END), "
            "TOTAL(CASE WHEN NOT answered THEN reserved_usd END), TOTAL(NOT answered) FROM asks"
        ).fetchone()
        return Spending(row[0], row[1], int(row[2]))

    def counts(self) -> dict[str, int]:
        """How much is held of each source, of what was imported, of each model's replies, of the sample."""
        query = (
            "SELECT 'posts from ' || source, COUNT(*) FROM posts GROUP BY source UNION ALL "
            "SELECT 'pages from ' || source, COUNT(*) FROM pages GROUP BY source UNION ALL "
            "SELECT 'files from ' || source, COUNT(sha256) FROM media GROUP BY source UNION ALL "
            "SELECT 'replies of ' || model, COUNT(*) FROM asks WHERE answered GROUP BY model UNION ALL "
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

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and nobody writes in between."""
        self.database.execute("BEGIN IMMEDIATE")
        with self.database:
            yield


def _packed(source: str, held: Held) -> tuple[object, ...]:
    """A row of `pages`: web pages are mostly markup, which packs well."""
    page = held.page
    return source, page.path, page.status, page.last_modified, zlib.compress(page.body), held.frozen


def _unpacked(path: str, status: int, last_modified: str | None, body: bytes) -> Page:
    return Page(path, status, last_modified, zlib.decompress(body))
