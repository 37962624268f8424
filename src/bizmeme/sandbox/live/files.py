"""Files that posters upload: some hundreds of drawn pictures, each upload with bytes of its own.

A remark is written into the picture's file (a comment segment of JPEG and GIF, a text chunk of PNG), so that
every upload has its own md5 and still decodes, at the cost of a copy.
"""

import base64
import hashlib
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache

from bizmeme.sandbox.dice import pick, share, stream
from bizmeme.sandbox.live.config import PostsConfig
from bizmeme.sandbox.moods import SCENES
from bizmeme.sandbox.pictures.drawing import Flaw, Picture
from bizmeme.sandbox.pictures.gallery import Gallery, thumbnail_size
from bizmeme.sandbox.uploads import paint

_FLAWS: tuple[Flaw, ...] = ("video", "video", "video", "bomb", "empty", "mislabelled", "truncated")
_KEPT = 4_000  # uploads whose facts are remembered


@dataclass(frozen=True, slots=True)
class Facts:
    """What the board's JSON says of a file."""

    ext: str
    md5: str  # base64 of the 16 raw bytes
    fsize: int
    width_px: int
    height_px: int


class Files:
    """The uploads of one world, by their number."""

    def __init__(self, seed: int, posts: PostsConfig) -> None:
        self._seed = seed
        self._posts = posts
        self._gallery = Gallery()
        self.facts = lru_cache(_KEPT)(self._facts)

    def picture(self, upload: int) -> Picture:
        """What the file shows, and in which way it is odd."""
        odd = share("flawed", self._seed, upload) < self._posts.flawed_share
        flaw: Flaw = pick(_FLAWS, "flaw", self._seed, upload) if odd else ""
        key = f"live {self._seed} {flaw} {upload % self._posts.files}"
        scene = pick(tuple(SCENES), "scene", key)
        return paint(key, scene, stream("live picture", key), flaw=flaw)

    def data(self, upload: int) -> bytes:
        """The file as uploaded."""
        return remarked(self._gallery.file(self.picture(upload)).data, f"upload {self._seed} {upload}")

    def polished(self, upload: int) -> bytes:
        """The same picture in other bytes, as a delivery network recompresses it."""
        return remarked(self._gallery.file(self.picture(upload)).data, "polished")

    def thumbnail(self, upload: int, *, longest_px: int) -> bytes:
        """A JPEG of the picture, or of a video's first moment."""
        data = self._gallery.thumbnail(self.picture(upload), longest_px=longest_px)
        return remarked(data, f"thumbnail {self._seed} {upload}")

    def thumbnail_size(self, upload: int, *, longest_px: int) -> tuple[int, int]:
        """Its width and height."""
        return thumbnail_size(self.picture(upload), longest_px=longest_px)

    def _facts(self, upload: int) -> Facts:
        data, picture = self.data(upload), self.picture(upload)
        file = self._gallery.file(picture)
        md5 = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
        return Facts(picture.ext, md5, len(data), file.width_px, file.height_px)


def remarked(data: bytes, remark: str) -> bytes:
    """The same picture with a remark in its file; what is no picture gets it at its end."""
    words = remark.encode("ascii")
    if data.startswith(b"\xff\xd8"):
        return data[:2] + b"\xff\xfe" + struct.pack(">H", len(words) + 2) + words + data[2:]
    if data.startswith(b"\x89PNG") and (end := data.rfind(b"IEND") - 4) > 0:
        text = b"Comment\0" + words
        chunk = struct.pack(">I", len(text)) + b"tEXt" + text
        return data[:end] + chunk + struct.pack(">I", zlib.crc32(chunk[4:])) + data[end:]
    if data.startswith(b"GIF8") and data.endswith(b";"):
        return data[:-1] + b"\x21\xfe" + bytes([len(words)]) + words + b"\0;"
    return data + words if data else data
