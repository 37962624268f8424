"""The kind of a file shows by what is in it; what is hostile ends in one clear error or a refused row."""

import os
import random
import resource
import sqlite3
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from bizmeme.errors import ConfigError, DataError
from tests.dumps.dumping import (
    NOON,
    ROOT,
    csv_file,
    database,
    json_file,
    opened,
    openings,
    read,
    reader,
    threads,
)
from tests.dumps.test_auto_labels import LIST, MAPPING


def test_a_misleading_name_misleads_nobody(tmp_path: Path) -> None:
    pl.DataFrame({"no": [7], "time": [NOON], "text": ["a"]}).write_parquet(tmp_path / "posts.csv")
    csv_file(tmp_path / "posts.parquet", "no,time,text", f"7,{NOON},a")
    csv_file(tmp_path / "posts.json", "image_path,text,label", "7.jpg,a,bearish")
    database(tmp_path / "auto_labels.json", openings())
    json_file(tmp_path / "posts.db", threads()[0])
    json_file(tmp_path / "test_labels.csv", LIST)
    json_file(tmp_path / "noname", MAPPING)
    kinds = {path.name: opened(path).kind for path in tmp_path.iterdir()}
    assert kinds == {
        "posts.csv": "parquet table",
        "posts.parquet": "CSV table",
        "posts.json": "labelled pictures",
        "auto_labels.json": "SQLite file",
        "posts.db": "thread dump",
        "test_labels.csv": "automatic labels",
        "noname": "automatic labels",
    }


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n\n",
        b"hello",
        b"\xff\xd8\xff\xe0\0\x10JFIF",
        b"PK\x03\x04" + b"\0" * 100,
        b"{}",
        b"[]",
        b"[1, 2, 3]",
        b'{"a": 1}',
        b"{broken",
        b'"text"',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        random.Random(7).randbytes(100_000),
        "no,time,text\n7,1,a".encode("utf-16"),
    ],
    ids=range(15),
)
def test_an_unknown_kind_is_an_error_that_lists_what_is_known(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(DataError) as caught:
        opened(tmp_path / "x")
    assert str(caught.value).startswith("x ")
    for known in (
        "parquet or CSV table",
        "thread dump",
        "SQLite file",
        "auto_labels.json",
        "test_labels.csv",
    ):
        assert known in str(caught.value)


@pytest.mark.parametrize("seed", range(30))
def test_a_file_cut_or_changed_anywhere_never_ends_in_a_traceback(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    table = pl.DataFrame({"no": [7, 8], "time": [NOON] * 2, "text": ["a", "b"], "label": ["bullish", "x"]})
    table.write_parquet(tmp_path / "p")
    table.write_csv(tmp_path / "c")
    database(tmp_path / "s", openings()[:20], [(openings()[0].no, 1, 0, "", "ann", "2025")])
    json_file(tmp_path / "t", threads()[0])
    json_file(tmp_path / "a", LIST)
    for path in sorted(tmp_path.iterdir()):
        data = bytearray(path.read_bytes())
        for _ in range(chance.randrange(1, 20)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data[: chance.randrange(len(data))] if chance.random() < 0.3 else data)
        try:
            read(path)
        except DataError:
            continue


def test_what_is_no_file_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        opened(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="is no file"):
        opened(tmp_path / "pipe")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"has no \*\.json"):
        opened(tmp_path / "empty")


def test_a_rating_that_means_no_label_is_refused_by_its_key() -> None:
    with pytest.raises(ConfigError, match=r"imports\.ratings: doom is no label"):
        reader({"ratings": {"1": "doom"}})


HOSTILE = """
import resource, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.dumps.dumping import read
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
result = read(Path({path!r}))
print(len(result.posts), len(result.refused), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def read_apart(path: Path) -> tuple[int, int, float]:
    """Posts, refused rows and MiB that reading it took, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", HOSTILE.format(root=str(ROOT), path=str(path))],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    posts, refused, kib = map(int, done.stdout.split())
    return posts, refused, kib / 1024


@pytest.mark.slow
@pytest.mark.parametrize("opening", ["", '"'])
def test_an_endless_cell_costs_refused_rows_and_little_memory(tmp_path: Path, opening: str) -> None:
    path = tmp_path / "x"
    with path.open("w", encoding="utf-8") as file:
        file.write(f"no,time,text\n7,{NOON},a\n8,{NOON},{opening}")
        for _ in range(128):
            file.write("x" * 2**20)
        file.write(f"\n9,{NOON},b\n")
    posts, refused, mib = read_apart(path)
    assert posts in (1, 2)
    assert refused >= 1
    assert mib < 60


@pytest.mark.slow
def test_a_parquet_file_that_packs_much_into_little_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "x"
    rows = 300
    huge = pl.DataFrame({"text": ["x" * 2**20]}).select(pl.col("text").repeat_by(rows).explode())
    table = huge.with_columns(no=pl.int_range(1, rows + 1), time=pl.lit(NOON))
    table.write_parquet(path, compression="zstd")
    assert path.stat().st_size < 2**22
    posts, refused, mib = read_apart(path)
    assert (posts, refused) == (0, rows)
    assert mib < 150


def test_a_view_that_never_ends_is_no_table(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x") as file:
        file.execute(
            "CREATE VIEW thread_ops AS WITH RECURSIVE n(thread_id) AS "
            "(SELECT 1 UNION ALL SELECT thread_id + 1 FROM n) "
            "SELECT thread_id, 'a' AS op_text, 1759924800 AS time FROM n"
        )
    with pytest.raises(DataError, match="has no table called"):
        opened(tmp_path / "x")


def test_a_symbolic_link_named_by_hand_is_followed(tmp_path: Path) -> None:
    csv_file(tmp_path / "real", "no,time,text", f"7,{NOON},a")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert [post.no for post in read(tmp_path / "link").posts] == [7]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0
