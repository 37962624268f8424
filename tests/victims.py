"""Pulled plugs for commands of a few seconds: victims forked from a process that has imported everything.

    hit = Victim(walk, (addresses, home), log=log).pulled(kill)

A victim dies as under kill -9, at one exact place in the code (tests/aim.py) or once it has used so much CPU
time. Its start costs some milliseconds instead of seconds. `make torture N=300` says how many there are.
"""

import hashlib
import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

from tests import aim

ROOT = Path(__file__).parents[1]
SEED = int(os.environ.get("TORTURE_SEED", "20261125"))
# Kills of a usual run, and each one's share of TORTURE_KILLS. Those of whole `dvc repro`s come on top: each
# takes many seconds to come up again; and so do those that are about money, as many again.
_USUAL = {"board": 5, "warosu": 3, "import": 3, "scrape": 3, "parse": 3, "repro": 10, "live": 4, "batch": 4}
_SHARES = {"board": 0.3, "warosu": 0.15, "import": 0.2, "scrape": 0.2, "parse": 0.15, "repro": 0.2}
_SHARES |= {"live": 0.5, "batch": 0.5}
_PATIENCE_S = 300  # wall; it ends a hang, it measures nothing
_POLL_S = 0.001


def kills_of(what: str) -> int:
    """How many kills `what` gets."""
    wanted = os.environ.get("TORTURE_KILLS")
    return _USUAL[what] if wanted is None else max(1, round(_SHARES[what] * int(wanted)))


@dataclass(frozen=True, slots=True)
class Kill:
    """One pulled plug: at the n-th call of a place in the code, or after some CPU time."""

    place: str | None  # one of tests/aim.py, with the moment: "holdings.write before"
    number: int
    cpu_s: float

    def __str__(self) -> str:
        return f"{self.place} call {self.number}" if self.place else f"after {self.cpu_s:.2f} CPU-seconds"

    @property
    def can_be_sooner(self) -> bool:
        """Whether that would be another kill: a place where nobody comes would be waited at for ever."""
        return self.place is None or self.number > 1

    def sooner(self) -> "Kill":
        """The same in half the way, for a victim that came to its end before."""
        return replace(self, number=max(1, self.number // 2), cpu_s=self.cpu_s / 2)


def plan(kills: int, *, seed: int, calls: Mapping[str, int], most_cpu_s: float) -> list[Kill]:
    """So many kills, every other one aimed; `calls` says how often a victim may come to a place before."""
    chance = random.Random(seed)
    places = [f"{place} {moment}" for place in sorted(calls) for moment in ("before", "after")]
    chance.shuffle(places)
    made = []
    for number in range(kills):
        if number % 2:
            made.append(Kill(None, 0, chance.uniform(0, most_cpu_s)))
        else:
            place = places[number // 2 % len(places)]
            made.append(Kill(place, chance.randint(1, calls[place.split()[0]]), 0))
    return made


def prepared(*modules: str) -> None:
    """Have a process import these, from which all later victims are forked; it ends with this one."""
    multiprocessing.get_context("forkserver").set_forkserver_preload(["tests.aim", "pytest", *modules])
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    try:
        forkserver.ensure_running()
    finally:
        os.environ.pop("PYTHONPATH") if before is None else os.environ.update(PYTHONPATH=before)


class Victim:
    """A function in a process of its own; what it prints goes to `log`."""

    def __init__(self, target: Callable[..., object], arguments: tuple[object, ...], *, log: Path) -> None:
        self._target, self._arguments = target, arguments
        self._log = log

    def pulled(self, kill: Kill) -> bool:
        """Run it and pull the plug as planned; False where it came to its end before."""
        process = self._started(f"{kill.place} {kill.number} KILL" if kill.place else None)
        if kill.place is None:
            for used_s in _running(process):
                if used_s >= kill.cpu_s:
                    process.kill()
        return self._ended(process) == -signal.SIGKILL

    def to_its_end(self) -> float:
        """Run it, undisturbed; the CPU-seconds that it took, about."""
        process = self._started(None)
        used_s = max(_running(process), default=0.0)
        assert self._ended(process) == 0
        return used_s

    def _started(self, aimed: str | None) -> Any:
        context = multiprocessing.get_context("forkserver")
        process = context.Process(
            target=_live, args=(self._target, self._arguments, aimed, self._log), daemon=True
        )
        process.start()
        return process

    def _ended(self, process: Any) -> int:
        process.join(_PATIENCE_S)
        hung = process.is_alive()
        if hung:
            process.kill()
            process.join()
        said = self._log.read_text(errors="replace") if self._log.exists() else ""
        assert not hung, f"it hung:\n{said}"
        assert process.exitcode in (0, -signal.SIGKILL), said
        return int(process.exitcode)


def _live(target: Callable[..., object], arguments: tuple[object, ...], aimed: str | None, log: Path) -> None:
    with log.open("w") as file:
        for standard in (1, 2):
            os.dup2(file.fileno(), standard)
    if aimed:
        aim.aim(aimed)
    target(*arguments)


def _running(process: Any) -> Iterator[float]:
    """The CPU-seconds that it has used, again and again until it ends."""
    deadline = time.monotonic() + _PATIENCE_S
    while process.is_alive() and time.monotonic() < deadline:
        yield used_cpu_s(process.pid)
        process.join(_POLL_S)


def used_cpu_s(pid: int) -> float:
    """CPU-seconds that a process has used."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- what is held

Held = Mapping[tuple[object, ...], object]
"""What must never go or change, by what it is."""

HELD_FILES = "SELECT key, kind, sha256 FROM media WHERE sha256 IS NOT NULL"
"""Files that are there, also where a larger one of the same picture is wanted, or has taken their place."""


@contextmanager
def recovered(journal: Path) -> Iterator[sqlite3.Connection]:
    """A copy of a journal as a kill left it, sound; the journal itself is for the next victim to mend."""
    with tempfile.TemporaryDirectory() as folder:
        for file in (journal, journal.with_name(f"{journal.name}-wal")):
            if file.exists():
                shutil.copy(file, folder)
        database = sqlite3.connect(Path(folder) / journal.name)
        try:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            yield database
        finally:
            database.close()


def still_held(before: Held, now: Held, after: Kill) -> Held:
    """What is held now; everything that was held before is among it."""
    lost = [what for what, value in before.items() if now.get(what) != value]
    assert not lost, f"after {after}: {lost[:5]} and others, {len(lost)} in all"
    return now


def sha256(data: bytes | str) -> str:
    """Of bytes, or of a text in UTF-8."""
    return hashlib.sha256(data if isinstance(data, bytes) else data.encode()).hexdigest()
