"""sources.warosu.reader.ArchiveFetch over hosts, the journal and the files below $BIZMEME_HOME.

A page is read before it is kept: a challenge is asked for again later, and a page whose markup has changed is
kept and then ends the walk. Files are noted as their posts are read, and fetched before the next page is.
"""

from collections.abc import Callable, Iterator, Sequence

from bizmeme.collectors.warosu.kept import Kept
from bizmeme.core.files import Kind, Wanted, thumbnail_px
from bizmeme.errors import ChallengeError, MarkupError
from bizmeme.ports.sources import Page, RawPost
from bizmeme.shell.downloads import Media
from bizmeme.shell.hosts import NOT_FOUND, OK, Answer, Host

_FULL, _SMALL = "/img/", "/thumb/"  # in the path of a file and of its thumbnail


class Fetching:
    """Asks an archive's two hosts; `after` is called after each answer."""

    def __init__(
        self, read: Callable[[Page], object], kept: Kept, host: Host, media: Media, *, kinds: Sequence[Kind]
    ) -> None:
        self.host = host
        self.files = media
        self.after: Callable[[], None] = lambda: None
        self._read = read
        self._kept = kept
        self._kinds = kinds
        self._noted: list[Wanted] = []

    async def page(self, path: str) -> Page | None:
        """A page that changes; every version that came is kept."""
        return await self._get(path, settled=False)

    async def frozen(self, path: str) -> Page | None:
        """A page that never changes again: from the journal where it is held as such."""
        return self._kept.settled(path) or await self._get(path, settled=True)

    async def picture(self, post: RawPost) -> None:
        """Note its file, or its thumbnail, or both; they are fetched before the next page is."""
        files = list(files_of(post, self._kinds))
        self.files.want(files)
        self._noted += files

    async def _get(self, path: str, *, settled: bool) -> Page | None:
        noted, self._noted = self._noted, []
        await self.files.fetch_those(noted)
        answer = await self.host.get(path, usable=self._usable)
        self.after()
        if answer.status == NOT_FOUND:
            return None
        page = _page(answer)
        self._kept.keep(page, settled=settled)
        return page

    def _usable(self, answer: Answer) -> bool:
        """Whether the archive's parser knows the page; one that has changed is kept, then raised about."""
        try:
            self._read(_page(answer))
        except ChallengeError:
            return False
        except MarkupError:
            self._kept.keep_changed(_page(answer))
            raise
        return True


def files_of(post: RawPost, kinds: Sequence[Kind]) -> Iterator[Wanted]:
    """The files of a post's picture; by the board's md5, so that one shown again is the same one."""
    path = post.media_path
    if path is None:
        return
    for kind in kinds:
        key = post.media_md5 or path
        if kind == "file":
            yield Wanted(key, kind, path)
        else:
            yield Wanted(key, kind, _thumbnail(path), thumbnail_px(opens=post.no == post.thread_no))


def _page(answer: Answer) -> Page:
    return Page(answer.path, OK, answer.last_modified, answer.body)


def _thumbnail(path: str) -> str:
    """/data/biz/img/0615/08/1759276800123456.png → /data/biz/thumb/0615/08/1759276800123456s.jpg."""
    return path.replace(_FULL, _SMALL, 1).rpartition(".")[0] + "s.jpg"
