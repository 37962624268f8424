"""Asks an archive for pages and pictures, and counts what came."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bizmeme.ports.sources import Fetch, Page, RawPost
from bizmeme.sources.warosu.posts import ArchivePage


@dataclass(slots=True)
class Tally:
    """What a walk did."""

    pages: int = 0  # of the index, or of a search's results
    probes: int = 0  # index pages asked for only to find where to begin
    thread_pages: int = 0
    files: int = 0  # pictures asked for
    posts: int = 0  # wanted ones, each counted once
    passed_over: int = 0  # threads held whole
    ghosts: int = 0  # posts of the archive's own visitors, left out
    unreadable: int = 0  # posts without a usable number or time, left out
    capped_days: int = 0  # of which a search found more than the archive lets anyone page through
    newest: tuple[int, int] | None = None  # of the wanted posts: number and second, UTC
    oldest: tuple[int, int] | None = None
    finished: bool = False  # it came to its end, not to `max_posts` or `pages`


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which posts a walk is after, and how much of them."""

    since_s: float = -math.inf  # UTC
    before_s: float = math.inf
    below_no: float = math.inf
    life_s: float = math.inf  # how long a thread is answered at most
    max_posts: float = math.inf
    max_pages: float = math.inf

    def takes(self, post: RawPost) -> bool:
        """Whether a post is one of them."""
        return self.since_s <= post.posted_at < self.before_s


class Reader:
    """Asks for pages and files, reads them, and counts."""

    def __init__(self, fetch: Fetch, read: Callable[[Page], ArchivePage], wanted: Wanted) -> None:
        self.tally = Tally()
        self.wanted = wanted
        self._fetch = fetch
        self._read = read
        self._seen: set[int] = set()

    @property
    def full(self) -> bool:
        """Whether as many posts were found as the configuration allows."""
        return self.tally.posts >= self.wanted.max_posts

    @property
    def done(self) -> bool:
        """Whether that, or as many pages were read."""
        return self.full or self.tally.pages >= self.wanted.max_pages

    async def page(self, path: str, *, settled: bool = False) -> ArchivePage | None:
        """A page, read; None where there is none. A settled one is asked for once ever.

        Raises ChallengeError or MarkupError where what came is no page of the archive.
        """
        got = await (self._fetch.frozen(path) if settled else self._fetch.page(path))
        if got is None:
            return None
        page = self._read(got)
        self.tally.ghosts += page.ghosts
        self.tally.unreadable += page.unreadable
        return page

    def _stretch(self, no: int, posted_at: int) -> None:
        tally, post = self.tally, (no, posted_at)
        tally.newest = max(tally.newest or post, post)
        tally.oldest = min(tally.oldest or post, post)

    async def take(self, posts: Iterable[RawPost]) -> None:
        """Count the wanted ones among them that are new, and ask for their pictures."""
        for post in posts:
            if post.no in self._seen or not self.wanted.takes(post) or self.full:
                continue
            self._seen.add(post.no)
            self.tally.posts += 1
            self._stretch(post.no, post.posted_at)
            if post.media_path is not None:
                self.tally.files += 1
                await self._fetch.media(post.media_path)
