"""The values of a JSON file, one at a time: of a list, of a file of lines, or the one document that it is.

    [{…}, {…}]          each element              "element 1", "element 2"
    {…}\\n{…}\\n           each line                 "line 1", "line 2"
    {…}                 the document itself       "document"

A list is read piece by piece, so that only one element is held at once; no element, line or document may be
larger than the limit.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from bizmeme.dumps.refusals import UnusableError
from bizmeme.errors import DataError

_PIECE_CHARS = 2**16
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Value:
    """One value, or why it cannot be read; `share` of the file lies behind it."""

    place: str
    value: object
    problem: UnusableError | None = None
    share: float = 1.0


def values(path: Path, *, limit_chars: int) -> Iterator[Value]:
    """Every value; one that cannot be read comes with its reason. Raises DataError for what is not UTF-8."""
    try:
        with path.open("r", encoding="utf-8-sig") as file:
            if _first_char(file) == "[":
                yield from _elements(file, path, limit_chars)
            elif (one := _decoded(file.readline(limit_chars))).problem is None:
                yield from _lines(file, path, limit_chars, one.value)
            else:
                file.seek(0)
                yield _document(file.read(limit_chars + 1), limit_chars)
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name} is not UTF-8. Save it as UTF-8, or leave it out.") from error


def _first_char(file: TextIO) -> str:
    """The first character that is no space; the file stands before it."""
    while True:
        at = file.tell()
        char = file.read(1)
        if not char.isspace():
            file.seek(at)
            return char


def _document(text: str, limit_chars: int) -> Value:
    if len(text) > limit_chars:
        return Value("document", None, _too_large(limit_chars))
    read = _decoded(text)
    return Value("document", read.value, read.problem)


def _lines(file: TextIO, path: Path, limit_chars: int, first: object) -> Iterator[Value]:
    """The first line's value, then the other lines'; a file of one line is a document."""
    size = max(1, path.stat().st_size)
    number, place = 1, "document"
    waiting = Value(place, first)
    while line := file.readline(limit_chars):
        number += 1
        if not line.strip():
            continue
        if waiting.place == "document":
            waiting = Value("line 1", waiting.value, waiting.problem, 0.0)
        yield waiting
        waiting = _line(file, line, number=number, limit_chars=limit_chars, size=size)
    yield Value(waiting.place, waiting.value, waiting.problem)


def _line(file: TextIO, line: str, *, number: int, limit_chars: int, size: int) -> Value:
    share = min(1.0, file.buffer.tell() / size)
    if len(line) < limit_chars:
        read = _decoded(line)
        return Value(f"line {number}", read.value, read.problem, share)
    while line and not line.endswith("\n"):  # the rest of a line that is too long
        line = file.readline(_PIECE_CHARS)
    return Value(f"line {number}", None, _too_large(limit_chars), share)


def _elements(file: TextIO, path: Path, limit_chars: int) -> Iterator[Value]:
    """The elements of a list; ends at the first one that cannot be read, since nobody knows where it ends."""
    size = max(1, path.stat().st_size)
    scanner = _Scanner(file, limit_chars)
    scanner.skip("[")
    number = 0
    while scanner.peek() not in ("]", ""):
        number += 1
        read = scanner.value()
        share = min(1.0, file.buffer.tell() / size)
        yield Value(f"element {number}", read.value, read.problem, share)
        if read.problem:
            return
        if scanner.peek() == ",":
            scanner.skip(",")
        elif scanner.peek() not in ("]", ""):
            yield Value(
                f"element {number + 1}", None, UnusableError("the rest of the list is not JSON"), share
            )
            return
    if scanner.peek() == "":
        yield Value(f"element {number + 1}", None, UnusableError("the list ends in the middle"))


class _Scanner:
    """Reads a file value by value, holding no more than the one that it is at."""

    def __init__(self, file: TextIO, limit_chars: int) -> None:
        self._file = file
        self._limit_chars = limit_chars
        self._text, self._at = "", 0

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at].isspace():
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def skip(self, char: str) -> None:
        """Pass over the next character, which is this one."""
        assert self.peek() == char
        self._at += 1

    def value(self) -> Value:
        """The next value; more of the file is read until it is whole."""
        while True:
            read, end = None, -1
            try:
                read, end = _DECODER.raw_decode(self._text, self._at)
            except RecursionError:
                return Value("", None, UnusableError("it is nested too deeply"))
            except ValueError:
                pass  # it may go on
            if max(end, len(self._text) if end < 0 else end) - self._at > self._limit_chars:
                return Value("", None, _too_large(self._limit_chars))
            if 0 <= end < len(self._text) or not self._more():  # at the very end a number may go on
                self._at = max(self._at, end)
                return Value("", read, UnusableError("it is not JSON") if end < 0 else None)

    def _more(self) -> bool:
        """Read on, about as much again as is held, so that a large value is decoded only a few times."""
        self._text, self._at = self._text[self._at :], 0
        piece = self._file.read(max(_PIECE_CHARS, len(self._text)))
        self._text += piece
        return bool(piece)


def _decoded(text: str) -> Value:
    try:
        return Value("", json.loads(text))
    except RecursionError:
        return Value("", None, UnusableError("it is nested too deeply"))
    except ValueError:
        return Value("", None, UnusableError("it is not JSON"))


def _too_large(limit_chars: int) -> UnusableError:
    return UnusableError(f"it is larger than {limit_chars // 2**20} MiB: split it, or write one value a line")
