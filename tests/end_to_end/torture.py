"""Kills for `dvc repro`: half aimed at the boundaries of journal and checkpoints, half at random moments."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bizmeme.stages import STAGES
from tests import aim
from tests.victims import used_cpu_s

_PATIENCE_S = 600  # wall; it ends a hang, it measures nothing
_POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Kill:
    """One pulled plug: at a place in the code, or once the stage has used a share of its CPU time."""

    stage: str
    place: str | None  # one of tests/aim.py, with the moment: "ledger.settle before"
    number: int  # of the call
    share: float  # of the stage's CPU time, where no place is aimed at

    def __str__(self) -> str:
        at = f"{self.place} call {self.number}" if self.place else f"{self.share:.0%} of its time"
        return f"{self.stage}: {at}"


def plan(kills: int, *, seed: int, calls: Mapping[tuple[str, str], int]) -> list[Kill]:
    """So many kills in the order of the stages, aimed ones first, since they leave a stage more to do.

    `calls` says how often a stage may come to a place before it is killed there.
    """
    chance = random.Random(seed)
    places = chance.sample(sorted(calls), len(calls))
    stages = chance.sample(list(STAGES), len(STAGES))
    made = []
    for number in range(kills):
        if number % 2:
            made.append(Kill(stages[number // 2 % len(stages)], None, 0, chance.uniform(0.02, 0.98)))
            continue
        stage, place = places[number // 2 % len(places)]
        moment = chance.choice(("before", "after"))
        made.append(Kill(stage, f"{place} {moment}", chance.randint(1, calls[stage, place]), 0))
    order = [place for _, place in calls]

    def turn(kill: Kill) -> tuple[int, int]:
        place = kill.place.partition(" ")[0] if kill.place else None
        return list(STAGES).index(kill.stage), order.index(place) if place else len(order)

    return sorted(made, key=turn)


class Victim:
    """`dvc repro -f -s <stage>` in a session of its own, whose stage runs through tests/aim.py."""

    def __init__(self, folder: Path, tools: Path, stage: str, *, place: str | None) -> None:
        self.stage = stage
        tools.mkdir(exist_ok=True)
        shim = tools / "python"
        shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{aim.__file__}" "$@"\n')
        shim.chmod(0o755)
        known = {
            name: value for name, value in os.environ.items() if not name.startswith(("DVC_", "BIZMEME_"))
        }
        path = os.pathsep.join([str(tools), str(Path(sys.executable).parent), known.get("PATH", "")])
        self.log = tools / "log.txt"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["dvc", "repro", "--force", "--single-item", stage],
                cwd=folder,
                env=known | {"PATH": path, "AIM": place or ""},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def ended(self) -> bool:
        """Wait for it to end; whether it failed, as a stage does whose process killed itself."""
        return self.process.wait(_PATIENCE_S) != 0

    def killed_at(self, cpu_s: float) -> bool:
        """Kill all of it (kill -9) once the stage has used so much CPU time; False where it ended before."""
        deadline = time.monotonic() + _PATIENCE_S
        while self.process.poll() is None and time.monotonic() < deadline:
            if any(used_cpu_s(pid) >= cpu_s for pid in self._stage_processes()):
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(_PATIENCE_S)
                return True
            time.sleep(_POLL_S)
        return False

    def _stage_processes(self) -> Iterator[int]:
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if os.getsid(int(entry.name)) == self.process.pid and self._is_stage(words):
                    yield int(entry.name)
            except OSError:
                continue  # it ended meanwhile

    def _is_stage(self, words: list[bytes]) -> bool:
        return str(aim.__file__).encode() in words and self.stage.encode() in words


def carry_out(kill: Kill, folder: Path, tools: Path, *, cpu_s: float) -> str:
    """Pull the plug as planned, earlier where the stage ends before that; what `dvc repro` printed."""
    number, share = kill.number, kill.share
    for _ in range(8):
        aimed = f"{kill.place} {number} KILL" if kill.place else None
        victim = Victim(folder, tools, kill.stage, place=aimed)
        hit = victim.ended() if aimed else victim.killed_at(share * cpu_s)
        if hit:
            return victim.log.read_text(errors="replace")
        number, share = max(1, number // 2), share / 2
    raise AssertionError(f"{kill}: the stage always ended before")
