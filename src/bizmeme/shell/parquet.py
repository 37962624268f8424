"""Typed parquet and JSON: validated on write and on read, sorted, the same bytes for the same rows."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import dataframely as dy
import polars as pl
from dataframely.exc import SchemaError, ValidationError
from polars.io.plugins import register_io_source

from bizmeme.errors import DataError

Read = TypeVar("Read")


def write_table(schema: type[dy.Schema], rows: pl.DataFrame | list[dict[str, Any]], path: Path) -> None:
    """Validate against `schema`, sort by its key, write; raises DataError."""
    table = rows if isinstance(rows, pl.DataFrame) else from_rows(schema, rows)
    checked = _validated(schema, table, path)
    partial = path.with_name(path.name + ".part")
    checked.sort(schema.primary_key()).write_parquet(partial, compression="zstd", statistics=False)
    partial.replace(path)


def write_batches(
    schema: type[dy.Schema], batches: Iterable[pl.DataFrame], path: Path, *, group_rows: int
) -> None:
    """Write a table that need not fit into memory; every batch, and all together, in the order of its key.

    `group_rows` go into one row group, the most that reading it again holds at once. Raises DataError.
    """
    failed: list[Exception] = []
    checked = _recording(_ordered(schema, batches, path), failed)
    types = {name: column.dtype for name, column in schema.columns().items()}
    partial = path.with_name(path.name + ".part")

    def source(*_: object) -> Iterator[pl.DataFrame]:
        return checked

    try:
        register_io_source(source, schema=types).sink_parquet(
            partial, compression="zstd", statistics=False, row_group_size=group_rows, maintain_order=True
        )
    except pl.exceptions.PolarsError:
        raise (failed or [DataError(f"{path} could not be written. Is there room?")])[0] from None
    partial.replace(path)


def _recording(batches: Iterator[pl.DataFrame], failed: list[Exception]) -> Iterator[pl.DataFrame]:
    """The batches; what goes wrong in them is noted, since polars raises an error of its own instead."""
    try:
        yield from batches
    except Exception as error:
        failed.append(error)
        raise


def _ordered(schema: type[dy.Schema], batches: Iterable[pl.DataFrame], path: Path) -> Iterator[pl.DataFrame]:
    key, last = schema.primary_key(), None
    for batch in batches:
        if batch.is_empty():
            continue
        checked = _validated(schema, batch, path)
        keys = checked.select(key)
        first = keys.row(0)
        if not keys.equals(keys.sort(key)) or (last is not None and first <= last):
            raise DataError(
                f"{path}: rows of {schema.__name__} are not in the order of {', '.join(key)}, or stand there "
                f"twice, from {first} on. Run `dvc repro` to make it again."
            )
        last = keys.row(-1)
        yield checked


def read_batches(schema: type[dy.Schema], path: Path, *, rows: int) -> Iterator[pl.DataFrame]:
    """A table in batches of so many rows, in the order of its key; raises DataError as read_table does."""
    yield from _ordered(schema, _batches(path, rows), path)


def _batches(path: Path, rows: int) -> Iterator[pl.DataFrame]:
    read = pl.scan_parquet(path).collect_batches
    batches = _opened(path, lambda: read(chunk_size=rows, maintain_order=True))
    while (batch := _opened(path, lambda: next(batches, None))) is not None:
        yield batch


def read_table(schema: type[dy.Schema], path: Path) -> pl.DataFrame:
    """Read a table that must fit `schema`; raises DataError saying which column or row does not."""
    return _validated(schema, _opened(path, lambda: pl.read_parquet(path)), path)


def _opened(path: Path, read: Callable[[], Read]) -> Read:
    try:
        return read()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(
            f"{path} cannot be read as parquet ({_first_line(error)}). "
            f"Delete it and run `dvc repro`, or `dvc checkout {path}`."
        ) from error


def from_rows(schema: type[dy.Schema], rows: list[dict[str, Any]]) -> pl.DataFrame:
    """A table of the schema's columns and types from dictionaries."""
    types = {name: column.dtype for name, column in schema.columns().items()}
    return pl.DataFrame(rows, schema=types, orient="row")


def _validated(schema: type[dy.Schema], table: pl.DataFrame, path: Path) -> pl.DataFrame:
    extra = sorted(set(table.columns) - set(schema.column_names()))
    if extra:
        raise DataError(f"{path} has columns that {schema.__name__} of tables.py lacks: {', '.join(extra)}.")
    try:
        return pl.DataFrame(schema.validate(table)).select(schema.column_names())
    except (ValidationError, SchemaError) as error:
        problem = str(error).split("\n\nResolved plan")[0]
        raise DataError(
            f"{path} does not fit {schema.__name__} of tables.py: {problem}. "
            "It was made by other code or changed by hand: run `dvc repro` to make it again."
        ) from error


def write_json(value: object, path: Path) -> None:
    """Write readable JSON with sorted keys and a final newline."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read JSON; raises DataError where it is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as JSON ({_first_line(error)}). Run `dvc repro`.") from error


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
