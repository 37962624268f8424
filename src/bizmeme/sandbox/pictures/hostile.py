"""Files that hold no picture although a post says so: videos, and what broken or hostile uploads leave.

bomb    a PNG of some 70 bytes whose header states 60,000 × 60,000 px: 10.8 GB, once decoded
empty   no byte at all
page    a web server's error page, kept under a picture's name
"""

import struct
import zlib
from collections.abc import Callable, Mapping

from bizmeme.sandbox.dice import pick, stream
from bizmeme.sandbox.pictures.drawing import Flaw, Picture

BOMB_SIDE_PX = 60_000

_VIDEO_BYTES = 6_000
_EBML_WEBM = bytes.fromhex("1a45dfa39f4286810142f7810142f2810442f381084282847765626d4287810242858102")
_FTYP_MP4 = struct.pack(">I4s4sI", 32, b"ftyp", b"isom", 0x200) + b"isomiso2avc1mp41"
_CONTAINERS = {".webm": _EBML_WEBM, ".mp4": _FTYP_MP4}
_ERRORS = ("403 Forbidden", "404 Not Found", "502 Bad Gateway", "503 Service Temporarily Unavailable")


def _video(picture: Picture) -> bytes:
    """The container's own first bytes, then nothing that could be played."""
    return _CONTAINERS[picture.ext] + stream("video", picture.key).randbytes(_VIDEO_BYTES)


def _bomb(picture: Picture) -> bytes:
    header = struct.pack(">IIBBBBB", BOMB_SIDE_PX, BOMB_SIDE_PX, 8, 2, 0, 0, 0)  # 8 bits, RGB
    pixels = zlib.compress(stream("bomb", picture.key).randbytes(8))
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", pixels), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG: length, kind, data, checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _empty(_: Picture) -> bytes:
    return b""


def _page(picture: Picture) -> bytes:
    error = pick(_ERRORS, "page", picture.key)
    head, body = f"<head><title>{error}</title></head>", f"<center><h1>{error}</h1></center>"
    return f"<html>\r\n{head}\r\n<body>\r\n{body}\r\n</body>\r\n</html>\r\n".encode()


BYTES: Mapping[Flaw, Callable[[Picture], bytes]] = {
    "video": _video,
    "bomb": _bomb,
    "empty": _empty,
    "page": _page,
}
