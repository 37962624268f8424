"""Small disks for tests: a tmpfs that is filled, or made read-only (mode bits do not bind root)."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Disk:
    """A mounted tmpfs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def remount(self, options: str) -> None:
        """Change it: `ro`, `rw`, `size=…`."""
        subprocess.run(["mount", "-o", f"remount,{options}", self.folder], check=True, timeout=60)

    def leave_no_room(self) -> None:
        """Make it as small as what it holds."""
        disk = os.statvfs(self.folder)
        self.remount(f"size={(disk.f_blocks - disk.f_bfree) * disk.f_frsize}")


@contextmanager
def mounted(folder: Path) -> Iterator[Disk]:
    """A disk of 1 GB at `folder`, gone afterwards; skips where this user may not mount, fails under CI."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        reason = f"only root may mount a disk: {done.stderr.strip()}"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True, timeout=60)
