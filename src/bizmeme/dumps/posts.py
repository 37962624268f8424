"""Rows of somebody's table → posts, and labels beside them.

columns thread_id, subject, op_text, posted_at     row 60000412, "it&#039;s over", "sell<br>now", 1759924800
"""

import json
import re
from collections.abc import Iterable, Sequence

from bizmeme.core import cells
from bizmeme.core.columns import found, require
from bizmeme.core.markup import plain, read_comment
from bizmeme.dumps import addresses
from bizmeme.dumps.labels import LabelsBeside, named
from bizmeme.dumps.refusals import UnusableError
from bizmeme.ports.imports import Batch, ImportedPost, RefusedRow, Rules

_BOARD = re.compile(r"[a-z0-9]{1,10}", re.ASCII)
_EXT = re.compile(r"\.[a-z0-9]{1,5}", re.ASCII)
_MAX_REPLIES = 10**7


class PostReader:
    """Reads the posts of one table."""

    def __init__(self, names: Sequence[str], rules: Rules, *, where: str, opening: bool = False) -> None:
        """Find the columns; raises DataError where a required one is missing.

        `opening`: rows are opening posts, and without a number of their own go by their thread's.
        """
        columns = rules.how.columns
        held = found(columns, names)
        if opening and "thread" in held:
            held.setdefault("number", held["thread"])
        lacking = [role for role in rules.how.required if "." not in role and role not in held]
        if not {"html", "text"} & held.keys():
            lacking.append("text")
        require(lacking, columns, names, where=where, section="columns")
        self._beside = LabelsBeside(names, rules, where=where)
        self.held = {**held, **self._beside.held}  # role → column
        self._columns = named(held, names)
        taken = {*held.values(), *self._beside.taken}
        self._others = [(place, name) for place, name in enumerate(names) if name not in taken]
        self._rules = rules

    def read(self, row: Sequence[object], *, file: str, place: str) -> Batch:
        """The post of a row and the label beside it, or why it is refused."""
        try:
            post = self.post(row)
        except UnusableError as error:
            return Batch(refused=(error.row(file, place, "post"),))
        labels, refused = [], list[RefusedRow]()
        try:
            if label := self._beside.label(row, (post.board, post.no)):
                labels.append(label)
        except UnusableError as error:
            refused.append(error.row(file, place, "label"))
        return Batch(posts=(post,), labels=labels, refused=refused)

    def post(self, row: Sequence[object]) -> ImportedPost:
        """One post; raises UnusableError."""
        if not all(map(cells.is_utf8, row)):
            raise UnusableError("the row is not UTF-8")
        board, no, thread_no = self._key(row)
        subject, text, banned = self._words(row)
        picture, ext, tim = self._picture(row)
        return ImportedPost(
            board=board,
            no=no,
            thread_no=thread_no,
            posted_at=self._moment(row),
            subject=subject,
            text=text,
            replies=self._replies(row) if no == thread_no else None,
            source=cells.line(self._text(row, "source")) or None,
            banned=banned,
            file_deleted=False,
            tim=tim,
            media_md5=cells.md5(self._columns.cell(row, "md5")),
            media_ext=ext,
            media_path=addresses.media_path(picture, self._rules.media_host),
            picture=picture,
            extra=extras(((name, row[place]) for place, name in self._others), self._rules),
        )

    def _key(self, row: Sequence[object]) -> tuple[str, int, int]:
        board = cells.text(self._columns.cell(row, "board")).strip().strip("/") or self._rules.board
        if not _BOARD.fullmatch(board):
            raise UnusableError("the board is no board's short name", board)
        given = self._columns.cell(row, "number")
        if (no := cells.post_number(given)) is None:
            raise UnusableError("the number is no post's", given)
        given = self._columns.cell(row, "thread")
        if cells.empty(given) or cells.whole(given) == 0:
            return board, no, no
        thread_no = cells.post_number(given)
        if thread_no is None or thread_no > no:
            raise UnusableError("the thread's number is no thread's, or greater than the post's", given)
        return board, no, thread_no

    def _moment(self, row: Sequence[object]) -> int:
        given = self._columns.cell(row, "time")
        if (moment := cells.moment(given)) is None:
            raise UnusableError(NO_DATE, given)
        return moment

    def _words(self, row: Sequence[object]) -> tuple[str, str, bool]:
        """Subject, text, and whether the board's ban notice stood under it."""
        html = self._text(row, "html")
        subject, text = plain(self._text(row, "subject")), self._text(row, "text")
        if html.strip():
            comment = read_comment(html)
            return subject, comment.text, comment.banned
        return subject, plain(text), False

    def _picture(self, row: Sequence[object]) -> tuple[str | None, str | None, int | None]:
        """What the picture is called, its extension, and the board's own name of it."""
        called = self._text(row, "picture").strip() or None
        ext = self._text(row, "ext").strip().lower() or addresses.suffix(called)
        ext = f".{ext.removeprefix('.')}"
        usable = ext if _EXT.fullmatch(ext) else None
        tim = cells.whole(self._columns.cell(row, "tim"))
        if tim is None or not 0 < tim < cells.MAX_NO:
            return called, usable, addresses.tim(called)
        return called or (f"{tim}{usable}" if usable else None), usable, tim

    def _text(self, row: Sequence[object], role: str) -> str:
        given = self._columns.cell(row, role)
        text = cells.text(given)
        if isinstance(given, bytes) and not cells.is_utf8(text):
            raise UnusableError("the row is not UTF-8")
        if len(text) > (limit := self._rules.how.limits.text_chars):
            raise UnusableError(f"its {role} is longer than {limit:,} characters", text)
        return text

    def _replies(self, row: Sequence[object]) -> int | None:
        given = self._columns.cell(row, "replies")
        replies = cells.whole(given)
        if replies is not None and 0 <= replies < _MAX_REPLIES:
            return replies
        if cells.empty(given):
            return None
        raise UnusableError("the number of replies is none", given)


NO_DATE = "the date is none between 2001 and 2100, or not written as ISO 8601"


def extras(columns: Iterable[tuple[str, object]], rules: Rules) -> dict[str, object]:
    """The unknown columns that hold anything; raises UnusableError where they are too much."""
    kept = {name: cells.jsonable(value) for name, value in columns if not cells.empty(value)}
    if kept and len(json.dumps(kept)) > (limit := rules.how.limits.extra_chars):
        raise UnusableError(f"its other columns hold more than {limit:,} characters")
    return kept
