"""Which column of somebody's table holds what: the section of conf/imports/, and how it is applied.

columns: {time: [posted_at, time, …]}   and a table with the columns no, Time, com   →   {"time": "Time", …}
"""

import difflib
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import BeforeValidator, Field

from bizmeme.core.settings import PositiveInt, Section
from bizmeme.errors import DataError


def _listed(value: object) -> object:
    """One name stands for a list of it; an empty one for none."""
    if isinstance(value, str):
        return [value] if value else []
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class Columns(Section):
    """The names that the columns of a table of posts may go by."""

    board: Names
    """The board's short name."""

    number: Names
    """The post's number."""

    thread: Names
    """The number of its thread's opening post; empty or 0 on the opening post itself."""

    time: Names
    """When it was posted: a number of (milli-, micro-)seconds since 1970, or ISO 8601; without zone, UTC."""

    subject: Names
    """Its subject, plain."""

    html: Names
    """Its comment in the board's markup."""

    text: Names
    """Its comment, plain; counts where `html` is empty."""

    replies: Names
    """How many replies its thread has."""

    picture: Names
    """Its picture: a file's name, a path or an address."""

    tim: Names
    """The board's own name of its file, without extension."""

    ext: Names
    """The extension of its file, with the dot."""

    md5: Names
    """The MD5 of its file, base64 as the board gives it, or hexadecimal."""

    source: Names
    """Where it came from."""


class LabelColumns(Section):
    """The names that the columns of people's labels may go by."""

    number: Names
    """The post's number."""

    label: Names
    """A label, or its rating."""

    skipped: Names
    """Whether the post was skipped."""

    notes: Names
    """What the person wrote beside it."""

    annotator: Names
    """Who labelled."""

    time: Names
    """When."""


class AutoLabelKeys(Section):
    """The keys that an automatic label may have."""

    number: Names
    """The post's number, or its picture."""

    label: Names
    """A label, or its rating."""

    confidence: Names
    """Between 0 and 1."""


class Tables(Section):
    """The tables of a SQLite file."""

    posts: Names
    """Opening posts."""

    labels: Names
    """People's labels."""


class Limits(Section):
    """What is too large to be what it claims to be."""

    text_chars: PositiveInt
    """Of one text as it stands in the file."""

    extra_chars: PositiveInt
    """Of all unknown columns of a row together, as JSON."""

    document_mib: PositiveInt
    """Of one JSON document."""

    picture_mib: PositiveInt
    """Of one picture file."""

    wait_s: Annotated[float, Field(ge=0, le=600)]
    """Wall seconds for a SQLite file that another program holds."""


class ImportMap(Section):
    """conf/imports/default.yaml, with a person's own file over it."""

    columns: Columns
    """Of a table of posts."""

    required: Names
    """Roles of `columns`, or of `labels` as `labels.label`, that must be found."""

    labels: LabelColumns
    """Of a table of labels, or standing beside posts."""

    ratings: Mapping[int, str]
    """What a number in a label's place means."""

    auto_labels: AutoLabelKeys
    """Of an entry in auto_labels.json."""

    tables: Tables
    """Of a SQLite file."""

    limits: Limits
    """What is too large."""

    batch_rows: PositiveInt
    """Rows written down at once."""


def overlaid(base: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    """`base` with a person's own values over it; the columns that those name are required."""
    merged = dict(base)
    for key, value in over.items():
        beneath = base.get(key)
        both = isinstance(beneath, Mapping) and isinstance(value, Mapping) and key != "ratings"
        merged[key] = {**beneath, **value} if both else value  # type: ignore[dict-item]
    named = [role for role, names in _section(over, "columns") if names]
    named += [f"labels.{role}" for role, names in _section(over, "labels") if names]
    required = merged.get("required")
    merged["required"] = [*(required if isinstance(required, list) else []), *named]
    return merged


def _section(values: Mapping[str, object], key: str) -> Sequence[tuple[str, object]]:
    section = values.get(key)
    return list(section.items()) if isinstance(section, Mapping) else []


def found(section: Section, existing: Sequence[str]) -> dict[str, str]:
    """Each role of a section → the column that holds it; what no column holds is left out.

    Upper and lower case count as the same where no column is spelt exactly so.
    """
    folded = {name.casefold(): name for name in reversed(existing)}
    held = {}
    for role, names in section:
        exact = next((name for name in names if name in existing), None)
        loose = next((folded[name.casefold()] for name in names if name.casefold() in folded), None)
        if column := exact or loose:
            held[role] = column
    return held


def require(
    roles: Sequence[str], names: Section, existing: Sequence[str], *, where: str, section: str
) -> None:
    """Raise one DataError for all roles that no column holds: what exists, what is near, what to do.

    `section` is what the mapping calls `names`.
    """
    held = found(names, existing)
    missing = [role for role in roles if role not in held]
    if not missing:
        return
    lines = [_missing(role, getattr(names, role), existing) for role in missing]
    example = f"{section}: {{{missing[0]}: <its column>}}"
    raise DataError(
        f"{where}: " + " ".join(lines) + f" The columns are {', '.join(existing)}. "
        f"Write `{example}` into a file and name it with --map; nothing was read."
    )


def _missing(role: str, names: Sequence[str], existing: Sequence[str]) -> str:
    near = [
        match
        for name in (*names, role)
        for match in difflib.get_close_matches(name, existing, n=1, cutoff=0.7)
    ]
    hint = f", perhaps '{near[0]}' does" if near else ""
    return f"no column holds the {role} (looked for {', '.join(names) or 'none'}){hint}."
