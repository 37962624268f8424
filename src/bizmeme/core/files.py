"""What a file from a media host is, by its first bytes and its declared size: usable, or why not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["file", "thumbnail"]
Status = Literal["wanted", "ok", "gone", "empty", "null bytes", "wrong type", "too long"]
"""Of a file. wanted: not asked for yet. gone: 404, twice."""

_PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp")
_MD5 = re.compile(r"[A-Za-z0-9+/]{22}==")
_EXT = re.compile(r"\.[a-z0-9]{1,5}")
_MAX_TIM = 2**53
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
    tim, ext = raw.get("tim"), raw.get("ext")
    if raw.get("filedeleted") or not isinstance(ext, str) or not _EXT.fullmatch(ext):
        return None
    if not isinstance(tim, int) or isinstance(tim, bool) or not 0 < tim < _MAX_TIM:
        return None
    if kind == "file" and ext not in _PICTURES:
        return None
    path = f"/{board}/{tim}s.jpg" if kind == "thumbnail" else f"/{board}/{tim}{ext}"
    md5 = raw.get("md5")
    return Wanted(md5 if isinstance(md5, str) and _MD5.fullmatch(md5) else path, kind, path)


def examined(data: bytes) -> Status:
    """What may be said of a file without decoding it."""
    if not data:
        return "empty"
    if not data.strip(b"\0"):
        return "null bytes"
    return "ok" if data.startswith(_MAGIC) else "wrong type"
