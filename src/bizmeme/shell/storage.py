"""What the operating system says of a disk, as one error of ours: full, read-only, or not ours to write.

Libraries hide it behind errors of their own (a RuntimeError of torch, an OperationalError of SQLite), so a
failure is traced to its causes, and then the disks themselves are asked.
"""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from bizmeme.errors import StorageError

_REASONS = {
    errno.ENOSPC: "is full",
    errno.EDQUOT: "has no room left for you",
    errno.EROFS: "is read-only",
    errno.EACCES: "is not yours to write",
    errno.EPERM: "is not yours to write",
    errno.EIO: "fails",
}
_WORDS = {
    "no space left": "is full",
    "disk is full": "is full",
    "read-only file system": "is read-only",
    "readonly database": "is read-only",
    "unable to open database file": "is not yours to write",
}
_ROOM_BYTES = 2**20  # less counts as full


def storage_error(failure: BaseException, *folders: Path) -> StorageError | None:
    """The StorageError behind a failure of a library; None where the disks of `folders` are not to blame."""
    for cause in _causes(failure):
        if (reason := _reason(cause)) is not None:
            return _told(getattr(cause, "filename", None) or folders[0], reason)
    for folder in folders:
        if (reason := _state(folder)) is not None:
            return _told(folder, reason)
    return None


def _told(place: object, reason: str) -> StorageError:
    return StorageError(
        f"The disk of {place} {reason}. Make room there (`df -h`) or make it writable, then run the same "
        "command again: what was received or paid for is kept."
    )


def _causes(failure: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = failure
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _reason(cause: BaseException) -> str | None:
    if isinstance(cause, OSError) and cause.errno in _REASONS:
        return _REASONS[cause.errno]
    told = str(cause).lower()
    return next((reason for words, reason in _WORDS.items() if words in told), None)


def _state(folder: Path) -> str | None:
    """What is wrong with the disk that a folder, or the nearest one above it that exists, lies on."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    disk = os.statvfs(there)
    if disk.f_flag & os.ST_RDONLY:
        return _REASONS[errno.EROFS]
    return _REASONS[errno.ENOSPC] if disk.f_bavail * disk.f_frsize < _ROOM_BYTES else None
