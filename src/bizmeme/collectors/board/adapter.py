"""Collects one board through its JSON API: catalog, threads, files."""

from functools import partial

from bizmeme.collectors.board.desk import Desk
from bizmeme.collectors.board.watch import watch
from bizmeme.shell.collecting import Collecting, Means, Tell
from bizmeme.shell.downloads import Media
from bizmeme.shell.holdings import Holdings
from bizmeme.sources.board import Config


class Board:
    """shell.collecting.Collector of one board."""

    def __init__(self, config: Config) -> None:
        self._config = config

    async def collect(self, means: Means, how: Collecting, tell: Tell) -> None:
        """Look until told otherwise; everything received is journalled before the next question.

        Raises ConfigError where the board does not exist, ServiceError where a host stays busy.
        """
        config = self._config
        pages, files = (means.visit.host(url, means.timer) for url in (config.base_url, config.media_url))
        holdings = Holdings(means.journal, f"board/{config.board}")
        now = await means.timer.now()
        await holdings.switch(how.kinds, partial(holdings.files_shown, config.board, now=now))
        desk = Desk(config.board, pages, holdings, means.timer, kinds=how.kinds)
        media = Media(files, holdings, means.store, means.timer, caps=how.pictures)
        await watch(desk, media, how, tell)


def build(config: Config) -> Board:
    """A collector of the board named by `config.board`."""
    return Board(config)
