"""A moving board's servers: inside this process, as a child, or as a process of its own.

with running_live(config) as addresses:      # a child, gone when the block or this process ends
    addresses["board"]                       # "http://127.0.0.1:40113"; also clock, media, truth, elsewhere

python -m bizmeme.sandbox.live conf/live/day.yaml trouble=null
                                             # says its addresses as JSON; Ctrl-C or SIGTERM ends it
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager

from bizmeme.sandbox.children import child, on_loopback, say, serve_until_input_ends
from bizmeme.sandbox.live.config import LiveConfig
from bizmeme.sandbox.live.hosts import SERVERS
from bizmeme.sandbox.live.stage import LiveStage, live_stage
from bizmeme.sandbox.state import Addresses

_MODULE = "bizmeme.sandbox.live"
_ADVICE = f"Correct conf/live/, or run `python -m {_MODULE} conf/live/day.yaml` to see it start by itself."


def load(path: str, overrides: Sequence[str] = ()) -> LiveConfig:
    """A configuration from a file under conf/live/, with `key.of.it=value` for what is to differ."""
    from omegaconf import OmegaConf

    merged = OmegaConf.merge(OmegaConf.load(path), OmegaConf.from_dotlist(list(overrides)))
    return LiveConfig.model_validate(OmegaConf.to_container(merged))


@contextlib.asynccontextmanager
async def serve_live(config: LiveConfig) -> AsyncIterator[Addresses]:
    """Run every server on a free port of 127.0.0.1 while the block lasts; yields {name: address}."""
    async with serve_stage(live_stage(config)) as addresses:
        yield addresses


@contextlib.asynccontextmanager
async def serve_stage(stage: LiveStage) -> AsyncIterator[Addresses]:
    """The same for a world that is there already."""
    apps = {name: make(stage) for name, make in SERVERS.items()}
    async with on_loopback(apps) as addresses:
        stage.elsewhere.append(addresses["elsewhere"])
        yield addresses


@contextlib.contextmanager
def running_live(config: LiveConfig) -> Iterator[Addresses]:
    """Run the servers in a child process while the block lasts; yields {name: address}.

    The child ends with its standard input, so even a killed parent leaves none behind. Raises ServiceError
    where it does not come up.
    """
    with child(_MODULE, config.model_dump_json(), advice=_ADVICE) as addresses:
        yield addresses


def main(arguments: Sequence[str]) -> None:
    """A child with its configuration on standard input; with a file's name, a process of its own."""
    if arguments:
        asyncio.run(_serve_until_signalled(serve_live(load(arguments[0], arguments[1:]))))
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which then closes our input
    config = LiveConfig.model_validate_json(sys.stdin.buffer.readline())
    asyncio.run(serve_until_input_ends(serve_live(config)))


async def _serve_until_signalled(serving: AbstractAsyncContextManager[Addresses]) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with serving as addresses:
        say(addresses)
        await stopped.wait()
