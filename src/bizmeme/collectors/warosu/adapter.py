"""Collects one board from a Warosu archive: one walk over its index, or through its search."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

from bizmeme.collectors.warosu.fetching import Fetching, files_of
from bizmeme.collectors.warosu.kept import Kept
from bizmeme.collectors.warosu.reach import Reach
from bizmeme.core.files import Kind, Pending
from bizmeme.shell.collecting import Collecting, Means, Progress, Tell, with_files
from bizmeme.shell.downloads import Media
from bizmeme.shell.file_notes import FileNotes
from bizmeme.sources.warosu import Config, Warosu
from bizmeme.sources.warosu.reader import Tally

_INTERVAL_S = 1.5  # an archive that volunteers run is asked more gently than the board


class Archive:
    """shell.collecting.Collector of one board of one archive."""

    def __init__(self, config: Config) -> None:
        self._config = config

    async def collect(self, means: Means, how: Collecting, tell: Tell) -> None:
        """One walk, whatever `how.once` says; a later one goes on as `source.mode` says.

        Raises MarkupError where the archive's pages are built anew, ServiceError where it stays busy.
        """
        config, source = self._config, f"warosu/{self._config.board}"
        pages, files = (
            means.visit.host(url, means.timer, least_interval_s=_INTERVAL_S)
            for url in (config.base_url, config.media_url)
        )
        notes = FileNotes(means.journal, source)
        media = Media(files, notes, means.store, means.timer, caps=how.pictures)
        archive, reach = Warosu(config), Reach(means.journal, source, kinds=how.kinds)
        kept = Kept(means.journal, source)
        await notes.switch(how.kinds, partial(_files_shown, archive, kept))
        fetching = Fetching(archive.page, kept, pages, media, kinds=how.kinds)
        fetching.after = lambda: tell(Progress(_counts(fetching, tally), 0, 0.0))
        begun_at, tally = await means.timer.now(), Tally()
        try:
            await archive.collect(fetching, reach, tally)
            await media.fetch(until=None)
        finally:  # also where Ctrl-C came in between
            if config.search is None:  # which finds posts here and there: nothing begins or ends at them
                reach.walked(tally, begun_at=begun_at)
            fetching.after()


def _counts(fetching: Fetching, tally: Tally) -> Counter[str]:
    counts = with_files(fetching.host.counts, fetching.files)
    counts["posts"], counts["ghosts"] = tally.posts, tally.ghosts
    return counts


def _files_shown(archive: Warosu, kept: Kept, kinds: Sequence[Kind]) -> Iterator[Pending]:
    """The files of every post on the pages held; a page that no parser knows any more shows none."""
    for page in kept.pages():
        for post in archive.read((), [page]):
            yield from map(Pending, files_of(post, kinds))


def build(config: Config) -> Archive:
    """A collector of the board named by `config.board`."""
    return Archive(config)
