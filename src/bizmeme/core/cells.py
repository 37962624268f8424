"""One cell of somebody's table → a number, a moment, a text. Strangers' types are taken as they come.

whole("60000412") → 60000412        moment("2025-10-08 12:00") → 1759924800 (without zone: UTC)
moment(1759924800123) → 1759924800  (milliseconds, by their size)
"""

import base64
import binascii
import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time

MAX_NO = 2**53
_EARLIEST_S = 978_307_200  # 2001, before any such board
_LATEST_S = 4_102_444_800  # 2100
_UNITS = (1, 1_000, 1_000_000, 1_000_000_000)  # a second in seconds, ms, µs, ns
_NUMBER = re.compile(r"\s*[+-]?\d{1,25}(\.\d{0,25})?\s*", re.ASCII)
_YES = frozenset(("1", "true", "t", "yes", "y"))
_MD5 = re.compile(r"[A-Za-z0-9+/]{22}==")
_URL_MD5 = re.compile(r"[A-Za-z0-9_-]{22}")
_HEX_MD5 = re.compile(r"[0-9a-fA-F]{32}")
_DEEPEST = 8
_SURROGATES = re.compile("[\ud800-\udfff]")


def empty(value: object) -> bool:
    """Whether a cell holds nothing."""
    return value is None or (isinstance(value, str) and not value.strip())


def number(value: object) -> float | int | None:
    """A finite number, also where it is written as text; None for anything else, True and False too."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    if isinstance(value, int):
        return value
    return value if isinstance(value, float) and math.isfinite(value) else None


def whole(value: object) -> int | None:
    """A whole number; 7.0 is one, 7.5 is none."""
    read = number(value)
    return int(read) if read is not None and read == int(read) else None


def post_number(value: object) -> int | None:
    """A number that a post can have."""
    read = whole(value)
    return read if read is not None and 1 <= read < MAX_NO else None


def moment(value: object) -> int | None:
    """Seconds since 1970, UTC; None for what is no date between 2001 and 2100.

    Numbers are seconds, milliseconds, microseconds or nanoseconds, whichever falls between those years; text
    is ISO 8601; what names no zone is UTC.
    """
    if isinstance(value, datetime):
        return _within((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp())
    if isinstance(value, date):
        return _within(datetime.combine(value, time(), UTC).timestamp())
    if (read := number(value)) is not None:
        fits = (_within(read / unit) for unit in _UNITS)
        if (fitting := next((seconds for seconds in fits if seconds is not None), None)) is not None:
            return fitting
    return _iso(value) if isinstance(value, str) else None


def _iso(text: str) -> int | None:
    try:
        return moment(datetime.fromisoformat(re.sub(r"\s*(UTC|GMT)$", "+00:00", text.strip())))
    except (ValueError, OverflowError):
        return None


def _within(seconds: float) -> int | None:
    return math.floor(seconds) if _EARLIEST_S <= seconds < _LATEST_S else None


def text(value: object) -> str:
    """A cell as text; nothing for an empty one. Bytes are taken for UTF-8, as `is_utf8` then tells."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return "" if value is None else str(value)


def line(value: object) -> str:
    """A cell as one line without anything unprintable: a name."""
    return " ".join("".join(char if char.isprintable() else " " for char in text(value)).split())


def flag(value: object) -> bool:
    """Whether a cell says yes."""
    return text(value).strip().lower() in _YES or (isinstance(value, float) and value == 1)


def md5(value: object) -> str | None:
    """An MD5 as the board writes it, from that, from its form in addresses, or from hexadecimal digits."""
    given = text(value).strip()
    if _HEX_MD5.fullmatch(given):
        return base64.b64encode(bytes.fromhex(given)).decode()
    if _URL_MD5.fullmatch(given):
        given = given.replace("-", "+").replace("_", "/") + "=="
    try:
        return given if _MD5.fullmatch(given) and len(base64.b64decode(given)) == 16 else None  # noqa: PLR2004
    except binascii.Error:
        return None


def is_utf8(value: object) -> bool:
    """False for a text of whose bytes some were no UTF-8 (read with errors=surrogateescape)."""
    return not (isinstance(value, str) and not value.isascii() and _SURROGATES.search(value))


def jsonable(value: object, depth: int = 0) -> object:
    """A cell as JSON can hold it: dates as ISO 8601, what has no like as its text; deep nests are cut."""
    if isinstance(value, str):
        return _SURROGATES.sub("", value).replace("\0", "")
    if value is None or isinstance(value, (bool, int, float)):
        return None if isinstance(value, float) and not math.isfinite(value) else value
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {str(jsonable(str(key))): jsonable(each, depth + 1) for key, each in value.items()}
    if depth < _DEEPEST and isinstance(value, (list, tuple)):
        return [jsonable(each, depth + 1) for each in value]
    if isinstance(value, (date, time)):
        return value.isoformat()
    return None if isinstance(value, (Mapping, list, tuple, bytes)) else str(value)


def shown(value: object, chars: int = 60) -> str:
    """A value for people's eyes: one line, nothing that moves a terminal's cursor, cut short."""
    visible = "".join(char if char.isprintable() else "�" for char in text(value)[: chars + 1])
    return visible if len(visible) <= chars else visible[: chars - 1] + "…"
