"""A CSV file: a table of posts, or labelled pictures (test_labels.csv).

    image_path,text,label
    images/1759276800123456.jpg,sell everything,bearish

The rows of the latter have neither number nor date. Their label goes to the post that the picture's name
means, by the board's own file name (13 or 16 digits) or by the post's number; the post has to be held
already, and where both have a text, the row's has to be the post's.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from bizmeme.core import cells
from bizmeme.core.columns import found
from bizmeme.dumps import addresses
from bizmeme.dumps.csv_rows import Record, records
from bizmeme.dumps.labels import named, read_label
from bizmeme.dumps.posts import PostReader
from bizmeme.dumps.refusals import UnusableError, chunked
from bizmeme.ports.imports import Batch, HeldPost, Places, Rules

_SAME_WORDS = 0.5  # of the row's distinct words that the post has to have
_WORD = re.compile(r"\w+")


class CsvDump:
    """ports.Dump of a table of posts."""

    kind = "CSV table"
    names_posts = True

    def __init__(self, path: Path, names: list[str], rules: Rules) -> None:
        """Find the columns; raises DataError."""
        self.name = path.name
        self._path, self._rules = path, rules
        self._reader = PostReader(names, rules, where=path.name)
        self.columns = self._reader.held

    def batches(self, places: Places) -> Iterator[Batch]:
        """Every row, in order."""
        return chunked(map(self._read, records(self._path)), self._rules.how.batch_rows)

    def _read(self, record: Record) -> Batch:
        place = f"row {record.number}"
        if record.problem:
            return Batch(refused=[record.problem.row(self.name, place, "post")], share=record.share)
        read = self._reader.read(record.cells, file=self.name, place=place)
        return Batch(read.posts, read.labels, (), read.refused, record.share)


class LabelledPictures:
    """ports.Dump of a table of pictures and labels."""

    kind = "labelled pictures"
    names_posts = False

    def __init__(self, path: Path, names: list[str], rules: Rules) -> None:
        self.name = path.name
        self._path, self._rules = path, rules
        columns = found(rules.how.columns, names)
        labels = found(rules.how.labels, names)
        used = {role: columns[role] for role in ("picture", "text") if role in columns}
        self.columns = used | {f"labels.{role}": column for role, column in labels.items()}
        self._picture = names.index(columns["picture"])
        self._text = names.index(columns["text"]) if "text" in columns else None
        self._labels = named(labels, names)

    @staticmethod
    def fits(names: list[str], rules: Rules) -> bool:
        """Whether a table with these columns is one of labelled pictures, and no table of posts."""
        columns = found(rules.how.columns, names).keys()
        labelled = "label" in found(rules.how.labels, names)
        return labelled and "picture" in columns and "number" not in columns

    def batches(self, places: Places) -> Iterator[Batch]:
        """Every row, in order."""
        read = (self._read(record, places) for record in records(self._path))
        return chunked(read, self._rules.how.batch_rows)

    def _read(self, record: Record, places: Places) -> Batch:
        try:
            if record.problem:
                raise record.problem
            post = self._post(record, places)
            label = read_label(record.cells, self._labels, self._rules, key=(self._rules.board, post.no))
        except UnusableError as error:
            refused = error.row(self.name, f"row {record.number}", "label")
            return Batch(refused=[refused], share=record.share)
        return Batch(labels=[label], share=record.share)

    def _post(self, record: Record, places: Places) -> HeldPost:
        picture = record.cells[self._picture].strip()
        post = placed(picture, places, self._rules.board)
        text = record.cells[self._text] if self._text is not None else ""
        if not _same(text, post):
            raise UnusableError("the post that its picture's name means has another text", picture)
        return post


def placed(picture: object, places: Places, board: str) -> HeldPost:
    """The post that a number or a picture's name means; raises UnusableError where none is held."""
    no = cells.whole(picture)
    named_so = addresses.stem(cells.text(picture)) if no is None else str(no)
    tim = addresses.tim(f"{named_so}.jpg")
    no = cells.post_number(named_so) if tim is None and named_so.isascii() and named_so.isdigit() else None
    if tim is None and no is None:
        raise UnusableError(
            "the picture's name is neither a post's number nor the board's name of it", picture
        )
    post = places.by_tim(board, tim) if tim is not None else places.by_no(board, no or 0)
    if post is None:
        raise UnusableError("no post is held that its picture's name means: import the posts first", picture)
    return post


def _same(text: str, post: HeldPost) -> bool:
    given = set(_WORD.findall(text.lower()))
    held = set(_WORD.findall(f"{post.subject} {post.text}".lower()))
    return not given or not held or len(given & held) >= _SAME_WORDS * len(given)
