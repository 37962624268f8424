"""The archive's search, with the real one's limits.

24 rows a page and 5,000 in all; both ends of a range of days are midnights, so that the last day is left out;
stamps are compared as they are stored; a range of days alone finds nothing.
"""

import datetime
import re
from collections.abc import Mapping, Sequence

from bizmeme.sandbox.fuuka.entries import Entry
from bizmeme.sandbox.fuuka.posts import stored

ROWS_A_PAGE = 24
MAX_MATCHES = 5_000

_TERMS = re.compile(r'(-?)(?:"([^"]*)"|([^\s|"]+))|(\|)')
_OTHERS = ("search_subject", "search_filename", "search_media_hash", "search_username", "search_tripcode")


def found(entries: Sequence[Entry], asked: Mapping[str, str], *, most: int = MAX_MATCHES) -> list[Entry]:
    """The rows of one page; `entries` are by number."""
    words = asked.get("search_text", "").strip()
    if not (words or _filters(asked)):
        return []
    matching = [entry for entry in entries if _matches(entry, asked) and _speaks(entry.text, words)]
    if asked.get("search_ord", "new") != "old":
        matching.reverse()
    if asked.get("search_res") == "op":
        opened = {entry.no: entry for entry in entries if entry.opens}
        threads = dict.fromkeys(entry.thread_no for entry in matching)
        matching = [opened[no] for no in threads if no in opened]
    offset = _whole(asked.get("offset", "0"))
    return matching[:most][offset : offset + ROWS_A_PAGE]


def of_files(asked: Mapping[str, str]) -> bool:
    """Whether a search is for what only a post's file tells."""
    return bool(asked.get("search_filename") or asked.get("search_media_hash"))


def _filters(asked: Mapping[str, str]) -> bool:
    """Whether anything but words and days narrows the search."""
    op, deleted = asked.get("search_op", "all"), asked.get("search_del", "dontcare")
    return any(asked.get(name) for name in _OTHERS) or op == "op" or deleted in ("yes", "no")


def _matches(entry: Entry, asked: Mapping[str, str]) -> bool:
    stamp = stored(entry)
    begins, ends = (_midnight(asked.get(name, "")) for name in ("search_datefrom", "search_dateto"))
    file = entry.file
    wanted = asked.get("search_media_hash", "")
    return (
        (begins is None or stamp > begins)
        and (ends is None or stamp < ends)
        and (asked.get("search_op", "all") != "op" or entry.opens)
        and asked.get("search_del", "dontcare") in ("dontcare", "yes" if entry.deleted else "no")
        and asked.get("search_subject", "").lower() in entry.subject.lower()
        and asked.get("search_filename", "").lower() in (file.name.lower() if file else "")
        and (not wanted or wanted == (hash_of(entry)))
        and not asked.get("search_tripcode")
        and asked.get("search_int", "dontcare") != "yes"
    )


def hash_of(entry: Entry) -> str:
    """A file's MD5 as it stands in addresses; empty without a file."""
    return entry.file.md5.rstrip("=").translate(str.maketrans("+/", "-_")) if entry.file else ""


def _speaks(text: str, words: str) -> bool:
    """Every word, or one of those with | between them; none that - stands before."""
    told = " " + " ".join(re.findall(r"\w+", text.lower())) + " "
    groups: list[list[bool]] = []
    either = False
    for term in _TERMS.finditer(words):
        if term[4]:
            either = True
            continue
        said = " " + " ".join(re.findall(r"\w+", (term[2] or term[3] or "").lower())) + " "
        holds = (said in told) != bool(term[1])
        if either and groups:
            groups[-1].append(holds)
        else:
            groups.append([holds])
        either = False
    return all(any(group) for group in groups)


def _midnight(day: str) -> float | None:
    try:
        return datetime.datetime.fromisoformat(day).replace(tzinfo=datetime.UTC).timestamp()
    except ValueError:
        return None


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
