"""A post's words in fuuka's HTML, e-mail addresses hidden as Cloudflare hides them.

>be me         <span class="unkfunc">&gt;be me</span>
>>60000123     <a href="#p60000123" class="backlink">&gt;&gt;60000123</a>
name@exchange  <a href="/cdn-cgi/l/email-protection" class="__cf_email__" data-cfemail="…">…</a>
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bizmeme.sandbox.fuuka.tree import Raw, Tag, tag

_PIECES = re.compile(r"(https?://\S+)|(?<![\w.@])([\w.+-]+@\w[\w.-]*)|(>>\d+)")


@dataclass(frozen=True, slots=True)
class Here:
    """The page that words stand on."""

    board: str
    numbers: frozenset[int]  # of its posts
    key: int  # under which it hides addresses: another one on every fetch
    microdata: bool  # whether a comment is a paragraph with an item property


def comment(text: str, here: Here, *, banned: bool = False) -> Tag:
    """The block of a post's words."""
    lines: list[Tag | Raw | str] = []
    for line in text.split("\n") if text else []:
        lines += [tag("br")] if lines else []
        lines += _line(line, here)
    if banned:
        notice = tag("span", "(USER WAS BANNED FOR THIS POST)", class_="banned")
        lines += [tag("br"), tag("br"), notice]
    return tag("blockquote", tag("p", *lines, itemprop="text") if here.microdata else tag("p", *lines))


def words(text: str, here: Here) -> Iterator[Tag | str]:
    """One line: addresses of the web are links, those of people are hidden, quoted posts are linked."""
    at = 0
    for found in _PIECES.finditer(text):
        yield text[at : found.start()]
        at = found.end()
        if found[1]:
            yield tag("a", found[1], href=found[1])
        elif found[2]:
            yield hidden(found[2], here.key)
        else:
            yield _quote(int(found[3][2:]), here)
    yield text[at:]


def hidden(email: str, key: int) -> Tag:
    """An address as Cloudflare hides it: bytes XOR a key, which stands before them, in hexadecimal."""
    code = bytes([key, *(each ^ key for each in email.encode())]).hex()
    shown = Raw("[email&#160;protected]")
    return tag("a", shown, href="/cdn-cgi/l/email-protection", class_="__cf_email__", data_cfemail=code)


def _line(line: str, here: Here) -> Iterator[Tag | Raw | str]:
    if line.startswith(">") and not re.match(r">>\d", line):
        yield tag("span", *words(line, here), class_="unkfunc")
    else:
        yield from words(line, here)


def _quote(no: int, here: Here) -> Tag:
    if no in here.numbers:
        return tag("a", f">>{no}", href=f"#p{no}", class_="backlink")
    return tag("a", f">>{no}", href=f"/{here.board}/post/{no}")
