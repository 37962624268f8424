"""The archive's section of the configuration, and the archive as a source of posts."""

import logging
import math
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from bizmeme.core.settings import Section
from bizmeme.core.stretches import Stretch, uncovered
from bizmeme.errors import ChallengeError, MarkupError
from bizmeme.ports.sources import KeptPost, Page, RawPost
from bizmeme.sources.warosu.pages import read_page
from bizmeme.sources.warosu.posts import ArchivePage, ArchiveThread, merged
from bizmeme.sources.warosu.reader import ArchiveFetch, Extent, Reader, Tally, Wanted
from bizmeme.sources.warosu.search import SearchWalk
from bizmeme.sources.warosu.stamps import evidence, raw_posts
from bizmeme.sources.warosu.walk import IndexWalk

_LOG = logging.getLogger(__name__)
_EARLIEST, _LATEST = date(2003, 1, 1), date(2100, 1, 1)
_DAY_S = 86_400


class Config(Section):
    """`source: {name: warosu, …}`: where the archive is, and which of its posts to collect."""

    name: Literal["warosu"]
    """This folder."""

    board: Annotated[str, Field(pattern=r"^[a-z0-9]+$")]
    """The board's short name."""

    base_url: str
    """Address of the archive's pages."""

    media_url: str
    """Address of its files."""

    mode: Literal["plain", "continue", "backfill"]
    """plain: from the newest thread on; continue: what no finished walk covered, from the earliest that one
    did (or from `from`) to now; backfill: what is older than the oldest post held."""

    search: Annotated[str | None, Field(pattern=r"\S", max_length=500)]
    """Words that a post must hold, as the archive's own search reads them; null: all posts, by the index."""

    from_day: Annotated[date | None, Field(alias="from", ge=_EARLIEST, le=_LATEST)]
    """The first day, UTC, included; null: as far back as the archive goes."""

    to_day: Annotated[date | None, Field(alias="to", ge=_EARLIEST, le=_LATEST)]
    """The last day, UTC, included; null: up to now."""

    max_posts: Annotated[int | None, Field(ge=1)]
    """Stop once so many posts were found; null: no limit."""

    pages: Annotated[int | None, Field(ge=1)]
    """Stop after so many pages of the index, or of the search's results; null: no limit."""

    thread_life_days: Annotated[int, Field(ge=1, le=366)]
    """How long people answer a thread at most: so far before the days wanted a walk looks for replies."""

    @field_validator("to_day")
    @classmethod
    def _in_order(cls, to_day: date | None, info: ValidationInfo) -> date | None:
        from_day = info.data.get("from_day")
        if to_day is not None and from_day is not None and to_day < from_day:
            raise ValueError(f"it lies before `from`, {from_day}: the two days are in the wrong order")
        return to_day


class Warosu:
    """One board of one archive: the walk that its collector takes, and the reading of what that kept."""

    def __init__(self, config: Config) -> None:
        self._config = config

    async def collect(self, fetch: ArchiveFetch, held: Extent, tally: Tally | None = None) -> Tally:
        """Ask for every page and picture that the configuration wants, so that they stand in the journal.

        Counts in `tally` as it goes, where one is given. Raises ChallengeError (try again some
        minutes later) and MarkupError (nothing will help but a new parser).
        """
        config = self._config
        reader = Reader(fetch, self.page, wanted(config, held), Tally() if tally is None else tally)
        if not reader.wanted.stretches:
            reader.tally.finished = True
        elif config.search is not None:
            await SearchWalk(reader, config.board, config.search).run()
        else:
            await IndexWalk(reader, config.board, held).run()
        return reader.tally

    def page(self, page: Page) -> ArchivePage:
        """A page as the archive shows it; raises ChallengeError or MarkupError where it is none."""
        number = page.path.partition("#")[0].rpartition("/thread/")[2]  # behind # stands which version it is
        return read_page(
            page.body,
            board=self._config.board,
            thread_no=int(number) if number.isascii() and number.isdigit() else None,
            status=page.status,
            where=page.path,
        )

    def read(self, posts: Iterable[KeptPost], pages: Iterable[Page]) -> Iterator[RawPost]:
        """Every post of the pages once, by number, whatever the order of the pages.

        Clocks are judged by all pages together, so a thread without a picture goes by its neighbours. A page
        that this parser does not know is passed over, with a warning: the walk that met it has ended by it.
        """
        threads = [thread for page in pages for thread in self._known(page)]
        posts_read = raw_posts(merged(threads), board=self._config.board, known=evidence(threads))
        yield from sorted(posts_read, key=lambda post: post.no)

    def _known(self, page: Page) -> tuple[ArchiveThread, ...]:
        try:
            return self.page(page).threads
        except (ChallengeError, MarkupError) as error:
            _LOG.warning("Passed over: %s", error)
            return ()


def wanted(config: Config, held: Extent) -> Wanted:
    """Which posts a walk is after, by the configuration and by what is held already."""
    oldest = held.oldest() if config.mode == "backfill" else None
    begins_s = -math.inf if config.from_day is None else _begins(config.from_day)
    ends_s = math.inf if config.to_day is None else _begins(config.to_day + timedelta(days=1))
    if oldest and config.search is not None:
        ends_s = min(ends_s, oldest[1] + 1)
    covered = held.covered() if config.mode == "continue" else ()
    if covered and config.from_day is None:
        begins_s = covered[0].begins_s
    return Wanted(
        stretches=tuple(uncovered(covered, Stretch(begins_s, ends_s))),
        below_no=oldest[0] if oldest else math.inf,
        sure_until_s=oldest[1] if oldest else math.inf,
        life_s=config.thread_life_days * _DAY_S,
        max_posts=math.inf if config.max_posts is None else config.max_posts,
        max_pages=math.inf if config.pages is None else config.pages,
    )


def _begins(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()


def build(config: Config) -> Warosu:
    """The board named by `config.board` at the archive `config.base_url`."""
    return Warosu(config)
