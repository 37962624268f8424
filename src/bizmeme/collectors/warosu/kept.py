"""The pages of an archive as they came, in the journal.

Index pages move on while threads arrive, so each one that came is a page of its own,
`/biz/?task=page&page=1#<hash>`. One whose markup has changed is kept as `…#changed`, and read by nobody.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from bizmeme.ports.sources import Page
from bizmeme.shell.journal import Journal

_HASH_CHARS = 16
_CHANGED = "changed"


class Kept:
    """The pages of one source."""

    def __init__(self, journal: Journal, source: str) -> None:
        self._journal = journal
        self._source = source

    def settled(self, path: str) -> Page | None:
        """The page held, where it never changes again."""
        if not self._journal.frozen(self._source, path):
            return None
        return self._journal.page(self._source, path)

    def keep(self, page: Page, *, settled: bool) -> None:
        """Hold a page; beside its former versions, unless it never changes again."""
        version = hashlib.sha256(page.body).hexdigest()[:_HASH_CHARS]
        self._write(page if settled else replace(page, path=f"{page.path}#{version}"), settled=settled)

    def keep_changed(self, page: Page) -> None:
        """Hold a page that no parser knows, for whoever writes the next one."""
        self._write(replace(page, path=f"{page.path}#{_CHANGED}"), settled=False)

    def pages(self) -> Iterator[Page]:
        """Every page that a parser has read, under the path that it was asked for."""
        for held in self._journal.pages(self._source):
            path, _, version = held.page.path.partition("#")
            if version != _CHANGED:
                yield replace(held.page, path=path)

    def _write(self, page: Page, *, settled: bool) -> None:
        self._journal.keep(self._source, page, frozen=settled)
