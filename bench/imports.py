"""How long an import takes, and how much memory: parquet of so many rows → the journal, a process a size.

    python bench/imports.py                       # 10,000 and 100,000 rows
    python bench/imports.py --rows 1000000
    python bench/imports.py --kind csv sqlite     # other kinds of file

Rows are opening posts of 160 characters in the board's markup, without pictures. Seconds are CPU time
(wall time in brackets) of reading, checking and writing, and of a second import of the same file; memory is
the process's peak, libraries included. docs/log.md keeps a result.
"""

import argparse
import csv
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl

ROOT = Path(__file__).parents[1]
KINDS = ("parquet", "csv", "jsonl", "sqlite")
_LIMIT_S = 3600
_FIRST_NO, _FIRST_S = 60_000_000, 1_759_276_800
_TEXT = '<a href="#p1" class="quotelink">&gt;&gt;{no}</a><br><span class="quote">&gt;sell</span><br>'
_TEXT += "it&#039;s over, number {no} is going to zero and nobody is coming to save you"
Row = tuple[int, int, str, str, int]


def main() -> None:
    """Measure every size and kind, print one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--kind", choices=KINDS, nargs="+", default=["parquet"])
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)  # import this file here, print figures
    options = parser.parse_args()
    if options.one:
        sys.stdout.write(json.dumps(measured(options.one)))
        return
    lines = [
        "| kind | rows | seconds | rows a second | again, seconds | peak MiB |",
        "| --- |" + " ---: |" * 5,
    ]
    for kind in options.kind:
        for rows in options.rows:
            lines.append(_line(kind, rows))
            sys.stderr.write(lines[-1] + "\n")
    sys.stdout.write("\n".join(lines) + "\n")


def _line(kind: str, rows: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"posts.{kind}"
        write(file, kind, rows)
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "BIZMEME_HOME": folder}
        command = [sys.executable, __file__, "--one", str(file)]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, check=True, timeout=_LIMIT_S, stdout=subprocess.PIPE
        )
    found = json.loads(done.stdout)
    assert found["posts"] == rows
    cpu, wall = found["cpu_s"], found["wall_s"]
    speed = f"{rows / cpu[0]:,.0f}"
    figures = f"{cpu[0]:.1f} ({wall[0]:.1f}) | {speed} | {cpu[1]:.1f} | {found['peak_mib']:.0f}"
    return f"| {kind} | {rows:,} | {figures} |"


def measured(file: Path) -> dict[str, object]:
    """Import a file twice into the journal of $BIZMEME_HOME; the figures of this process."""
    from bizmeme.apps.import_ import import_map
    from bizmeme.dumps import build
    from bizmeme.ports.imports import Dumps, Rules
    from bizmeme.shell.importing import Importer
    from bizmeme.shell.journals import open_journal

    rules = Rules(import_map(None), "biz", ("bearish", "neutral", "bullish"), None)
    reader: Dumps = build(rules)
    cpu_s, wall_s = [], []
    with open_journal(Path(os.environ["BIZMEME_HOME"]), "bench") as journal:
        for _ in range(2):
            began = time.process_time(), time.perf_counter()
            importer = Importer(
                journal.imports, reader.pictures(None), lambda row: None, keep_auto_labels=True
            )
            importer.take(reader.open(file))
            cpu_s.append(time.process_time() - began[0])
            wall_s.append(time.perf_counter() - began[1])
        posts = journal.imports.counts()["posts"]
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cpu_s": cpu_s, "wall_s": wall_s, "posts": posts, "peak_mib": peak_mib}


def write(file: Path, kind: str, rows: int) -> None:
    """A file of so many posts, written piece by piece."""
    names = ["no", "time", "sub", "com", "replies"]
    if kind == "parquet":
        pl.scan_csv(_csv(file.with_suffix(".tmp"), rows, names)).sink_parquet(file)
    elif kind == "csv":
        _csv(file, rows, names)
    elif kind == "jsonl":
        with file.open("w", encoding="utf-8") as opened:
            opened.writelines(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in _rows(rows))
    else:
        with sqlite3.connect(file) as database:
            database.execute("CREATE TABLE thread_ops (thread_id, time, subject, op_text, reply_count)")
            database.executemany("INSERT INTO thread_ops VALUES (?, ?, ?, ?, ?)", _rows(rows))
        database.close()


def _csv(file: Path, rows: int, names: list[str]) -> Path:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(names)
        writer.writerows(_rows(rows))
    return file


def _rows(rows: int) -> Iterator[Row]:
    for at in range(rows):
        no = _FIRST_NO + at
        yield no, _FIRST_S + 14 * at, f"thread {no}" if at % 3 else "", _TEXT.format(no=no), at % 300


if __name__ == "__main__":
    main()
