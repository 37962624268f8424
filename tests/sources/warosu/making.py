"""Pages of made-up posts, and the same pages written in a random manner."""

import base64
import html
import random
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from bizmeme.sandbox.fuuka import pages
from bizmeme.sandbox.fuuka.dialects import DIALECTS, Dialect
from bizmeme.sandbox.fuuka.entries import Entry, Excerpt, File, Kept
from bizmeme.sandbox.fuuka.tree import VOID, Raw, Tag, changed, escaped

LINES = (
    ">be me", "sell everything", "it's over, \"they\" said", "1 < 2 && 3 > 2", "&lt;3 typed by hand", "",
    "<b>bold</b> <br> <blockquote>", "</td></tr></table><div class=content>", "e\u0301 📈 zero\u200dwidth",
    "write to name@exchange or a.b+c@example.org", "https://example.org/a?b=1&c=2,d", ">>>/g/12", "File: x",
    "No.123", "5 replies omitted", "No posts found", "<span class=posttime title=1>", "just a moment...",
    "  two  spaces  ", "[DELETED]", "ｆｕｌｌ ｗｉｄｔｈ", "> 'quoted', & said",
)  # fmt: skip
NAMES = ("image", "charts & co", "don't", "a, b, c", 'the "plan"', "me@example.org", "", "ünï cødé")
KEPT: tuple[Kept, ...] = ("here", "here", "here", "here", "here", "here", "elsewhere", "redirect", "nowhere")


SECTION: dict[str, object] = {
    "name": "warosu", "board": "biz", "base_url": "http://x", "media_url": "http://y", "mode": "plain",
    "search": None, "from": None, "to": None, "max_posts": None, "pages": None, "thread_life_days": 3,
}  # fmt: skip


def made(*, threads: int = 6) -> list[Excerpt]:
    """Some threads of whose files none is missing."""
    dice = random.Random(0)
    shown = excerpts(dice, threads=threads)
    return [
        replace(excerpt, entries=tuple(_with_file(each, dice) for each in excerpt.entries))
        for excerpt in shown
    ]


def _with_file(entry: Entry, dice: random.Random) -> Entry:
    return entry if entry.ghost else replace(entry, file=file(dice, entry.posted_at, kept="here"))


def excerpts(dice: random.Random, *, threads: int = 3, converted: bool = True) -> list[Excerpt]:
    """Some threads of made-up posts, the newest first, as an index page shows them."""
    no, made = dice.randrange(1, 2**31), []
    for _ in range(threads):
        numbers = [no, *sorted(dice.sample(range(no + 1, no + 200), dice.randrange(6)))]
        entries = [entry(dice, number, thread_no=no, unconverted=not converted) for number in numbers]
        ghost = entry(dice, numbers[-1], thread_no=no, ghost=1)
        made.append(
            Excerpt((*entries, *([ghost] if dice.random() < 0.2 else [])), dice.choice((0, 0, 1, 73)))
        )
        no += 1_000 + dice.randrange(10**6)
    return made[::-1]


def entry(
    dice: random.Random, no: int, *, thread_no: int, ghost: int = 0, unconverted: bool = False
) -> Entry:
    posted_at = 1_500_000_000 + no % 10**8
    text = "\n".join(
        [*([f">>{thread_no}"] * (dice.random() < 0.4)), *dice.choices(LINES, k=dice.randrange(5))]
    )
    return Entry(
        no=no,
        thread_no=thread_no,
        posted_at=posted_at,
        subject=dice.choice((*LINES, "", "", "")) if no == thread_no else "",
        text=text,
        file=file(dice, posted_at) if dice.random() < 0.7 and not ghost else None,
        ghost=ghost,
        unconverted=unconverted,
        deleted=dice.random() < 0.2,
        sticky=no == thread_no and dice.random() < 0.2,
        banned=dice.random() < 0.1,
        email=dice.choice(("", "", "sage@example.org")),
    )


def file(dice: random.Random, posted_at: int, *, kept: Kept | None = None) -> File:
    ext = dice.choice((".jpg", ".png", ".gif", ".webm"))
    digits = dice.choice((3, 6))
    return File(
        name=dice.choice(NAMES) + ext,
        size=dice.randrange(10**7),
        width_px=dice.randrange(1, 9_999),
        height_px=dice.randrange(1, 9_999),
        thumbnail_px=(125, 100),
        md5=base64.b64encode(dice.randbytes(16)).decode(),
        tim=posted_at * 10**digits + dice.randrange(10**digits),
        ext=ext,
        kept=dice.choice(KEPT) if kept is None else kept,
    )


def told(entry: Entry) -> dict[str, object]:
    """What a reader should make of a post, whatever the page looks like."""
    file = entry.file
    folder = f"{entry.thread_no // 100_000:04d}/{entry.thread_no // 1_000 % 100:02d}"
    return {
        "no": entry.no,
        "thread_no": entry.thread_no,
        "posted_at": entry.posted_at,
        "subject": " ".join(unicodedata.normalize("NFC", entry.subject).split()),
        "text": unicodedata.normalize("NFC", entry.text).strip(),
        "banned": entry.banned,
        "deleted": entry.deleted,
        "sticky": entry.sticky,
        "md5": file.md5 if file else None,
        "tim": file.tim if file else None,
        "ext": file.ext if file else None,
        "path": f"/data/biz/img/{folder}/{file.tim}{file.ext}" if file and file.kept == "here" else None,
    }


def page(shown: Sequence[Excerpt], dialect: Dialect, *, key: int = 7, rows: bool = False) -> Tag:
    """An index page, or its posts as the rows of a search."""
    on = pages.here("biz", shown, dialect=dialect, key=key)
    if not rows:
        return pages.listing(shown, dialect, on, form=True)
    return pages.results([each for excerpt in shown for each in excerpt.entries], dialect, on)


def usual(shown: Sequence[Excerpt], generation: str = "B3") -> str:
    """The page as the archive writes it."""
    dialect = {str(name): dialect for name, dialect in DIALECTS.items()}[generation]
    return pages.text(page(shown, dialect), dialect)


# --- in a random manner -------------------------------------------------------------------------------

_WRAPPED = frozenset({"span", "a", "label", "img", "blockquote", "table", "input"})


def mangled(tree: Tag, dice: random.Random) -> str:
    """The same page: other quoting, order of classes and attributes, wrappers, cases and ends of elements."""
    whole = changed(tree, lambda each: _wrapped(_reclassed(each, dice), dice))
    return dice.choice(("", "<!DOCTYPE html>", "<!-- cached -->\n")) + _written(whole, dice)


def _reclassed(node: Tag, dice: random.Random) -> Tag:
    attributes = dict(node.attributes)
    if attributes.get("class"):
        tokens = [
            *attributes["class"].split(),
            *dice.sample(("x1", "replying", "dark", "p7"), dice.randrange(3)),
        ]
        dice.shuffle(tokens)
        attributes["class"] = dice.choice((" ", "  ", "\n")).join(tokens) + dice.choice(("", " "))
    order = dice.sample(sorted(attributes.items()), len(attributes))
    return Tag(node.name, tuple(order), node.children)


def _wrapped(node: Tag, dice: random.Random) -> Tag | Raw:
    if node.name not in _WRAPPED or dice.random() > 0.15:
        return node
    if node.name in ("a", "span"):  # they stand in comments too, where a division would begin a line
        name = dice.choice(("span", "b", "font"))
    else:
        name = dice.choice(("div", "section"))
    return Tag(name, (("class", "wrapper"),) * dice.randrange(2), (node,))


def _written(node: Tag | Raw | str, dice: random.Random) -> str:
    if isinstance(node, Raw):
        return node.text
    if isinstance(node, str):
        return _typed(node, dice)
    name = dice.choice((node.name, node.name.upper()))
    attributes = "".join(_attribute(key, value, dice) for key, value in node.attributes)
    if node.name in VOID:
        return f"<{name}{attributes}{dice.choice(('>', ' />'))}"
    inside = "".join(_written(each, dice) for each in node.children)
    left_open = node.name in ("td", "tr") and dice.random() < 0.5
    return f"<{name}{attributes}>{inside}{'' if left_open else f'</{name}>'}"


def _attribute(key: str, value: str, dice: random.Random) -> str:
    space = dice.choice((" ", "  ", "\n"))
    if value and not re.search(r"[\s\"'=<>`&/]", value) and dice.random() < 0.5:
        return f"{space}{key}={value}"
    safe = html.escape(value)
    return f'{space}{key}="{safe}"' if dice.random() < 0.5 else f"{space}{key}='{safe}'"


def _typed(text: str, dice: random.Random) -> str:
    """Text with one of the ways to write an entity for each character that needs one."""
    usual = escaped(text)
    numbered = "".join(f"&#{ord(each)};" if each in "<>&'\"," else each for each in text)
    in_hex = "".join(f"&#x{ord(each):X};" if each in "<>&'\"," else each for each in text)
    return dice.choice((usual, numbered, in_hex))
