"""The board's comment HTML → plain text, links and flags.

    <a href="#p1" class="quotelink">&gt;&gt;1</a><br><span class="quote">&gt;ath</span><br>it&#039;s o<wbr>ver

becomes text `>>1\\n>ath\\nit's over`, quotes `(1,)`. The order of the steps is the whole trick: blocks that
the board or a moderator added go first, `<wbr>` vanishes before anything looks for words, entities are
resolved last and once, since users type `&lt;3` too.
"""

import html
import re
import unicodedata
from dataclasses import dataclass

_BAN = re.compile(r"<(b|strong) style=[^>]*>\(USER WAS (?:BANNED|WARNED)[^<]*\)</\1>", re.IGNORECASE)
_EXIF = re.compile(
    r'<span class="abbr">\[EXIF.*?</span>(?:<br>){0,3}<table class="exif".*?</table>', re.DOTALL
)
_OEKAKI = re.compile(r"<small><b>Oekaki Post</b>.*?</small>", re.DOTALL)
_FORTUNE = re.compile(r'<span class="fortune"[^>]*>.*?</span>', re.DOTALL)
_WORD_BREAK = re.compile(r"<wbr\s*/?>", re.IGNORECASE)
_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^>]*>")
_UNPRINTABLE = re.compile("[\0\ud800-\udfff]")  # half a pair has no UTF-8
_QUOTED = re.compile(r'class="(?:quotelink|deadlink)"[^>]*>&gt;&gt;(\d+)<')


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment, read."""

    text: str
    quotes: tuple[int, ...]  # post numbers of the same board, in order, repeats kept
    banned: bool


def read_comment(com: str) -> Comment:
    """Read the `com` field of a post; an empty string gives an empty comment."""
    banned = _BAN.search(com) is not None
    for block in (_BAN, _EXIF, _OEKAKI, _FORTUNE):
        com = block.sub("", com)
    com = _WORD_BREAK.sub("", com)
    com = _LINE_BREAK.sub("\n", com)
    quotes = tuple(int(no) for no in _QUOTED.findall(com))
    return Comment(text=plain(_TAG.sub("", com)), quotes=quotes, banned=banned)


def plain(escaped: str) -> str:
    """Entities resolved once, then as `clean`: for `sub` too."""
    return clean(html.unescape(escaped))


def clean(text: str) -> str:
    """NUL and lone surrogates dropped, NFC, ends stripped."""
    return unicodedata.normalize("NFC", _UNPRINTABLE.sub("", text)).strip()
