"""Walks the index of an archive, newest thread first, and asks for no more than what is wanted.

An index page shows twenty threads, each with its first post and its last five replies. A thread's own page
is asked for only where something wanted is not shown, and never where the thread is held whole. Threads that
open meanwhile push the others on to later pages: a walk towards the past sees some twice, and misses none.
"""

from dataclasses import dataclass, field

from bizmeme.errors import MarkupError, ServiceError
from bizmeme.ports.sources import Extent, RawPost
from bizmeme.sources.warosu.posts import ArchiveThread
from bizmeme.sources.warosu.reader import Reader
from bizmeme.sources.warosu.stamps import Evidence, evidence, raw_posts


@dataclass(frozen=True, slots=True)
class _Shown:
    """One thread of an index page; its posts oldest first."""

    thread: ArchiveThread
    posts: list[RawPost]

    @property
    def opened_at(self) -> int:
        """Seconds of the oldest post shown, which opened the thread where that one is archived."""
        return self.posts[0].posted_at


@dataclass(slots=True)
class IndexWalk:
    """One walk over the index pages of a board."""

    reader: Reader
    board: str
    held: Extent
    _probed: dict[int, list[_Shown]] = field(default_factory=dict)
    _near: Evidence = field(default_factory=dict)  # of the clock, from the last page
    _newest_s: int = 0  # of what the first page shows

    async def run(self) -> None:
        """From the first page that shows anything old enough to the last one wanted."""
        number = await self._first()
        # Of the pages probed only this one is good: threads may have moved from earlier pages to later ones.
        shown = self._probed[number]
        while True:
            self.reader.tally.pages += 1
            for each in shown:
                await self._thread(each)
            if not shown or self._past(shown):
                self.reader.tally.finished = not self.reader.full
                return
            if self.reader.done:
                return
            number += 1
            shown = await self._index(number)

    async def _first(self) -> int:
        """The first page that is not all too young: by doubling, then by halving."""
        young, old = 0, 1
        while await self._too_young(old):
            young, old = old, 2 * old
        while old - young > 1:
            middle = (young + old) // 2
            young, old = (middle, old) if await self._too_young(middle) else (young, middle)
        self.reader.tally.probes -= 1  # the page found is walked
        return old

    async def _too_young(self, number: int) -> bool:
        shown = self._probed[number] = await self._index(number)
        self.reader.tally.probes += 1
        orderly = _orderly(shown)
        return bool(orderly) and all(self._opened_too_late(each) for each in orderly)

    async def _index(self, number: int) -> list[_Shown]:
        page = await self.reader.page(f"/{self.board}/?task=page&page={number}")
        if number == 1 and not (page and page.threads):
            raise ServiceError(
                f"The archive shows no thread of /{self.board}/. Check source.board and source.base_url."
            )
        threads = page.threads if page else ()
        posts = raw_posts(threads, board=self.board, known=self._near)
        self._near = evidence(threads) or self._near
        by_thread: dict[int, list[RawPost]] = {}
        for post in posts:
            by_thread.setdefault(post.thread_no, []).append(post)
        shown = [_Shown(thread, by_thread[thread.no]) for thread in threads]
        self._newest_s = self._newest_s or max((post.posted_at for post in posts), default=0)
        return shown

    async def _thread(self, shown: _Shown) -> None:
        """Take a thread's posts: those shown, or those of its own page where they are not enough."""
        if self.reader.full or self._opened_too_late(shown) or self._ended_too_early(shown):
            return
        if self.held.complete(shown.thread.no):
            self.reader.tally.passed_over += 1
            return
        posts = shown.posts if self._enough(shown) else await self._whole(shown)
        await self.reader.take(posts)

    def _enough(self, shown: _Shown) -> bool:
        """Whether the index shows every wanted post: all there are, or back to one that is too old."""
        if not shown.thread.omitted:
            return True
        replies = [post for post in shown.posts if post.no != shown.thread.no]
        return bool(replies) and replies[0].posted_at < self.reader.wanted.since_s

    async def _whole(self, shown: _Shown) -> list[RawPost]:
        """The posts of a thread's own page, and those shown that it does not have."""
        self.reader.tally.thread_pages += 1
        path = f"/{self.board}/thread/{shown.thread.no}"
        page = await self.reader.page(path, settled=self._settled(shown))
        if page is not None and not page.rows:
            raise MarkupError(
                f"{path} shows no post, and the index counts {shown.thread.omitted} that are only there. "
                "Look at it in a browser: if it shows posts, its markup has changed."
            )
        posts = raw_posts(page.threads if page else (), board=self.board, known=self._near)
        whole = {post.no: post for post in [*shown.posts, *posts] if post.thread_no == shown.thread.no}
        return [whole[no] for no in sorted(whole)]

    def _settled(self, shown: _Shown) -> bool:
        """Whether nobody answers a thread any more."""
        return shown.posts[-1].posted_at < self._newest_s - self.reader.wanted.life_s

    def _opened_too_late(self, shown: _Shown) -> bool:
        wanted = self.reader.wanted
        return shown.opened_at >= wanted.before_s or shown.thread.no >= wanted.below_no

    def _ended_too_early(self, shown: _Shown) -> bool:
        return shown.posts[-1].posted_at < self.reader.wanted.since_s

    def _past(self, shown: list[_Shown]) -> bool:
        """Whether threads from here on opened so early that nothing wanted answers them."""
        wanted = self.reader.wanted
        orderly = _orderly(shown)
        return bool(orderly) and all(each.opened_at < wanted.since_s - wanted.life_s for each in orderly)


def _orderly(shown: list[_Shown]) -> list[_Shown]:
    """Those whose place on the index tells their age: a sticky thread's does not."""
    return [each for each in shown if not each.thread.sticky]
