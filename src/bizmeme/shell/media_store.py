"""Files received from media hosts, below $BIZMEME_HOME: named by the SHA-256 of what is in them.

A file appears whole or not at all: it is written beside its place, flushed to the disk, then renamed.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from bizmeme.errors import DataError


def media_folder(home: Path, origin: str) -> Path:
    """Where the files of `origin` lie."""
    return home / "media" / origin


@dataclass(frozen=True, slots=True)
class MediaStore:
    """The files of one origin."""

    folder: Path

    def put(self, data: bytes) -> str:
        """Hold these bytes; their SHA-256."""
        sha256 = hashlib.sha256(data).hexdigest()
        place = self._place(sha256)
        if place.exists() and place.stat().st_size == len(data):
            return sha256
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = place.with_suffix(".part")
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(place)
        _flush(place.parent)
        return sha256

    def get(self, sha256: str) -> bytes:
        """A file's bytes; raises DataError where it is missing or was changed."""
        place = self._place(sha256)
        data = place.read_bytes() if place.exists() else b""
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DataError(
                f"{place} is missing, or does not hold what its name says. Move it away and collect again."
            )
        return data

    def _place(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256


def _flush(folder: Path) -> None:
    """Bring a folder's entries to the disk: a name that is not there is no file."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
