"""People's labels: the words and ratings of a table, with who gave them.

thread_id 60000412, sentiment_rating 3, skipped 0, notes "", labeler_id "ann", labeled_at "2025-10-08 12:00"
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bizmeme.core import cells
from bizmeme.core.columns import found, require
from bizmeme.core.markup import plain
from bizmeme.dumps.refusals import UnusableError
from bizmeme.ports.imports import ImportedLabel, Rules

NOBODY = "import"  # who labelled, where nobody is named


@dataclass(frozen=True, slots=True)
class Named:
    """A table's columns by what they hold: role → position in a row."""

    at: Mapping[str, int]

    def cell(self, row: Sequence[object], role: str) -> object:
        """The cell of a role; None where no column holds it."""
        return row[self.at[role]] if role in self.at else None


def named(held: Mapping[str, str], names: Sequence[str]) -> Named:
    """Role → column as role → position."""
    return Named({role: names.index(column) for role, column in held.items()})


class LabelReader:
    """Reads people's labels of one table."""

    def __init__(self, names: Sequence[str], rules: Rules, *, where: str) -> None:
        """Find the columns; raises DataError without one for the post's number or the label."""
        roles = dict.fromkeys(("number", "label", *asked_for(rules)))
        require([*roles], rules.how.labels, names, where=where, section="labels")
        self.held = found(rules.how.labels, names)  # role → column
        self._columns = named(self.held, names)
        self._rules = rules

    def label(self, row: Sequence[object]) -> ImportedLabel:
        """One label; raises UnusableError."""
        given = self._columns.cell(row, "number")
        if (no := cells.post_number(given)) is None:
            raise UnusableError("the number is no post's", given)
        return read_label(row, self._columns, self._rules, key=(self._rules.board, no))


class LabelsBeside:
    """Labels that stand beside posts: only where the table says who labelled, or --map names the label."""

    def __init__(self, names: Sequence[str], rules: Rules, *, where: str) -> None:
        """Find the columns; raises DataError where one is missing that --map names."""
        require(asked_for(rules), rules.how.labels, names, where=where, section="labels")
        held = found(rules.how.labels, names)
        meant = "annotator" in held or "label" in asked_for(rules)
        held = {role: held[role] for role in held if role != "number"} if "label" in held and meant else {}
        self.held = {f"labels.{role}": column for role, column in held.items()}
        self.taken = frozenset(held.values())
        self._columns = named(held, names)
        self._rules = rules

    def label(self, row: Sequence[object], key: tuple[str, int]) -> ImportedLabel | None:
        """The label beside the post of that key; None where there is none. Raises UnusableError."""
        if not self.taken:
            return None
        skipped = cells.flag(self._columns.cell(row, "skipped"))
        if cells.empty(self._columns.cell(row, "label")) and not skipped:
            return None
        return read_label(row, self._columns, self._rules, key=key)


def asked_for(rules: Rules) -> list[str]:
    """The label's columns that --map names."""
    return [role.removeprefix("labels.") for role in rules.how.required if role.startswith("labels.")]


def read_label(row: Sequence[object], columns: Named, rules: Rules, *, key: tuple[str, int]) -> ImportedLabel:
    """A person's label from its columns; raises UnusableError."""
    if not all(map(cells.is_utf8, row)):
        raise UnusableError("the row is not UTF-8")
    notes, who = (cells.text(columns.cell(row, role)).strip() for role in ("notes", "annotator"))
    if max(len(notes), len(who)) > rules.how.limits.text_chars:
        raise UnusableError(f"its notes are longer than {rules.how.limits.text_chars:,} characters")
    skipped = cells.flag(columns.cell(row, "skipped"))
    return ImportedLabel(
        board=key[0],
        no=key[1],
        annotator=rules.annotator_prefix + (cells.line(who) or NOBODY),
        label=None if skipped else word(columns.cell(row, "label"), rules),
        notes=plain(notes),
        labelled_at=cells.moment(columns.cell(row, "time")),
    )


def word(given: object, rules: Rules) -> str:
    """A label of the vocabulary, from its name or its rating; raises UnusableError."""
    ratings = rules.how.ratings
    if cells.empty(given):
        raise UnusableError("there is no label, and it was not skipped")
    if cells.number(given) is not None:
        rating = cells.whole(given)
        if rating is None or rating not in ratings:
            raise UnusableError(f"the rating is none of {', '.join(map(str, sorted(ratings)))}", given)
        return ratings[rating]
    name = cells.text(given).strip().lower()
    if name not in rules.labels:
        raise UnusableError(f"the label is none of {', '.join(rules.labels)}", given)
    return name
