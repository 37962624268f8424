"""The moving board's JSON, written once for every change of a thread.

catalog.json        pages of opening posts with their newest replies
threads.json        pages of {"no", "last_modified", "replies"}
archive.json        numbers, not sorted
thread/N.json       {"posts": [opening post, every reply]}
thread/N-tail.json  {"posts": [a stub, the last replies]}

A flag is 1 or absent. An archived thread has lost its poster ids.
"""

import html
import json
import re
from collections.abc import Callable

from bizmeme.sandbox.board_json import THREADS_A_PAGE
from bizmeme.sandbox.dice import digest, pick, share
from bizmeme.sandbox.live.config import LiveConfig
from bizmeme.sandbox.live.files import Files
from bizmeme.sandbox.live.happenings import FILE_GONE, STICKY_NO, Post
from bizmeme.sandbox.live.state import Board, Thread
from bizmeme.sandbox.live.words import Words
from bizmeme.sandbox.words.markup import escape, new_york

Fields = dict[str, object]

OPENING_PX, REPLY_PX = 250, 125  # the longest side of a thumbnail
MALFORMED = b'{"posts":[{"resto":0,"replies":0,"images":0,"unique_ips":1,"semantic_url":null}]}'

_NO_FILENAME_SHARE = 2 / 817
_FILENAMES = ("image", "IMG_{n}", "17{n}00{n}", "charts & co", 'the "plan"', "don't", "pic<3")


class Renderer:
    """Writes the JSON of one world, and remembers what it wrote."""

    def __init__(self, config: LiveConfig, files: Files) -> None:
        self._wire, self._limits = config.wire, config.traffic
        self._sticky_cap = config.sticky.cap if config.sticky else 0
        self._words, self._files = Words(config.seed, config.posts.odd_share), files
        self._posts: dict[tuple[int, int, bool], bytes] = {}
        self._written: dict[tuple[str, int], tuple[int, bytes]] = {}

    # --- posts ----------------------------------------------------------------------------------------

    def fields(self, post: Post, marks: int, *, with_id: bool = True) -> Fields:
        """The fields of one post with those marks; those without a value are left out."""
        words = self._words
        fields: Fields = {"no": post.no, "now": new_york(post.time)} | words.signature(post, marks)
        if sub := words.sub(post):
            fields["sub"] = escape(sub)
        if com := words.com(post, marks):
            fields["com"] = com
        fields |= self._file(post, marks)
        fields |= {"time": post.time, "resto": 0 if post.opens else post.thread_no}
        if with_id:
            fields["id"] = words.poster_id(post)
        return fields

    def _file(self, post: Post, marks: int) -> Fields:
        if post.upload is None:
            return {}
        if marks & FILE_GONE:
            return {"filedeleted": 1}
        longest_px = OPENING_PX if post.opens else REPLY_PX
        facts = self._files.facts(post.upload)
        width, height = self._files.thumbnail_size(post.upload, longest_px=longest_px)
        return {
            "filename": _filename(post),
            "ext": facts.ext,
            "w": facts.width_px,
            "h": facts.height_px,
            "tn_w": width,
            "tn_h": height,
            "tim": post.tim,
            "md5": facts.md5,
            "fsize": facts.fsize,
        }

    def _reply(self, board: Board, no: int, *, with_id: bool) -> bytes:
        key = no, board.marks(no), with_id
        if key not in self._posts:
            self._posts[key] = dumped(self.fields(board.posts[no], key[1], with_id=with_id))
        return self._posts[key]

    # --- threads --------------------------------------------------------------------------------------

    def thread(self, board: Board, thread: Thread) -> bytes:
        """thread/N.json."""
        return self._once("thread", thread, lambda: self._thread(board, thread))

    def tail(self, board: Board, thread: Thread) -> bytes | None:
        """thread/N-tail.json; None where there is none."""
        if thread.fate != "live" or thread.replies < self._wire.tail_from:
            return None
        return self._once("tail", thread, lambda: self._tail(board, thread))

    def _thread(self, board: Board, thread: Thread) -> bytes:
        if thread.fate == "broken":
            return MALFORMED
        with_id = thread.archived_on is None
        opening = self._opening(board, thread) | self._tail_size(thread)
        replies = [self._reply(board, no, with_id=with_id) for no in thread.shown[1:]]
        return b'{"posts":[' + b",".join((dumped(opening), *replies)) + b"]}"

    def _tail(self, board: Board, thread: Thread) -> bytes:
        last = thread.shown[-self._wire.tail_size :]
        stub = {"no": thread.no, **self._state(board, thread), **self._tail_size(thread)}
        stub["tail_id"] = thread.shown[-len(last) - 1]
        replies = [self._reply(board, no, with_id=True) for no in last]
        return b'{"posts":[' + b",".join((dumped(stub), *replies)) + b"]}"

    def _tail_size(self, thread: Thread) -> Fields:
        long = thread.fate == "live" and thread.replies >= self._wire.tail_from
        return {"tail_size": self._wire.tail_size} if long else {}

    def _opening(self, board: Board, thread: Thread) -> Fields:
        post = board.posts[thread.no]
        fields = self.fields(post, board.marks(thread.no), with_id=thread.archived_on is None)
        return fields | self._state(board, thread) | {"semantic_url": _slug(fields)}

    def _state(self, board: Board, thread: Thread) -> Fields:
        state: Fields = {}
        if thread.sticky:
            state |= {"sticky": 1} | ({"sticky_cap": self._sticky_cap} if thread.no == STICKY_NO else {})
        else:
            state["bumplimit"] = int(thread.replies >= self._limits.bump_limit)
            state["imagelimit"] = int(thread.image_limited)
        if thread.closed:
            state["closed"] = 1
        if thread.archived_on is not None:
            state |= {"archived": 1, "archived_on": thread.archived_on}
        return state | {"replies": thread.replies, "images": board.images(thread)}

    # --- indexes --------------------------------------------------------------------------------------

    def catalog(self, board: Board) -> bytes:
        """catalog.json."""
        return _paged(board, lambda thread: self._once("entry", thread, lambda: self._entry(board, thread)))

    def threads(self, board: Board) -> bytes:
        """threads.json."""
        return _paged(board, _row)

    def archive(self, board: Board) -> bytes:
        """archive.json."""
        return dumped(sorted(board.archived, key=lambda no: digest("archive", no)))

    def _entry(self, board: Board, thread: Thread) -> bytes:
        fields, replies = self._opening(board, thread), thread.shown[1:]
        hidden, last = replies[: -self._wire.window], replies[-self._wire.window :]
        if hidden:
            images = sum(map(board.has_file, hidden)) + _miscount(thread)
            fields |= {"omitted_posts": len(hidden), "omitted_images": max(0, images)}
        fields["last_modified"] = thread.modified_at
        if not last:
            return dumped(fields)
        listed = b",".join(self._reply(board, no, with_id=True) for no in last)
        return dumped(fields)[:-1] + b',"last_replies":[' + listed + b"]}"

    def _once(self, kind: str, thread: Thread, write: Callable[[], bytes]) -> bytes:
        """What was written for this version of a thread, or else write it."""
        version, body = self._written.get((kind, thread.no), (0, b""))
        if version != thread.version:
            body = write()
            self._written[kind, thread.no] = thread.version, body
        return body


def _row(thread: Thread) -> bytes:
    return dumped({"no": thread.no, "last_modified": thread.modified_at, "replies": thread.replies})


def _miscount(thread: Thread) -> int:
    """By how much the board errs about omitted pictures: in half of the real threads, by -4 to 5."""
    return digest("miscount", thread.no) % 10 - 4 if share("miscounts", thread.no) < 1 / 2 else 0


def _paged(board: Board, write: Callable[[Thread], bytes]) -> bytes:
    """Fifteen threads a page; a sticky makes one page more."""
    rows = [write(thread) for thread in board.in_order()]
    starts = range(0, len(rows), THREADS_A_PAGE)
    pages = [
        b'{"page":%d,"threads":[%s]}' % (number, b",".join(rows[start : start + THREADS_A_PAGE]))
        for number, start in enumerate(starts, 1)
    ]
    return b"[" + b",".join(pages) + b"]"


def _slug(fields: Fields) -> str:
    text = re.sub(r"<[^>]*>", " ", str(fields.get("sub") or fields.get("com") or ""))
    words = re.findall(r"[a-z0-9]+", html.unescape(text).lower())
    return "-".join(words[:8]) or str(fields["no"])


def _filename(post: Post) -> str:
    if share("unnamed file", post.no) < _NO_FILENAME_SHARE:
        return ""
    number = str(1000 + digest("filename number", post.no) % 9000)
    return escape(pick(_FILENAMES, "filename", post.no).replace("{n}", number))


def dumped(value: object) -> bytes:
    """Compact JSON in ASCII."""
    return json.dumps(value, separators=(",", ":")).encode()
