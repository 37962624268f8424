"""data/images/: the normalised pictures, one JPEG file each, named by the SHA-256 of what is in it."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from bizmeme.errors import DataError

_REMEDY = "Run `dvc checkout`, or `dvc repro -f -s parse`, to have it again."


@dataclass(frozen=True, slots=True)
class ImageStore:
    """The pictures in a folder."""

    folder: Path

    def read(self, sha256: str) -> bytes:
        """A picture's bytes; raises DataError where its file is missing or holds something else."""
        path = self.folder / f"{sha256}.jpg"
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise DataError(f"A table names the picture {path}, which is missing. {_REMEDY}") from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DataError(f"{path} does not hold the picture that its name says. {_REMEDY}")
        return data

    def put(self, sha256: str, data: bytes) -> None:
        """Hold a picture under its SHA-256."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"{sha256}.jpg").write_bytes(data)

    def prune(self, kept: Collection[str]) -> None:
        """Hold no other pictures than these."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for held in self.folder.glob("*.jpg"):
            if held.stem not in kept:
                held.unlink()
