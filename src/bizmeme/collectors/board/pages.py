"""The board's JSON as a collector needs it: which posts a page shows, and what its counts say.

    read_catalog(b'[{"page": 1, "threads": [{"no": 7, "replies": 2, "last_replies": […], …}]}]')

Posts stay as they were received; of each, a `Glimpse` says what is compared. Whatever is not of the right
type is passed over, a thread without a usable opening post is no thread.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bizmeme.core.catalog import Entry, Glimpse
from bizmeme.shell.hosts import Answer

Raw = Mapping[str, Any]

MAX_NO = 2**53
MAX_TIME_S = 2**33
# What an edit may change. The rest is either the thread's state or fixed; the poster's id vanishes when a
# thread is archived, which is no edit.
_EDITABLE = (
    "name", "trip", "capcode", "sub", "com", "filedeleted", "spoiler", "tim", "filename", "ext", "md5",
    "fsize", "w", "h",
)  # fmt: skip
# A catalog may write links within a thread as the board writes links to another one.
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
    page: int  # of the catalog; the last one is about to fall off
    posts: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """A thread's own page, or the tail of one."""

    posts: tuple[Shown, ...]  # of a tail, without the opening post
    replies: int
    images: int
    archived_on: int | None
    archived: bool
    pruned: bool
    tail_id: int | None  # of a tail: the last post before its posts


def read_catalog(body: bytes) -> list[Listing] | None:
    """Every thread of catalog.json; None where the body is no catalog."""
    pages = _json(body)
    if not isinstance(pages, list):
        return None
    return [
        listing
        for page in objects(pages)
        for raw in objects(page.get("threads"))
        if (listing := _listing(raw, page)) is not None
    ]


def read_thread(body: bytes) -> ThreadPage | None:
    """thread/N.json or its tail; None where a removed thread left nothing, or the body is no thread."""
    value = _json(body)
    posts = objects(value.get("posts")) if isinstance(value, dict) else []
    opening = posts[0] if posts else {}
    tail_id = whole(opening.get("tail_id"), below=MAX_NO)
    kept = [shown for raw in posts[tail_id is not None :] if (shown := _shown(raw, opening)) is not None]
    if not whole(opening.get("no"), below=MAX_NO) or (not kept and tail_id is None):
        return None
    return ThreadPage(
        tuple(kept),
        replies=_count(opening, "replies"),
        images=_count(opening, "images"),
        archived_on=whole(opening.get("archived_on"), below=MAX_TIME_S),
        archived=bool(opening.get("archived")),
        pruned=bool(opening.get("sticky")),
        tail_id=tail_id,
    )


def read_numbers(body: bytes) -> frozenset[int] | None:
    """The thread numbers of archive.json; None where the body is no list."""
    value = _json(body)
    return frozenset(numbers(value)) if isinstance(value, list) else None


def _listing(raw: Raw, page: Raw) -> Listing | None:
    opening = _shown(raw, raw)
    if opening is None:
        return None
    window = [shown for each in objects(raw.get("last_replies")) if (shown := _shown(each, raw)) is not None]
    window.sort(key=lambda shown: shown.glimpse.no)
    entry = Entry(
        no=opening.glimpse.no,
        last_modified=whole(raw.get("last_modified"), below=MAX_TIME_S) or opening.glimpse.posted_at,
        replies=_count(raw, "replies"),
        images=_count(raw, "images"),
        signs=",".join(sign for sign in ("sticky", "closed", "bumplimit", "imagelimit") if raw.get(sign)),
        pruned=bool(raw.get("sticky")),
        omitted=_count(raw, "omitted_posts"),
        tail_size=_count(raw, "tail_size"),
        opening=opening.glimpse,
        window=tuple(shown.glimpse for shown in window),
    )
    return Listing(entry, whole(page.get("page"), below=MAX_NO) or 0, (opening, *window))


def _shown(raw: Raw, opening: Raw) -> Shown | None:
    no, posted_at = whole(raw.get("no"), below=MAX_NO), whole(raw.get("time"), below=MAX_TIME_S)
    if not no or posted_at is None:
        return None
    thread_no = whole(opening.get("no"), below=MAX_NO) or no
    has_file = isinstance(raw.get("ext"), str) and not raw.get("filedeleted")
    return Shown(raw, Glimpse(no, posted_at, digest(raw, thread_no), has_file))


def digest(raw: Raw, thread_no: int) -> str:
    """A short hash of what an edit may change, the same in the catalog and on the thread's page."""
    values = {name: raw[name] for name in _EDITABLE if raw.get(name) not in (None, "", 0)}
    if isinstance(com := values.get("com"), str):
        values["com"] = _OWN_LINK.sub(lambda link: _anchor(link, thread_no), com)
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def _anchor(link: re.Match[str], thread_no: int) -> str:
    return f'href="#p{link[2]}"' if int(link[1]) == thread_no else link[0]


def merged(held: Raw | None, shown: Raw) -> Raw:
    """The post to keep: the one shown, with the poster's id that an archived thread no longer tells."""
    if held is not None and "id" in held and "id" not in shown:
        return MappingProxyType({**shown, "id": held["id"]})
    return shown


# --- values from strangers ----------------------------------------------------------------------------


def objects(value: object) -> list[Raw]:
    """The objects of a list; nothing where it is no list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def numbers(value: object) -> list[int]:
    """The usable post numbers of a list."""
    listed = value if isinstance(value, list) else []
    return [number for each in listed if (number := whole(each, below=MAX_NO))]


def whole(value: object, *, below: int) -> int | None:
    """A whole number from 0 to `below`, or nothing."""
    usable = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < below
    return value if usable and isinstance(value, int) else None


def _count(raw: Raw, name: str) -> int:
    return whole(raw.get(name), below=MAX_NO) or 0


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def usable_json(answer: Answer) -> bool:
    """Whether a body is JSON, and no challenge or maintenance page."""
    return _json(answer.body) is not None
