"""Walks the results of a search, newest first, within what the archive lets anyone page through.

24 rows a page, 5,000 rows a query, no count of all; the last day of a range is left out, and old posts stand
under New York's date. So a query asks for some days more, its rows are filtered here, and where it comes to
its 5,000th row the next one ends on the day that was reached.
"""

import math
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from bizmeme.errors import ServiceError
from bizmeme.ports.sources import RawPost
from bizmeme.sources.warosu.posts import ArchivePage
from bizmeme.sources.warosu.reader import Reader
from bizmeme.sources.warosu.stamps import Evidence, evidence, raw_posts

ROWS_A_PAGE = 24
MAX_ROWS = 5_000
_DAY = timedelta(days=1)


@dataclass(slots=True)
class SearchWalk:
    """One search on a board."""

    reader: Reader
    board: str
    text: str
    _near: Evidence = field(default_factory=dict)  # of the clock, from the last page

    async def run(self) -> None:
        """Page through the results, day by day where they are too many for one query."""
        wanted = self.reader.wanted
        first = None if wanted.since_s == -math.inf else _day(wanted.since_s)
        last = None if wanted.before_s == math.inf else _day(wanted.before_s - 1)
        while True:
            reached = await self._query(first, last)
            if reached is None or (first is not None and reached < first):
                self.reader.tally.finished = not self.reader.done
                return
            if last is not None and reached >= last:  # one day alone is too much
                self.reader.tally.capped_days += 1
                reached = last - _DAY
            last = reached

    async def _query(self, first: date | None, last: date | None) -> date | None:
        """Take a query's rows; the day of the last one where there may be more, else None."""
        oldest: date | None = None
        for offset in range(0, MAX_ROWS, ROWS_A_PAGE):
            if self.reader.done:
                return None
            page = await self.reader.page(self._path(first, last, offset))
            if page is None:
                raise ServiceError(
                    f"The archive has no board /{self.board}/. Check source.warosu.board and base_url."
                )
            self.reader.tally.pages += 1
            posts = self._posts(page)
            await self.reader.take(posts)
            oldest = min((_day(post.posted_at) for post in posts), default=oldest)
            if page.rows < ROWS_A_PAGE and offset + page.rows < MAX_ROWS:
                return None
        return oldest

    def _posts(self, page: ArchivePage) -> list[RawPost]:
        posts = raw_posts(page.threads, board=self.board, known=self._near)
        self._near = evidence(page.threads) or self._near
        return [post for post in posts if post.no < self.reader.wanted.below_no]

    def _path(self, first: date | None, last: date | None, offset: int) -> str:
        """A query for the days from `first` to `last`, both included and both with a day's margin."""
        values = {
            "task": "search2",
            "ghost": "false",
            "search_text": self.text,
            "search_datefrom": (first - _DAY).isoformat() if first else "",
            "search_dateto": (last + 2 * _DAY).isoformat() if last else "",  # which is itself left out
            "search_op": "all",
            "search_del": "dontcare",
            "search_int": "dontcare",
            "search_ord": "new",
            "search_capcode": "all",
            "search_res": "post",
            "offset": str(offset),
        }
        return f"/{self.board}/?{urlencode(values)}"


def _day(moment_s: float) -> date:
    return datetime.fromtimestamp(moment_s, UTC).date()
