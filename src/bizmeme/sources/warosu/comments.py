"""A comment's HTML, parsed → the plain text that the board's own JSON gives for the same post.

    <blockquote><p><a href="#p1" class="backlink">&gt;&gt;1</a><br><span class="unkfunc">&gt;ath</span><br>
    ask <a class="__cf_email__" data-cfemail="5b3a1b39">[email&#160;protected]</a></p></blockquote>

becomes `>>1\\n>ath\\nask a@b`. The rules are those of core/markup.py, on elements instead of strings:
entities are resolved by the parser, once; what the site or a moderator added is dropped.
"""

import re
from dataclasses import dataclass

from bizmeme.core.markup import clean
from bizmeme.sources.warosu.dom import Element, classes, visit

_BAN = re.compile(r"\(USER WAS (?:BANNED|WARNED)", re.IGNORECASE)
_PROTECTED = "/cdn-cgi/l/email-protection#"
_BLOCKS = frozenset({"p", "div", "pre"})
_NO_TEXT = frozenset({"script", "style", "template"})
_SOURCE_BREAK = re.compile(r"[ \t]*[\r\n][ \t\r\n]*")
_SOFT = "\0"  # stands for a line break of the source, which is a space or nothing; a page holds no NUL
_SOFT_AT_BREAK = re.compile(f"{_SOFT}*\n{_SOFT}*")


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment, read."""

    text: str
    banned: bool


def read_comment(element: Element) -> Comment:
    """Read a post's `<blockquote>`, or any other element that holds what a user typed."""
    reader = _Reader()
    visit(element, reader.start, reader.text)
    return Comment(reader.result(), reader.banned)


def decoded_email(element: Element) -> str | None:
    """What Cloudflare hides in an element, under another key on every fetch; None where it hides nothing.

    Bytes in hexadecimal: the first is the key, XOR of each other with it is the address.
    """
    code = element.get("data-cfemail")
    href = element.get("href") or ""
    if code is None and _PROTECTED in href and len(element) == 0:
        code = href.partition(_PROTECTED)[2]
    try:
        key, *hidden = bytes.fromhex(code or "")
        return bytes(each ^ key for each in hidden).decode()
    except ValueError:
        return None


class _Reader:
    def __init__(self) -> None:
        self.banned = False
        self._parts: list[str] = []

    def start(self, element: Element) -> bool:
        """Whether the text inside belongs to the comment."""
        if element.tag == "br":
            self._parts.append("\n")
            return False
        if element.tag in _BLOCKS:
            self._parts += [] if self._parts[-1:] == ["\n"] else ["\n"]
            return True
        if element.tag in _NO_TEXT or _added(element):
            return False
        if _bans(element):
            self.banned = True
            return False
        email = decoded_email(element)
        if email is not None:
            self._parts.append(email.replace(_SOFT, ""))
        return email is None

    def text(self, run: str) -> None:
        """A run of text; a line break of the source is no line break of the comment."""
        if run:
            self._parts.append(_SOURCE_BREAK.sub(_SOFT, run))

    def result(self) -> str:
        """Everything read."""
        text = _SOFT_AT_BREAK.sub("\n", "".join(self._parts)).strip(_SOFT + " \n")
        return clean(text.replace(_SOFT, " "))


def _bans(element: Element) -> bool:
    """A notice by a moderator: never what a user typed, whose own bold text has no style."""
    if "banned" in classes(element):
        return True
    styled = element.tag in ("b", "strong") and element.get("style") is not None
    return styled and _BAN.match((element.text or "").strip()) is not None


def _added(element: Element) -> bool:
    """A block that the board adds: EXIF tables, the oekaki footer, fortunes."""
    tokens, begins = classes(element), (element.text or "").lstrip()
    if element.tag == "small":
        return any("Oekaki Post" in (bold.text or "") for bold in element.iter("b"))
    return "fortune" in tokens or "exif" in tokens or ("abbr" in tokens and begins.startswith("[EXIF"))
