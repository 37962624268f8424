"""What a row calls its picture: a file's name, a path of another machine, or an address.

https://i.4cdn.org/biz/1759276800123456.jpg   media path /biz/1759276800123456.jpg, tim 1759276800123456
C:\\memes\\it is over.png                       file name `it is over.png`, no tim
"""

import os
import re
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

_MEDIA_PATH = re.compile(r"/[a-z0-9]{1,10}/[0-9]{1,16}s?\.[a-z0-9]{1,5}", re.ASCII)
_TIM = re.compile(r"\d{13}|\d{16}", re.ASCII)  # milliseconds until about 2021, microseconds since


def inside(path: Path, folder: Path) -> bool:
    """Whether a path, all links followed, lies in a folder; a link that bites its tail lies nowhere."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def media_path(picture: str | None, media_host: str | None) -> str | None:
    """The path on the configured media host, where the address is of that host and of a board's file."""
    if picture is None or media_host is None or host(picture) != media_host:
        return None
    path = urlsplit(picture).path
    return path if _MEDIA_PATH.fullmatch(path) else None


def host(picture: str) -> str | None:
    """The host of an address, lower case; None for a file's name; empty for an address without one."""
    try:
        parts = urlsplit(picture)
    except ValueError:
        return ""
    return parts.netloc.lower() if parts.netloc or parts.scheme in ("http", "https") else None


def parts_of(picture: str) -> tuple[str, ...]:
    """The parts of a path or of an address's path, whichever slash it is written with."""
    path = picture
    if named := host(picture):
        path = urlsplit(picture).path
    elif named == "":
        return ()
    return tuple(part for part in path.replace("\\", "/").split("/") if part not in ("", "."))


def stem(picture: str) -> str:
    """The file's name without its extension."""
    parts = parts_of(picture)
    return PurePosixPath(parts[-1]).stem if parts else ""


def suffix(picture: str | None) -> str:
    """The extension of the file's name, lower case, with the dot; nothing where there is none."""
    parts = parts_of(picture) if picture else ()
    return PurePosixPath(parts[-1]).suffix.lower() if parts else ""


def tim(picture: str | None) -> int | None:
    """The board's own name of a file, where the picture, or its thumbnail, is called so."""
    named = stem(picture).removesuffix("s") if picture else ""
    return int(named) if _TIM.fullmatch(named) else None
