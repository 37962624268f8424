"""Typed parquet: a bad table stops."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from bizmeme.errors import DataError
from bizmeme.shell.parquet import from_rows, read_json, read_table, write_json, write_table
from bizmeme.tables.labels import GoldSample

ROW: dict[str, Any] = {
    "board": "biz", "no": 2, "day": date(2025, 1, 1), "slice": "days", "stratum": "x", "weight": 1.5,
    "role": "dev", "second": False, "repeat": False, "batch": 0, "drawn_by": "{}",
}  # fmt: skip


def test_rows_come_back_sorted_and_the_same_bytes_for_the_same_rows(tmp_path: Path) -> None:
    rows = [ROW, ROW | {"no": 1}]
    write_table(GoldSample, rows, tmp_path / "a.parquet")
    write_table(GoldSample, rows[::-1], tmp_path / "b.parquet")
    assert read_table(GoldSample, tmp_path / "a.parquet")["no"].to_list() == [1, 2]
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"a.parquet", "b.parquet"}


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([ROW, ROW], "primary_key"),
        ([ROW | {"board": None}], "board"),
        ([ROW | {"role": "train"}], "role"),
        ([ROW | {"slice": "last"}], "slice"),
    ],
)
def test_a_bad_row_is_refused_on_write(rows: list[dict[str, Any]], problem: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=problem):
        write_table(GoldSample, rows, tmp_path / "a.parquet")
    assert not (tmp_path / "a.parquet").exists()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda table: table.drop("weight"), "missing columns.*weight"),
        (lambda table: table.rename({"weight": "wieght"}), "wieght"),
        (lambda table: table.with_columns(pl.col("no").cast(pl.String)), "no"),
        (lambda table: table.with_columns(extra=1), "extra"),
    ],
)
def test_a_changed_column_is_refused_on_read(change: Any, problem: str, tmp_path: Path) -> None:
    change(from_rows(GoldSample, [ROW])).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match=problem) as raised:
        read_table(GoldSample, tmp_path / "a.parquet")
    assert str(tmp_path / "a.parquet") in str(raised.value)


def test_a_corrupt_file_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"not parquet")
    with pytest.raises(DataError, match="run `dvc repro`"):
        read_table(GoldSample, tmp_path / "a.parquet")


def test_json_is_sorted_and_refuses_what_is_no_number(tmp_path: Path) -> None:
    write_json({"b": 1, "a": "é"}, tmp_path / "m" / "x.json")
    assert (tmp_path / "m" / "x.json").read_text() == '{\n  "a": "é",\n  "b": 1\n}\n'
    with pytest.raises(ValueError, match="Out of range float"):
        write_json({"a": float("nan")}, tmp_path / "y.json")
    (tmp_path / "z.json").write_text("{")
    with pytest.raises(DataError, match="cannot be read as JSON"):
        read_json(tmp_path / "z.json")
