"""The files that sources gave, normalised one after the other into data/images/."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

from bizmeme.core.files import MEANINGS
from bizmeme.core.merging import FOUND
from bizmeme.shell.image_store import ImageStore
from bizmeme.shell.parquet import read_batches
from bizmeme.shell.pictures import Normalise, Picture, normalise
from bizmeme.shell.progress import counting
from bizmeme.tables.raw import RawFiles

KINDS = ("file", "thumbnail")
"""Of files, the better first."""

_MEANINGS = {str(status): meaning for status, meaning in MEANINGS.items()}
_BATCH = 64  # files in memory at once


class FoundPictures:
    """The pictures found so far."""

    def __init__(self, files: Path, store: ImageStore, how: Normalise) -> None:
        self.refused: dict[str, str] = {}
        """Why a file is no usable picture, by key."""
        self._files = files
        self._store = store
        self._how = how
        self._found: dict[tuple[str, bool], str] = {}
        self._rows: dict[str, dict[str, Any]] = {}

    def take(self, kind: str, wanted: set[str]) -> None:
        """Normalise the files of that kind whose key is wanted; all files of one key show the same."""
        small = kind == "thumbnail"
        with counting(f"pictures ({kind}s)", len(wanted)) as tick:
            for batch in read_batches(RawFiles, self._files, rows=_BATCH):
                rows = batch.filter(pl.col("kind") == kind, pl.col("key").is_in(wanted))
                for key, status, body in rows.select("key", "status", "body").iter_rows():
                    if (key, small) not in self._found:
                        self._take(key, small, status, body)
                        tick("")

    def _take(self, key: str, small: bool, status: str, body: bytes | None) -> None:
        if body is None:
            self.refused.setdefault(key, f"{status}: {_MEANINGS.get(status, status)}")
            return
        picture = normalise(body, self._how)
        if isinstance(picture, Picture):
            self._found[key, small] = picture.sha256
            self._keep(picture)
        else:
            self.refused.setdefault(key, picture.reason)

    def _keep(self, picture: Picture) -> None:
        if picture.sha256 not in self._rows:
            self._store.put(picture.sha256, picture.data)
        self._rows[picture.sha256] = {
            "sha256": picture.sha256,
            "width_px": picture.width_px,
            "height_px": picture.height_px,
            "perceptual_hash": picture.perceptual_hash,
            "thumbnail": picture.thumbnail,
        }

    def table(self) -> pl.DataFrame:
        """What was found, columns as core.merging.FOUND."""
        rows = [(key, small, sha256) for (key, small), sha256 in self._found.items()]
        return pl.DataFrame(rows, schema=FOUND, orient="row")

    def rows(self, chosen: Iterable[str | None]) -> list[dict[str, Any]]:
        """The rows of images.parquet for the pictures that posts show; no other is kept."""
        names = {sha256 for sha256 in chosen if sha256 is not None}
        self._store.prune(names)
        return [self._rows[sha256] for sha256 in sorted(names)]
