"""The board's JSON as a collector needs it: which posts a page shows, and what its counts say.

    read_catalog(b'[{"page": 1, "threads": [{"no": 7, "replies": 2, "last_replies": […], …}]}]')

Posts stay as they were received; of each, a `Glimpse` says what is compared. Whatever is not of the right
type is passed over, a thread without a usable opening post is no thread.
"""

import hashlib
import json
import marshal
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from bizmeme.core.catalog import Entry, Glimpse
from bizmeme.core.values import MAX_NO, MAX_TIME_S, numbers, objects, parsed, whole
from bizmeme.shell.hosts import Answer

Raw = Mapping[str, Any]

# What an edit may change. The rest is either the thread's state or fixed; the poster's id vanishes when a
# thread is archived, which is no edit.
_EDITABLE = frozenset((
    "name", "trip", "capcode", "sub", "com", "filedeleted", "spoiler", "tim", "filename", "ext", "md5",
    "fsize", "w", "h",
))  # fmt: skip
# A catalog may write links within a thread as the board writes links to another one.
_SCALARS = frozenset((str, int, float, bool, type(None)))  # what a real post consists of
_ENCODE = json.JSONEncoder(sort_keys=True).encode
_OWN_LINK = re.compile(r'href="/[a-z0-9]+/thread/(\d+)#p(\d+)"')


@dataclass(frozen=True, slots=True)
class Shown:
    """A post as received, and what is compared of it."""

    raw: Raw
    glimpse: Glimpse


@dataclass(frozen=True, slots=True)
class Listing:
    """A thread of the catalog."""

    entry: Entry
    posts: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class CatalogPage:
    """The catalog: every thread that it names, and those whose entries can be used."""

    numbers: frozenset[int]
    listings: tuple[Listing, ...]
    read: Mapping[bytes, Listing] = field(default_factory=lambda: MappingProxyType({}))  # for the next one


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """A thread's own page, or the tail of one."""

    posts: tuple[Shown, ...]  # of a tail, without the opening post
    dropped: int  # posts that could not be used
    replies: int
    images: int
    archived_on: int | None
    archived: bool
    pruned: bool
    tail_id: int | None  # of a tail: the last post before its posts
    tail_size: int  # 0 where the thread has no tail page


class SpoiltError(Exception):
    """A page that is JSON, and not what was asked for: it says nothing about its thread."""


# A body is looked at before it is believed, and then read: it is parsed once.
_parsed = lru_cache(maxsize=1)(parsed)


def read_catalog(
    body: bytes, *, now: float, before: Mapping[bytes, Listing] = MappingProxyType({})
) -> CatalogPage | None:
    """Every thread of catalog.json; None where the body is no catalog.

    A moment after `now` is taken for now: it would make all that follows look old. Most threads are as they
    were a minute ago: given what was `read` before, those are not read again.
    """
    pages = _parsed(body)
    if not isinstance(pages, list):
        return None
    threads = [raw for page in objects(pages) for raw in objects(page.get("threads"))]
    listings: dict[int, Listing] = {}
    read: dict[bytes, Listing] = {}
    for raw in threads:
        written = _written(raw)
        listing = before.get(written)
        if listing is None or listing.entry.last_modified > now:  # the clock was set back
            listing = _listing(raw, int(now))
        if listing is not None:
            listings[listing.entry.no] = listing
            if written and listing.entry.last_modified < int(now):
                read[written] = listing
    listed = frozenset(numbers([raw.get("no") for raw in threads]))
    return CatalogPage(listed, tuple(listings.values()), MappingProxyType(read))


def _written(raw: Any) -> bytes:
    """Bytes that no other value is written as, types included; none where it is nested too deep."""
    try:
        return marshal.dumps(raw)
    except ValueError:
        return b""


def read_thread(body: bytes, no: int, *, tail: bool = False) -> ThreadPage | None:
    """thread/N.json, or its tail; None where a removed thread left a shell without a number.

    Raises SpoiltError for anything else, another thread's page among them.
    """
    value = _parsed(body)
    posts = objects(value.get("posts")) if isinstance(value, dict) else []
    if posts and "no" not in posts[0] and not tail:
        return None
    opening = posts[0] if posts else {}
    tail_id = whole(opening.get("tail_id"), below=MAX_NO) if tail else None
    replies = whole(opening.get("replies"), below=MAX_NO)
    if opening.get("no") != no or replies is None or (tail and tail_id is None):
        raise SpoiltError
    shown = posts[1:] if tail else posts
    kept = _kept(shown, opening)
    return ThreadPage(
        kept,
        dropped=len(shown) - len(kept),
        replies=replies,
        images=_count(opening, "images"),
        archived_on=whole(opening.get("archived_on"), below=MAX_TIME_S),
        archived=bool(opening.get("archived")),
        pruned=bool(opening.get("sticky")),
        tail_id=tail_id,
        tail_size=_count(opening, "tail_size"),
    )


def read_numbers(body: bytes) -> frozenset[int] | None:
    """The thread numbers of archive.json; None where the body is no list."""
    value = _parsed(body)
    return frozenset(numbers(value)) if isinstance(value, list) else None


def _listing(raw: Raw, now: int) -> Listing | None:
    """An entry; None where its opening post or one of its counts cannot be used."""
    opening = _shown(raw, raw)
    replies = whole(raw.get("replies"), below=MAX_NO)
    omitted = whole(raw.get("omitted_posts", 0), below=MAX_NO)
    if opening is None or replies is None or omitted is None:
        return None
    shown = _kept(objects(raw.get("last_replies")), raw)
    window = [each for each in shown if each.glimpse.no != opening.glimpse.no]
    modified_at = whole(raw.get("last_modified"), below=MAX_TIME_S)
    entry = Entry(
        no=opening.glimpse.no,
        last_modified=min(modified_at or opening.glimpse.posted_at, now),
        replies=replies,
        images=_count(raw, "images"),
        signs=",".join(sign for sign in ("sticky", "closed", "bumplimit", "imagelimit") if raw.get(sign)),
        pruned=bool(raw.get("sticky")),
        omitted=omitted,
        tail_size=_count(raw, "tail_size"),
        opening=opening.glimpse,
        window=tuple(shown.glimpse for shown in window),
    )
    return Listing(entry, (opening, *window))


def _kept(posts: Iterable[Raw], opening: Raw) -> tuple[Shown, ...]:
    """The usable posts of one thread, by number, each once; a post of another thread is not among them."""
    shown = {each.glimpse.no: each for raw in posts if (each := _shown(raw, opening)) is not None}
    return tuple(shown[no] for no in sorted(shown))


def _shown(raw: Raw, opening: Raw) -> Shown | None:
    no, posted_at = whole(raw.get("no"), below=MAX_NO), whole(raw.get("time"), below=MAX_TIME_S)
    if not no or posted_at is None:
        return None
    thread_no = whole(opening.get("no"), below=MAX_NO) or no
    if (raw.get("resto") or thread_no) != thread_no or not _shallow(raw):
        return None
    has_file = isinstance(raw.get("ext"), str) and not raw.get("filedeleted")
    return Shown(raw, Glimpse(no, posted_at, digest(raw, thread_no), has_file))


def _shallow(raw: Raw) -> bool:
    """Whether a post can be written down: nested without end it cannot."""
    if _SCALARS.issuperset(map(type, raw.values())):
        return True
    try:
        json.dumps([value for name, value in raw.items() if name != "last_replies"])
    except RecursionError:
        return False
    return True


def digest(raw: Raw, thread_no: int) -> str:
    """A short hash of what an edit may change, the same in the catalog and on the thread's page."""
    values = {name: raw[name] for name in raw.keys() & _EDITABLE if raw[name] not in (None, "", 0)}
    if isinstance(com := values.get("com"), str):
        values["com"] = _OWN_LINK.sub(lambda link: _anchor(link, thread_no), com)
    return hashlib.sha256(_ENCODE(values).encode()).hexdigest()[:16]


def _anchor(link: re.Match[str], thread_no: int) -> str:
    return f'href="#p{link[2]}"' if link[1] == str(thread_no) else link[0]


def merged(held: Raw | None, shown: Raw) -> Raw:
    """The post to keep: the one shown, with the poster's id that an archived thread no longer tells."""
    if held is not None and "id" in held and "id" not in shown:
        return MappingProxyType({**shown, "id": held["id"]})
    return shown


def _count(raw: Raw, name: str) -> int:
    return whole(raw.get(name), below=MAX_NO) or 0


def usable_json(answer: Answer) -> bool:
    """Whether a body is JSON, and no challenge or maintenance page."""
    return _parsed(answer.body) is not None
