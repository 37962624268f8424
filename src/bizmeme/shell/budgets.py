"""How gently a host is asked: its manners, and its next free moment, which all processes share.

The moment stands in a small locked file, so that two collectors side by side, or one that was killed and
started again, still ask once a second.
"""

import fcntl
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from pydantic import Field

from bizmeme.core.settings import PositiveInt, Section
from bizmeme.ports.clocks import Timer

_BYTES = 96  # of a record: always as many, so that one write replaces it whole
_MODE = 0o644
_ROUNDING_S = 1e-3
_SET_BACK_S = 1.0


class Manners(Section):
    """How gently a host is asked."""

    name: Annotated[str, Field(pattern=r"\{contact\}")]
    """The User-Agent; {contact} is where who asks can be reached, since boards refuse the nameless."""

    contact_env: Annotated[str, Field(min_length=1)]
    """Environment variable that holds an e-mail address or the address of a page."""

    interval_s: Annotated[float, Field(ge=0)]
    """Seconds between two requests to one host, over all processes of this machine."""

    jitter_s: Annotated[float, Field(ge=0)]
    """Up to so many more, by chance."""

    first_pause_s: Annotated[float, Field(gt=0)]
    """How long a busy host is left alone where it names no time; doubles each time it is still busy."""

    longest_pause_s: Annotated[float, Field(gt=0)]
    """Where that ends."""

    tries: PositiveInt | None
    """After so many a busy host ends the run; null: never, for a collector that runs for days."""

    timeout_s: Annotated[float, Field(gt=0)]
    """Wall seconds for one answer."""

    max_bytes: PositiveInt
    """Longer bodies are refused."""


@dataclass(frozen=True, slots=True)
class _Record:
    """What the file says, seconds since 1970: next free moment, end of a pause, and when it was written."""

    free_s: float
    paused_s: float
    written_s: float

    def at(self, now_s: float) -> "_Record":
        """The same as of now: where the clock was set back since, all of it moves back."""
        back_s = self.written_s - now_s
        if back_s < _SET_BACK_S:  # two processes look at it one after the other
            return replace(self, written_s=max(self.written_s, now_s))
        return _Record(self.free_s - back_s, self.paused_s - back_s, now_s)


class Budget:
    """One host's next free moment, in a file that all processes lock."""

    def __init__(self, folder: Path, host: str, manners: Manners, *, least_interval_s: float = 0.0) -> None:
        self._file = folder / f"{host.replace(':', '_')}.txt"
        self.manners = manners
        self._interval_s = max(manners.interval_s, least_interval_s)
        self._chance = random.Random(manners.name)  # not by the host: its port is another each time

    async def wait(self, timer: Timer) -> None:
        """Return when the caller may send; a pause that another process declares meanwhile holds, too."""
        gap_s = self._interval_s + self._chance.uniform(0, self.manners.jitter_s)
        while await self._took(timer, gap_s) + _ROUNDING_S < await self._paused_until(timer):
            pass  # its slot lies within the pause: it takes a later one

    async def _took(self, timer: Timer, gap_s: float) -> float:
        """Take the next slot and wait for it; when it was."""
        now_s = await timer.now()
        start_s = self._changed(now_s, lambda held: _taken(held, now_s, gap_s)).free_s - gap_s
        if start_s > now_s:
            await timer.sleep(start_s - now_s)
        return start_s

    async def _paused_until(self, timer: Timer) -> float:
        return self._changed(await timer.now(), lambda held: held).paused_s

    async def spent(self, timer: Timer) -> None:
        """Count the interval from the answer on: a slow connection must not shorten it."""
        now_s = await timer.now()
        self._changed(now_s, lambda held: replace(held, free_s=max(held.free_s, now_s + self._interval_s)))

    async def pause(self, timer: Timer, seconds: float) -> None:
        """Let nobody send for `seconds`."""
        now_s = await timer.now()
        self._changed(now_s, lambda held: replace(held, paused_s=max(held.paused_s, now_s + seconds)))

    def _changed(self, now_s: float, change: Callable[[_Record], _Record]) -> _Record:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        number = os.open(self._file, os.O_RDWR | os.O_CREAT, _MODE)
        try:
            fcntl.flock(number, fcntl.LOCK_EX)
            record = change(_read(os.pread(number, _BYTES, 0), now_s))
            text = f"{record.free_s:.6f} {record.paused_s:.6f} {record.written_s:.6f}"
            os.pwrite(number, text.ljust(_BYTES - 1).encode() + b"\n", 0)
        finally:
            os.close(number)
        return record


def _taken(held: _Record, now_s: float, gap_s: float) -> _Record:
    return replace(held, free_s=max(now_s, held.free_s, held.paused_s) + gap_s)


def _read(text: bytes, now_s: float) -> _Record:
    try:
        free_s, paused_s, written_s = map(float, text.split())
    except ValueError:
        return _Record(now_s, now_s, now_s)
    return _Record(free_s, paused_s, written_s).at(now_s)
