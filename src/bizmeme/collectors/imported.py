"""Fetches the pictures of imported posts whose address is on the configured media host."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from bizmeme.core.files import Kind, Wanted
from bizmeme.ports.imports import ImportedPost
from bizmeme.shell.collecting import Collecting, Means, Progress, Tell, with_files
from bizmeme.shell.downloads import Media
from bizmeme.shell.file_notes import FileNotes
from bizmeme.sources.imported import Config

_BATCH = 50  # files between two words of how far it is


class Pictures:
    """shell.collecting.Collector of imported posts: one round over the files that they lack."""

    def __init__(self, config: Config) -> None:
        self._config = config

    async def collect(self, means: Means, how: Collecting, tell: Tell) -> None:
        """Fetch each file once ever, whatever `how.once` says; raises ServiceError where the host stays busy.

        A post that was imported with its picture wants none.
        """
        host = means.visit.host(self._config.media_url, means.timer)
        notes = FileNotes(means.journal, f"imported/{self._config.board}")
        media = Media(host, notes, means.store, means.timer, caps=how.pictures)
        imports = means.journal.imports
        files = _files(imports.without_picture(list(imports.posts())), how.kinds)
        try:
            while batch := list(islice(files, _BATCH)):
                media.want(batch)
                await media.fetch_those(batch)
                tell(Progress(with_files(Counter(), media), 0, 0.0))
            await media.fetch(until=None)
        finally:  # also where Ctrl-C came in between
            tell(Progress(with_files(Counter(), media), 0, 0.0))


def _files(posts: Iterable[ImportedPost], kinds: Sequence[Kind]) -> Iterator[Wanted]:
    for post in posts:
        if post.media_path is None or post.file_deleted:
            continue
        for kind in kinds:
            path = post.media_path if kind == "file" else f"{post.media_path.rpartition('.')[0]}s.jpg"
            yield Wanted(post.media_md5 or path, kind, path)


def build(config: Config) -> Pictures:
    """A collector of the pictures of imported posts."""
    return Pictures(config)
