"""What a file from a media host is, by its first bytes and its declared size: usable, or why not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bizmeme.core.values import MAX_NO, matching, whole

Kind = Literal["file", "thumbnail"]
Status = Literal["wanted", "ok", "gone", "empty", "null bytes", "wrong type", "too long", "refused"]
"""Of a file. wanted: not had yet. gone: 404, twice. refused: the host gave no file, time and again."""

REASONS: Mapping[str, str] = {
    "wanted": "the file was not received yet",
    "gone": "the file is gone",
    "empty": "the file is empty or all null bytes",
    "null bytes": "the file is empty or all null bytes",
    "wrong type": "not a JPEG, PNG, GIF or WebP picture",
    "too long": "the file is too long",
    "refused": "the host gave no file",
}
"""Of each status but ok: why a post has no picture."""

PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp")
MD5 = re.compile(r"[A-Za-z0-9+/]{22}==")
EXT = re.compile(r"\.[a-z0-9]{1,5}")
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"RIFF")  # JPEG, PNG, GIF, WebP


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that a post shows: one download for all posts that show the same."""

    key: str  # the board's md5, base64; where it gives none, the path
    kind: Kind
    path: str  # on the media host


def wanted(raw: Mapping[str, Any], *, board: str, kind: Kind) -> Wanted | None:
    """The file of a post as received; None where it shows none of that kind.

    Videos and documents have a thumbnail and no file that is of use here.
    """
    tim, ext = whole(raw.get("tim"), below=MAX_NO), matching(EXT, raw.get("ext"))
    if raw.get("filedeleted") or not tim or ext is None or (kind == "file" and ext not in PICTURES):
        return None
    path = f"/{board}/{tim}s.jpg" if kind == "thumbnail" else f"/{board}/{tim}{ext}"
    return Wanted(matching(MD5, raw.get("md5")) or path, kind, path)


def examined(data: bytes) -> Status:
    """What may be said of a file without decoding it."""
    if not data:
        return "empty"
    if not data.strip(b"\0"):
        return "null bytes"
    return "ok" if data.startswith(_MAGIC) else "wrong type"
