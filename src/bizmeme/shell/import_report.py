"""What an import took and what it refused, as tables for a terminal."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from bizmeme.ports.imports import Dump, Outcome, RefusedRow
from bizmeme.shell.importing import Tally

SHOWN, SHOWN_ALIKE = 20, 5  # refused rows that are printed, of all and of one reason


class First:
    """Some refused rows to show: the first few of each reason."""

    def __init__(self) -> None:
        self.rows: list[RefusedRow] = []
        self._seen: Counter[tuple[str, str]] = Counter()

    def see(self, row: RefusedRow) -> None:
        """Keep the row, unless enough are kept."""
        self._seen[row.what, row.reason] += 1
        if len(self.rows) < SHOWN and self._seen[row.what, row.reason] <= SHOWN_ALIKE:
            self.rows.append(row)


def report(dumps: Sequence[Dump], tally: Tally, labels: Sequence[str]) -> list[Table | str]:
    """What was taken, and labels by person and class."""
    parts: list[Table | str] = [_taken(dumps, tally)]
    parts += [_columns(dump) for dump in dumps if dump.columns]
    if tally.labels:
        parts.append(_labels(tally, labels))
    if tally.unplaced:
        parts.append(f"Labels of posts that no import has brought so far: {tally.unplaced:,}. They are kept.")
    return parts


def refusals(tally: Tally, first: Sequence[RefusedRow], *, listed_in: Path | None) -> list[Table | str]:
    """What was refused and why; and some of the rows, or the file that lists them all."""
    if not tally.refused:
        return ["Nothing was refused."]
    reasons = _reasons(tally)
    if listed_in is not None:
        return [reasons, f"Every refused row stands in {escape(str(listed_in))}."]
    more = sum(tally.refused.values()) - len(first)
    rest = [f"and {more:,} more: --refused FILE writes them all."] if more else []
    return [reasons, _rows(first), *rest]


def _taken(dumps: Sequence[Dump], tally: Tally) -> Table:
    files = ", ".join(f"{dump.name} ({dump.kind})" for dump in dumps[:3])
    more = f" and {len(dumps) - 3} more" if len(dumps) > 3 else ""  # noqa: PLR2004
    table = Table("", "new", "held already", title=escape(f"From {files}{more}"))
    labels, replies = _by_outcome(tally)
    for name, counts in (("posts", tally.posts), ("pictures", tally.pictures), ("labels", labels)):
        table.add_row(name, f"{counts['new']:,}", f"{counts['known']:,}")
    table.add_row("automatic labels", f"{replies['new']:,}", f"{replies['known']:,}")
    return table


def _columns(dump: Dump) -> str:
    """Which column was taken for what, so that nobody has to guess where a date came from."""
    taken = ", ".join(f"{role} from {column}" for role, column in dump.columns.items())
    return escape(f"{dump.name}: {taken}.")


def _by_outcome(tally: Tally) -> tuple[dict[Outcome, int], dict[Outcome, int]]:
    labels: dict[Outcome, int] = {"new": 0, "known": 0, "conflict": 0}
    replies = dict(labels)
    for (_, _, outcome), count in tally.labels.items():
        labels[outcome] += count
    for (_, outcome), count in tally.replies.items():
        replies[outcome] += count
    return labels, replies


def _labels(tally: Tally, labels: Sequence[str]) -> Table:
    """Labels taken or held, by person and class."""
    held = {key: count for key, count in tally.labels.items() if key[2] != "conflict"}
    words = [*labels, None]
    table = Table("who labelled", *(word or "skipped" for word in words), title="Labels")
    for who in sorted({who for who, _, _ in held}):
        counts = [sum(n for key, n in held.items() if key[:2] == (who, word)) for word in words]
        table.add_row(escape(who), *(f"{count:,}" for count in counts))
    return table


def _reasons(tally: Tally) -> Table:
    table = Table("refused", "rows", "why")
    for (what, reason), count in sorted(tally.refused.items(), key=lambda each: (-each[1], each[0])):
        table.add_row(what, f"{count:,}", escape(reason))
    return table


def _rows(first: Sequence[RefusedRow]) -> Table:
    table = Table(
        "file",
        "where",
        "what stood there",
        "why",
        title=f"Refused rows, {SHOWN_ALIKE} of a reason at the most",
    )
    for row in first:
        table.add_row(*(escape(each) for each in (row.file, row.place, row.value, row.reason)))
    return table
