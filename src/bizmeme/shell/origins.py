"""Whose posts tables are of: those that stand for a journal say it in their column `origin`."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl

RAW = "data/raw"


def strangers(files: Iterable[Path], *, origin: str) -> set[str]:
    """The origins in these files that are not this one."""
    found = (pl.scan_parquet(path).select("origin").unique().collect()["origin"] for path in files)
    return {str(name) for names in found for name in names} - {origin}
