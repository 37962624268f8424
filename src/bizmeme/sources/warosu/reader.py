"""Asks an archive for pages and pictures, and counts what came."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bizmeme.core.stretches import Stretch
from bizmeme.ports.sources import Page, RawPost
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
    oldest: tuple[int, int] | None = None  # of the wanted posts: number and second, UTC
    finished: bool = False  # it came to its end, not to `max_posts` or `pages`
    covered: list[Stretch] = field(default_factory=list)  # every post of these was looked for


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which posts a walk is after, and how much of them."""

    stretches: tuple[Stretch, ...] = (Stretch(-math.inf, math.inf),)  # the earliest first, none touching
    below_no: float = math.inf
    sure_until_s: float = math.inf  # older posts only are all found among threads `below_no`
    life_s: float = math.inf  # how long a thread is answered at most
    max_posts: float = math.inf
    max_pages: float = math.inf

    @property
    def since_s(self) -> float:
        """Nothing earlier is wanted, seconds since 1970, UTC."""
        return min((each.begins_s for each in self.stretches), default=math.inf)

    @property
    def before_s(self) -> float:
        """Nothing from then on is wanted."""
        return max((each.ends_s for each in self.stretches), default=-math.inf)

    def takes(self, post: RawPost) -> bool:
        """Whether a post is one of them."""
        return self.meets(post.posted_at, post.posted_at)

    def meets(self, first_s: float, last_s: float) -> bool:
        """Whether any posts from the first moment to the last, both included, are among them."""
        return any(each.meets(first_s, last_s) for each in self.stretches)


class Extent(Protocol):
    """What earlier walks brought in: where the next one may begin and end."""

    def covered(self) -> Sequence[Stretch]:
        """Stretches of time of which every post is held, the earliest first, none touching another."""
        ...

    def oldest(self) -> tuple[int, int] | None:
        """Number and second (UTC) of the oldest post held; None where none is."""
        ...

    def complete(self, thread_no: int) -> bool:
        """Whether every post of a thread is held, and none can follow."""
        ...


class ArchiveFetch(Protocol):
    """A polite GET: rate-limited, journalled before it returns, answered from the journal where final."""

    async def page(self, path: str) -> Page | None:
        """A page that changes; None where the server says 404."""
        ...

    async def frozen(self, path: str) -> Page | None:
        """A page that never changes again: asked for once ever."""
        ...

    async def picture(self, post: RawPost) -> None:
        """See to it that the picture of a post is had, once ever; the post has a `media_path`."""
        ...


class Reader:
    """Asks for pages and files, reads them, and counts."""

    def __init__(
        self, fetch: ArchiveFetch, read: Callable[[Page], ArchivePage], wanted: Wanted, tally: Tally
    ) -> None:
        self.tally = tally
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

    async def take(self, posts: Iterable[RawPost], *, in_order: bool = True) -> None:
        """Count the wanted ones among them that are new, and ask for their pictures.

        `in_order`: those younger were seen before, so that a later walk may go on from here.
        """
        for post in posts:
            if post.no in self._seen or not self.wanted.takes(post) or self.full:
                continue
            self._seen.add(post.no)
            self.tally.posts += 1
            if in_order:
                this = (post.no, post.posted_at)
                self.tally.oldest = min(self.tally.oldest or this, this)
            if post.media_path is not None:
                self.tally.files += 1
                await self._fetch.picture(post)
