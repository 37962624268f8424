"""Values in JSON from strangers: what is not of the right type is nothing, never a crash."""

import json
import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

import orjson

MAX_NO = 2**53
"""Post numbers and server file names lie below: JSON's own limit for whole numbers."""

MAX_TIME_S = 2**33
"""Seconds since 1970 lie below."""


def parsed(body: bytes) -> Any:
    """The JSON of a body; None where it is none, or nested too deep."""
    with suppress(orjson.JSONDecodeError):
        return orjson.loads(body)
    try:
        return json.loads(body)  # it reads half a surrogate pair as well, and other encodings than UTF-8
    except (ValueError, RecursionError):
        return None


def is_strange(body: bytes, *, keys: Collection[str], block: str) -> bool:
    """Whether it is JSON of somebody else: with none of these keys, nor an object under the key `block`.

    What is cut off is no JSON, and may be anybody's.
    """
    told = parsed(body)
    known = isinstance(told, dict) and (not told.keys().isdisjoint(keys) or isinstance(told.get(block), dict))
    return told is not None and not known


def objects(value: object) -> list[Mapping[str, Any]]:
    """The objects of a list; nothing where it is no list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def numbers(value: object) -> list[int]:
    """The usable post numbers of a list."""
    listed = value if isinstance(value, list) else []
    return [number for each in listed if (number := whole(each, below=MAX_NO))]


def whole(value: object, *, below: int) -> int | None:
    """A whole number from 0 to `below`, or nothing; true is no number."""
    return value if type(value) is int and 0 <= value < below else None


def matching(pattern: re.Pattern[str], value: object) -> str | None:
    """A text that is all that pattern, or nothing."""
    return value if isinstance(value, str) and pattern.fullmatch(value) else None
