"""data/images/: a name is the hash of what the file holds."""

import hashlib
from pathlib import Path

import pytest

from bizmeme.errors import DataError
from bizmeme.shell.image_store import ImageStore

A, B = (hashlib.sha256(data).hexdigest() for data in (b"a", b"b"))


def test_the_store_holds_what_is_asked_for_and_nothing_else(tmp_path: Path) -> None:
    store = ImageStore(tmp_path / "images")
    store.put(A, b"a")
    store.put(B, b"b")
    store.prune({B})
    assert store.read(B) == b"b"
    assert [path.stem for path in store.folder.iterdir()] == [B]


def test_a_missing_or_changed_file_says_how_to_have_it_again(tmp_path: Path) -> None:
    store = ImageStore(tmp_path / "images")
    store.put(A, b"a")
    with pytest.raises(DataError, match=r"is missing. Run `dvc checkout`"):
        store.read(B)
    (store.folder / f"{A}.jpg").write_bytes(b"b")
    with pytest.raises(DataError, match="does not hold the picture"):
        store.read(A)
