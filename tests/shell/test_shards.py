"""Tar shards."""

from pathlib import Path

import pytest

from bizmeme.errors import DataError
from bizmeme.shell.shards import read_shards, write_shards


def test_pictures_come_back_and_bytes_depend_on_them_alone(tmp_path: Path) -> None:
    files = []
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (tmp_path / name).write_bytes(name.encode() * 100)
        files.append(tmp_path / name)
    write_shards(files, tmp_path / "one", per_shard=2)
    files[0].touch()
    write_shards(files, tmp_path / "two", per_shard=2)
    assert [path.name for path in sorted((tmp_path / "one").iterdir())] == ["00000.tar", "00001.tar"]
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    assert read_shards(tmp_path / "one") == {path.name: path.read_bytes() for path in files}


def test_older_shards_go(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "00007.tar").write_bytes(b"old")
    write_shards([tmp_path / "a.jpg"], tmp_path / "out", per_shard=2)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["00000.tar"]


def test_a_broken_shard_is_named(tmp_path: Path) -> None:
    (tmp_path / "00000.tar").write_bytes(b"x" * 600)
    with pytest.raises(DataError, match=r"00000\.tar is broken"):
        read_shards(tmp_path)
