"""Tar shards."""

from pathlib import Path

import pytest

from bizmeme.errors import DataError
from bizmeme.shell.shards import read_shards, write_shards


def test_pictures_come_back_and_bytes_depend_on_them_alone(tmp_path: Path) -> None:
    pictures = {name: name.encode() * 100 for name in ("a.jpg", "b.jpg", "c.jpg")}
    for folder in ("one", "two"):
        write_shards(list(pictures), tmp_path / folder, read=pictures.__getitem__, per_shard=2)
    assert [path.name for path in sorted((tmp_path / "one").iterdir())] == ["00000.tar", "00001.tar"]
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    assert read_shards(tmp_path / "one") == pictures


def test_older_shards_go(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "00007.tar").write_bytes(b"old")
    write_shards(["a.jpg"], tmp_path / "out", read=lambda name: name.encode(), per_shard=2)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["00000.tar"]


def test_a_broken_shard_is_named(tmp_path: Path) -> None:
    (tmp_path / "00000.tar").write_bytes(b"x" * 600)
    with pytest.raises(DataError, match=r"00000\.tar is broken"):
        read_shards(tmp_path)
