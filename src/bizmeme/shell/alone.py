"""One process at a time: queued experiments share a journal, an account's limits and the board's patience.

Whoever comes second waits, and then finds in the journal what the first one received. The lock ends with its
process, however that ends.
"""

import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(home: Path, origin: str, *, doing: str) -> Iterator[None]:
    """Hold the right to do this for the journal of `origin`; wait, and say so, while another process does."""
    file = home / "journals" / f"{origin}.{doing}.lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"Another run is {doing} for this journal: waiting for it to end.", file=sys.stderr)  # noqa: T201
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
