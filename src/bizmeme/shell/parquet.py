"""Typed parquet and JSON: validated on write and on read, sorted, the same bytes for the same rows."""

import json
from pathlib import Path
from typing import Any

import dataframely as dy
import polars as pl
from dataframely.exc import SchemaError, ValidationError

from bizmeme.errors import DataError


def write_table(schema: type[dy.Schema], rows: pl.DataFrame | list[dict[str, Any]], path: Path) -> None:
    """Validate against `schema`, sort by its key, write; raises DataError."""
    table = rows if isinstance(rows, pl.DataFrame) else from_rows(schema, rows)
    checked = _validated(schema, table, path)
    partial = path.with_name(path.name + ".part")
    checked.sort(schema.primary_key()).write_parquet(partial, compression="zstd", statistics=False)
    partial.replace(path)


def read_table(schema: type[dy.Schema], path: Path) -> pl.DataFrame:
    """Read a table that must fit `schema`; raises DataError saying which column or row does not."""
    try:
        table = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(
            f"{path} cannot be read as parquet ({_first_line(error)}). "
            f"Delete it and run `dvc repro`, or `dvc checkout {path}`."
        ) from error
    return _validated(schema, table, path)


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
