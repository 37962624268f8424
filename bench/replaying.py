"""A board's answers, recorded and given again byte by byte: python bench/replaying.py FILE serves them.

recording = asyncio.run(recorded(24.0))
with serving(recording) as url:             # a process of its own
    asyncio.run(replayed(url, recording))   # the collector asks for the same in the same order
"""

import asyncio
import contextlib
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from omegaconf import OmegaConf

from bizmeme.clocks.simulated import SimulatedClock
from bizmeme.collectors.board import build
from bizmeme.ports.clocks import Timer
from bizmeme.sandbox.live.process import load, running_live
from bizmeme.shell.collecting import Collecting, Means
from bizmeme.shell.hosts import Answer, Host, Visit, visiting
from bizmeme.shell.journals import open_journal
from bizmeme.shell.media_store import MediaStore
from bizmeme.sources.board import Config

CONF = Path(__file__).parents[1] / "conf"
FREED = ("trouble=null", "rules.min_interval_s=0", "rules.thread_interval_s=0", "rules.patience_s=0")


@dataclass
class Recording:
    """What the hosts and the clock said, in the order in which they were asked."""

    hours: float
    answers: list[Answer] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)


@dataclass
class RecordingTimer:
    """A timer whose answers are noted."""

    timer: Timer
    recording: Recording

    async def now(self) -> float:
        """The moment, noted."""
        self.recording.moments.append(await self.timer.now())
        return self.recording.moments[-1]

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await self.timer.sleep(seconds)


@dataclass
class ReplayingTimer:
    """A timer that says what was noted, and sleeps not at all."""

    moments: Iterator[float]

    async def now(self) -> float:
        """The next moment."""
        return next(self.moments)

    async def sleep(self, seconds: float) -> None:
        """Nothing waits."""


class RecordingVisit(Visit):
    """A visit whose hosts' answers are noted."""

    recording: Recording

    def host(self, url: str, timer: Timer, *, least_interval_s: float = 0.0) -> Host:
        """A host as usual, its answers noted."""
        host: Any = super().host(url, timer, least_interval_s=least_interval_s)
        get: Callable[..., Awaitable[Answer]] = host.get

        async def noted(path: str, **named: Any) -> Answer:
            self.recording.answers.append(await get(path, **named))
            return self.recording.answers[-1]

        host.get = noted
        return host  # type: ignore[no-any-return]


async def collect(url: str, visit: Visit, timer: Timer, how: Collecting) -> None:
    """The collector as `bizmeme collect` runs it, on a fresh journal."""
    config = Config(name="board", board="biz", base_url=url, media_url=url)
    with tempfile.TemporaryDirectory() as home, open_journal(Path(home), "bench") as journal:
        means = Means(visit, journal, MediaStore(Path(home)), timer)
        await build(config).collect(means, how, lambda progress: None)


def collecting(hours: float) -> Collecting:
    """conf/collect/default.yaml without its limits, a look a minute, no files."""
    values: Any = OmegaConf.to_container(OmegaConf.load(CONF / "collect" / "default.yaml"))
    pace = values["pace"] | {"shortest_s": 60, "longest_s": 60, "thread_gap_s": 0}
    manners = values["manners"] | {"interval_s": 0, "jitter_s": 0}
    return Collecting.model_validate(values | {"hours": hours, "kinds": (), "pace": pace, "manners": manners})


async def recorded(hours: float) -> Recording:
    """One run against the moving board."""
    recording, how = Recording(hours), collecting(hours)
    day = load(str(CONF / "live" / "day.yaml"), [*FREED, f"hours={hours}"])
    with running_live(day) as addresses, tempfile.TemporaryDirectory() as folder:
        async with (
            visiting(how.manners, Path(folder)) as visit,
            SimulatedClock(addresses["clock"]).session() as timer,
        ):
            noting = RecordingVisit(visit._session, how.manners, Path(folder))
            noting.recording = recording
            await collect(addresses["board"], noting, RecordingTimer(timer, recording), how)
    return recording


async def replayed(url: str, recording: Recording) -> None:
    """The collector once more, against the recording."""
    how = collecting(recording.hours)
    with tempfile.TemporaryDirectory() as folder:
        async with visiting(how.manners, Path(folder)) as visit:
            await collect(url, visit, ReplayingTimer(iter(recording.moments)), how)


async def serve(answers: Sequence[Answer]) -> None:
    """Give the answers in their order, from the first again after the last; ends with its standard input."""
    left = iter(answers)

    async def handler(request: web.BaseRequest) -> web.Response:
        nonlocal left
        answer = next(left, None)
        if answer is None:
            left = iter(answers)
            answer = next(left)
        if request.path != answer.path:
            return web.Response(
                status=500, text=f"{request.path} was asked for in the place of {answer.path}"
            )
        headers = {"Last-Modified": answer.last_modified} if answer.last_modified else {}
        return web.Response(status=answer.status, body=answer.body, headers=headers)

    runner = web.ServerRunner(web.Server(handler, access_log=None))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    sys.stdout.write(f"http://127.0.0.1:{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


@contextlib.contextmanager
def serving(recording: Recording) -> Iterator[str]:
    """The server's address."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "answers"
        file.write_bytes(pickle.dumps(recording.answers))
        command = [sys.executable, __file__, str(file)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
            server.communicate()


if __name__ == "__main__":
    asyncio.run(serve(pickle.loads(Path(sys.argv[1]).read_bytes())))
