"""Walks the index of an archive, newest thread first, and asks for no more than what is wanted.

An index page shows twenty threads, each with its first post and its last five replies. A thread's own page
is asked for only where something wanted is not shown, and never where the thread is held whole. Threads that
open meanwhile push the others on to later pages: a walk towards the past sees some twice, and misses none.
Where other walks have covered a stretch for longer than threads live, its pages are leapt over.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from bizmeme.core.stretches import Stretch, grouped
from bizmeme.errors import MarkupError, ServiceError
from bizmeme.ports.sources import RawPost
from bizmeme.sources.warosu.posts import ArchiveThread
from bizmeme.sources.warosu.reader import Extent, Reader
from bizmeme.sources.warosu.stamps import Evidence, evidence, raw_posts

LATE_S: Final = 3_600
"""The archive visits one thread after the other: a post may appear that much later than a younger one."""


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
        wanted, number = self.reader.wanted, 0
        for group in reversed(grouped(wanted.stretches, apart_s=wanted.life_s)):
            number = await self._first(group[-1].ends_s, after=number)
            last = await self._pages(number, group[0].begins_s)
            if last is None:
                return
            self._cover(group)
            number = last
        self.reader.tally.finished = True

    async def _pages(self, number: int, since_s: float) -> int | None:
        """Walk from that page on; the last page that was needed, None where a limit came first."""
        # Of the pages probed only this one is good: threads may have moved from earlier pages to later ones.
        shown = self._probed[number]
        while True:
            self.reader.tally.pages += 1
            for each in shown:
                await self._thread(each)
            if not shown or self._past(shown, since_s):
                return None if self.reader.full else number
            if self.reader.done:
                return None
            number += 1
            shown = await self._index(number)

    def _cover(self, group: Iterable[Stretch]) -> None:
        """Note that every post of these stretches was looked for, as far as they had come."""
        sure_s = min(self._newest_s - LATE_S, self.reader.wanted.sure_until_s)
        covered = (Stretch(each.begins_s, min(each.ends_s, sure_s)) for each in group)
        self.reader.tally.covered += [each for each in covered if each.begins_s < each.ends_s]

    async def _first(self, before_s: float, *, after: int) -> int:
        """The first page after that one that is not all too young: by doubling, then by halving."""
        young, old = after, after + 1
        while await self._too_young(old, before_s):
            young, old = old, 2 * old - after
        while old - young > 1:
            middle = (young + old) // 2
            young, old = (young, middle) if not await self._too_young(middle, before_s) else (middle, old)
        self.reader.tally.probes -= 1  # the page found is walked
        return old

    async def _too_young(self, number: int, before_s: float) -> bool:
        shown = self._probed[number] = await self._index(number)
        self.reader.tally.probes += 1
        orderly = _orderly(shown)
        return bool(orderly) and all(self._opened_too_late(each, before_s) for each in orderly)

    async def _index(self, number: int) -> list[_Shown]:
        page = await self.reader.page(f"/{self.board}/?task=page&page={number}")
        if number == 1 and not (page and page.threads):
            raise ServiceError(
                f"The archive shows no thread of /{self.board}/. Check source.warosu.board and base_url."
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
        wanted = self.reader.wanted
        if self.reader.full or shown.thread.no >= wanted.below_no:
            return
        if not wanted.meets(shown.opened_at, shown.posts[-1].posted_at):
            return
        if self.held.complete(shown.thread.no):
            self.reader.tally.passed_over += 1
            return
        posts = shown.posts if self._enough(shown) else await self._whole(shown)
        await self.reader.take(posts, in_order=not shown.thread.sticky)

    def _enough(self, shown: _Shown) -> bool:
        """Whether the index shows every wanted post: all there are, or all but those of other times."""
        if not shown.thread.omitted:
            return True
        replies = [post for post in shown.posts if post.no != shown.thread.no]
        return bool(replies) and not self.reader.wanted.meets(shown.opened_at, replies[0].posted_at)

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

    def _opened_too_late(self, shown: _Shown, before_s: float) -> bool:
        return shown.opened_at >= before_s or shown.thread.no >= self.reader.wanted.below_no

    def _past(self, shown: list[_Shown], since_s: float) -> bool:
        """Whether threads from here on opened so early that nothing wanted answers them."""
        orderly = _orderly(shown)
        return bool(orderly) and all(each.opened_at < since_s - self.reader.wanted.life_s for each in orderly)


def _orderly(shown: list[_Shown]) -> list[_Shown]:
    """Those whose place on the index tells their age: a sticky thread's does not."""
    return [each for each in shown if not each.thread.sticky]
