"""Thread dumps: the board's JSON in one file, a list, a file of lines, read by the board's own parser.

    {"posts": [{"no": 60000001, "resto": 0, "time": 1759276800, "com": "sell<br>everything", …}, …]}

A catalog, a page of one, and bare post objects are taken too. Keys that the parser does not read are kept.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bizmeme.core import cells
from bizmeme.dumps.json_values import Value, values
from bizmeme.dumps.posts import NO_DATE, extras
from bizmeme.dumps.refusals import UnusableError, chunked
from bizmeme.ports.imports import Batch, ImportedPost, Places, RefusedRow, Rules
from bizmeme.ports.sources import Page, RawPost
from bizmeme.sources import board

_READ = frozenset(("no", "resto", "time", "sub", "com", "replies", "tim", "ext", "md5", "filedeleted"))
_TEXTS = {"sub": "subject", "com": "comment"}


class ThreadDump:
    """ports.Dump of a file of threads."""

    kind = "thread dump"
    names_posts = True

    def __init__(self, path: Path, rules: Rules, *, name: str | None = None) -> None:
        self.name, self.columns = name or path.name, dict[str, str]()
        self._path, self._rules = path, rules
        config = board.Config(name="board", board=rules.board, base_url="", media_url="")
        self._parser = board.build(config)

    @staticmethod
    def fits(value: object) -> bool:
        """Whether a file with this value in it is one of threads."""
        if not isinstance(value, dict):
            return False
        whole = any(isinstance(value.get(key), list) for key in ("posts", "threads"))
        return whole or {"no", "time"} <= value.keys() or {"resto", "semantic_url"} <= value.keys()

    def batches(self, places: Places) -> Iterator[Batch]:
        """Every post, in order."""
        limit = self._rules.how.limits.document_mib * 2**20
        read = map(self._read, values(self._path, limit_chars=limit))
        return chunked(read, self._rules.how.batch_rows)

    def _read(self, value: Value) -> Batch:
        if value.problem:
            return Batch(refused=[value.problem.row(self.name, value.place, "file")], share=value.share)
        posts, refused = list[ImportedPost](), list[RefusedRow]()
        for place, raw in _raw_posts(value.value, value.place):
            try:
                posts.append(self._post(raw))
            except UnusableError as error:
                refused.append(error.row(self.name, place, "post"))
        return Batch(posts=posts, refused=refused, share=value.share)

    def _post(self, raw: object) -> ImportedPost:
        """One post as the board's parser reads it; raises UnusableError."""
        if not isinstance(raw, dict):
            raise UnusableError("it is no post object", raw)
        self._check(raw)
        body = json.dumps({"posts": [{key: raw[key] for key in raw if key in _READ}]}).encode()
        read = self._parser.posts(Page("", 200, None, body))
        if not read:
            raise UnusableError("the board's parser finds no post in it", raw.get("no"))
        unknown = ((key, value) for key, value in raw.items() if key not in _READ)
        return _imported(read[0], tim=raw.get("tim"), extra=extras(unknown, self._rules))

    def _check(self, raw: Mapping[str, Any]) -> None:
        """Say why the parser would leave a post out; raises UnusableError."""
        no, posted_at, thread_no = raw.get("no"), raw.get("time"), raw.get("resto") or raw.get("no")
        if type(no) is not int or cells.post_number(no) is None:
            raise UnusableError("the number is no post's", no)
        if type(posted_at) is not int or cells.moment(posted_at) != posted_at:
            raise UnusableError(NO_DATE, posted_at)
        if type(thread_no) is not int or not 1 <= thread_no <= no:
            raise UnusableError("the thread's number is no thread's, or greater than the post's", thread_no)
        limit = self._rules.how.limits.text_chars
        for key, name in _TEXTS.items():
            if not isinstance(raw.get(key) or "", str):
                raise UnusableError(f"its {name} is no text", raw[key])
            if len(raw.get(key) or "") > limit:
                raise UnusableError(f"its {name} is longer than {limit:,} characters", raw[key])


def _raw_posts(value: object, place: str) -> Iterator[tuple[str, object]]:
    """Every post object of a value, with its place; a value without any is given as it is, to be refused."""
    if not isinstance(value, dict):
        yield place, value
        return
    nested = [(key, value[key]) for key in ("posts", "threads", "last_replies") if key in value]
    if "no" in value or not nested:
        yield place, value
    for key, listed in nested:
        if not isinstance(listed, list):
            yield f"{place}, {key}", listed
            continue
        for index, each in enumerate(listed):
            below = f"{place}, {key}[{index}]"
            yield from _raw_posts(each, below) if isinstance(each, dict) else [(below, each)]


def _imported(post: RawPost, *, tim: object, extra: Mapping[str, object]) -> ImportedPost:
    path = post.media_path
    return ImportedPost(
        board=post.board,
        no=post.no,
        thread_no=post.thread_no,
        posted_at=post.posted_at,
        subject=post.subject,
        text=post.text,
        replies=post.replies,
        source=None,
        banned=post.banned,
        file_deleted=post.file_deleted,
        tim=cells.post_number(tim) if path else None,
        media_md5=post.media_md5,
        media_ext=post.media_ext,
        media_path=path,
        picture=path.rpartition("/")[2] if path else None,
        extra=extra,
    )
