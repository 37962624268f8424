"""Whose posts tables are of: those that stand for a journal say it in their column `origin`."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from bizmeme.errors import DataError
from bizmeme.shell.workspace import Workspace

RAW = "data/raw"
_POSTS = ("posts.parquet", "pages.parquet")  # below it: others have what people say of posts


def strangers(files: Iterable[Path], *, origin: str) -> set[str]:
    """The origins in these files that are not this one."""
    found = (pl.scan_parquet(path).select("origin").unique().collect()["origin"] for path in files)
    return {str(name) for names in found for name in names} - {origin}


def strange_tables(workspace: Workspace) -> str | None:
    """In words, where the posts in data/ are of another board than the one configured."""
    files = (workspace.root / RAW / name for name in _POSTS)
    others = strangers((file for file in files if file.exists()), origin=workspace.origin)
    if not others:
        return None
    return (
        f"The posts in data/ are of {', '.join(sorted(others))}, the configuration is of {workspace.origin}"
    )


def check_origin(workspace: Workspace) -> None:
    """Raise DataError where posts of one board would be paid for as another's."""
    if told := strange_tables(workspace):
        raise DataError(
            f"{told}: nothing was asked. Run `dvc repro export_labels` first, with this configuration."
        )
