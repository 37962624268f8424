"""ports.sources.Fetch over hosts, the journal and the files below $BIZMEME_HOME.

A page is read before it is kept: a challenge is asked for again later, and a page whose markup has changed is
kept and then ends the walk. Index pages move on while threads arrive, so each one that came is a page of its
own, `/biz/?task=page&page=1#<hash>`.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from bizmeme.core.files import Kind, Wanted, examined
from bizmeme.errors import ChallengeError, MarkupError, ServiceError, TooLongError
from bizmeme.ports.sources import Page
from bizmeme.shell.collecting import Means
from bizmeme.shell.holdings import Holdings
from bizmeme.shell.hosts import NOT_FOUND, OK, Answer, Host, is_a_file

_HASH_CHARS = 16
_TRIES = 3  # of a file, before the walk goes on without it
_FULL, _SMALL = "/img/", "/thumb/"  # in the path of a file and of its thumbnail


class Fetching:
    """Asks an archive's two hosts; `after` is called after each answer."""

    def __init__(
        self,
        read: Callable[[Page], object],
        means: Means,
        source: str,
        *,
        hosts: tuple[Host, Host],
        kinds: Sequence[Kind],
    ) -> None:
        self.pages, self.files = hosts
        self.after: Callable[[], None] = lambda: None
        self._read = read
        self._journal, self._store = means.journal, means.store
        self._holdings = Holdings(means.journal, source)
        self._source = source
        self._kinds = kinds

    async def page(self, path: str) -> Page | None:
        """A page that changes; every version that came is kept."""
        page = await self._get(path)
        if page is not None:
            version = hashlib.sha256(page.body).hexdigest()[:_HASH_CHARS]
            self._keep(replace(page, path=f"{path}#{version}"), frozen=False)
        return page

    async def frozen(self, path: str) -> Page | None:
        """A page that never changes again: from the journal where it is held as such."""
        if self._journal.frozen(self._source, path):
            return self._journal.page(self._source, path)
        page = await self._get(path)
        if page is not None:
            self._keep(page, frozen=True)
        return page

    async def media(self, path: str) -> Page | None:
        """Fetch the file, or its thumbnail, or both, each once ever; nothing is given back."""
        for kind in self._kinds:
            await self._file(Wanted(path, kind, path if kind == "file" else _thumbnail(path)))
        return None

    async def _get(self, path: str) -> Page | None:
        answer = await self.pages.get(path, usable=self._usable)
        self.after()
        return None if answer.status == NOT_FOUND else _page(answer)

    def _usable(self, answer: Answer) -> bool:
        """Whether the archive's parser knows the page; one that has changed is kept, then raised about."""
        try:
            self._read(_page(answer))
        except ChallengeError:
            return False
        except MarkupError:
            self._keep(replace(_page(answer), path=f"{answer.path}#changed"), frozen=False)
            raise
        return True

    def _keep(self, page: Page, *, frozen: bool) -> None:
        self._journal.keep(self._source, page, frozen=frozen)

    async def _file(self, file: Wanted) -> None:
        if not self._holdings.wants(file):
            return
        try:
            answer = await self.files.get(file.path, usable=is_a_file, patience=_TRIES)
        except TooLongError:
            self._holdings.note_file(file, "too long", tries=1)
            return
        except ServiceError:
            return  # it stays wanted, for a later walk
        status = "gone" if answer.status == NOT_FOUND else examined(answer.body)
        sha256 = self._store.put(answer.body) if status == "ok" else None
        self._holdings.note_file(file, status, tries=1, sha256=sha256)
        self.after()


def _page(answer: Answer) -> Page:
    return Page(answer.path, OK, answer.last_modified, answer.body)


def _thumbnail(path: str) -> str:
    """/data/biz/img/0615/08/1759276800123456.png → /data/biz/thumb/0615/08/1759276800123456s.jpg."""
    return path.replace(_FULL, _SMALL, 1).rpartition(".")[0] + "s.jpg"
