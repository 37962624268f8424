"""Full and read-only disks, behind whatever a library raises."""

import errno
import sqlite3
from pathlib import Path

import pytest

from bizmeme.errors import StorageError
from bizmeme.shell.storage import storage_error
from tests.disks import mounted


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/data/x"), "The disk of /data/x is full"),
        (OSError(errno.EROFS, "Read-only file system", "/data/x"), "The disk of /data/x is read-only"),
        (PermissionError(errno.EACCES, "Permission denied", "/data/x"), "is not yours to write"),
        (sqlite3.OperationalError("database or disk is full"), "is full"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "is read-only"),
        (RuntimeError("I/O error: No space left on device (os error 28)"), "is full"),
    ],
)
def test_a_disks_failure_is_told_as_such(failure: Exception, said: str, tmp_path: Path) -> None:
    found = storage_error(failure, tmp_path)
    assert isinstance(found, StorageError)
    assert said in str(found)


def test_a_cause_is_found_behind_another_error(tmp_path: Path) -> None:
    failure = RuntimeError("unexpected position")
    failure.__context__ = OSError(errno.ENOSPC, "No space left on device")
    assert storage_error(failure, tmp_path) is not None


def test_a_defect_is_nobody_elses_fault(tmp_path: Path) -> None:
    assert storage_error(KeyError("no"), tmp_path, tmp_path / "not" / "there") is None
    assert storage_error(OSError(errno.ENOENT, "No such file", "/data/x"), tmp_path) is None


def test_the_disk_itself_is_asked_where_the_library_says_nothing(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk") as disk:
        assert storage_error(RuntimeError("file write failed"), disk.folder) is None
        disk.leave_no_room()
        assert "is full" in str(storage_error(RuntimeError("file write failed"), disk.folder / "a" / "b"))
        disk.remount("ro")
        assert "is read-only" in str(storage_error(RuntimeError("file write failed"), disk.folder))
