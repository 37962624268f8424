"""Which file a post shows, and what may become of a file: one word each, from `wanted` to its end."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from bizmeme.core.values import MAX_NO, matching, whole

Kind = Literal["file", "thumbnail"]
Status = Literal[
    "wanted", "ok", "gone", "refused", "empty", "null bytes", "wrong type", "truncated", "broken",
    "too long", "too many pixels", "too narrow", "video", "document",
]  # fmt: skip

MEANINGS: Mapping[Status, str] = MappingProxyType(
    {
        "wanted": "not had yet",
        "ok": "held; its first frame can be decoded",
        "gone": "not there (404), twice",
        "refused": "the host gave no file, time and again",
        "empty": "not a single byte, twice",
        "null bytes": "nothing but null bytes, twice",
        "wrong type": "not a JPEG, PNG, GIF or WebP picture, twice",
        "truncated": "its end is missing, twice",
        "broken": "begins as a picture and cannot be decoded, twice",
        "too long": "more bytes than a host may send",
        "too many pixels": "decoding it would take more pixels or memory than allowed",
        "too narrow": "one side more than 50 times the other",
        "video": "a video, of which only the thumbnail is fetched",
        "document": "neither picture nor video, of which only the thumbnail is fetched",
    }
)
"""Every status with what it says of a file. Of all but the ok ones no bytes are kept."""

MISHAPS: frozenset[Status] = frozenset({"gone", "empty", "null bytes", "wrong type", "truncated", "broken"})
"""What may be the transfer's fault: asked again once. The bytes of any other end would be the same."""

ELSEWHERE: frozenset[Status] = MISHAPS | {"refused"}
"""What another post's copy of the same file may not suffer from."""

_MISHAPS = 2  # of a file that is not there, or not what it should be, each in another round
_REFUSALS = 5  # of a host that gives no file: it may be busy

PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp")
_OPENING_PX, _REPLY_PX = 250, 125
_VIDEOS = (".webm", ".mp4")
MD5 = re.compile(r"[A-Za-z0-9+/]{22}==")
EXT = re.compile(r"\.[a-z0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that a post shows: one download for all posts that show the same."""

    key: str  # the board's md5, base64; where it gives none, the path
    kind: Kind
    path: str  # on the media host
    longest_px: int = 0  # of a thumbnail: its longer side, by which the larger of two wins


@dataclass(frozen=True, slots=True)
class Pending:
    """A file still to be fetched, and how often that was tried."""

    file: Wanted
    tries: int = 0
    mishaps: int = 0  # those of the tries that brought something other than the file

    def after(self, came: Status) -> "Pending":
        """The file once it was tried again."""
        return Pending(self.file, self.tries + 1, self.mishaps + (came in MISHAPS))

    def ended(self, came: Status) -> Status:
        """What to write down: where that may be the host's fault, and not again and again, still `wanted`."""
        done = self.after(came)
        if came in MISHAPS:
            return came if done.mishaps >= _MISHAPS else "wanted"
        if came == "refused":
            return came if done.tries - done.mishaps >= _REFUSALS else "wanted"
        return came


@dataclass(frozen=True, slots=True)
class Seen:
    """What decoding a file told; of an animated one the first frame is the picture."""

    width_px: int
    height_px: int
    animated: bool


def wanted(raw: Mapping[str, Any], *, board: str, kind: Kind) -> Wanted | None:
    """The file of a post as received; None where it shows none."""
    tim, ext = whole(raw.get("tim"), below=MAX_NO), matching(EXT, raw.get("ext"))
    if raw.get("filedeleted") or not tim or ext is None:
        return None
    path = f"/{board}/{tim}s.jpg" if kind == "thumbnail" else f"/{board}/{tim}{ext}"
    longest_px = _longest_px(raw) if kind == "thumbnail" else 0
    return Wanted(matching(MD5, raw.get("md5")) or path, kind, path, longest_px)


def thumbnail_px(*, opens: bool) -> int:
    """The longer side of a thumbnail as the board makes them, but of smaller pictures."""
    return _OPENING_PX if opens else _REPLY_PX


def _longest_px(raw: Mapping[str, Any]) -> int:
    sides = [whole(raw.get(name), below=_OPENING_PX + 1) for name in ("tn_w", "tn_h")]
    return max((side for side in sides if side), default=thumbnail_px(opens=not raw.get("resto")))


def at_first(file: Wanted) -> Status:
    """The status that a file begins with: what is no picture is not asked for."""
    if file.path.endswith(PICTURES):
        return "wanted"
    return "video" if file.path.endswith(_VIDEOS) else "document"


def first_look(data: bytes) -> Status | None:
    """What is wrong with a file that holds nothing at all; None where only decoding can tell."""
    if not data:
        return "empty"
    return None if data.strip(b"\0") else "null bytes"
