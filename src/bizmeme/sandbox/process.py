"""All servers in one event loop: inside this process, as a child, or as the command `bizmeme sandbox`.

with running(config) as addresses:            # a child, gone when the block or this process ends
    addresses["board"]                        # "http://127.0.0.1:40113"
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from aiohttp import web
from aiohttp.typedefs import Middleware

from bizmeme.errors import ConfigError
from bizmeme.sandbox.building import build
from bizmeme.sandbox.children import child, on_loopback, serve_until_input_ends
from bizmeme.sandbox.clockwork import Clockwork
from bizmeme.sandbox.config import SandboxConfig, origin
from bizmeme.sandbox.config_serving import Quota
from bizmeme.sandbox.pictures.gallery import Gallery
from bizmeme.sandbox.servers import board, captions, clock, gemini, label_studio, media, openai, truth, warosu
from bizmeme.sandbox.servers.common import Backstage
from bizmeme.sandbox.servers.faults import faulty
from bizmeme.sandbox.servers.quotas import limited
from bizmeme.sandbox.servers.receipts import keep
from bizmeme.sandbox.state import STATE_FILE, Addresses, announced, find
from bizmeme.sandbox.strangers.people import Reader

SERVERS: Mapping[str, Callable[[Backstage], web.Application]] = MappingProxyType(
    {
        "clock": clock.app,
        "board": board.app,
        "media": media.app,
        "openai": openai.app,
        "gemini": gemini.app,
        "label_studio": label_studio.app,
        "captions": captions.app,
        "truth": truth.app,
        "warosu": warosu.app,
    }
)

_ADVICE = "Correct conf/sandbox/, or run `bizmeme sandbox` to see it start by itself."


# --- in this process ----------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def serve(config: SandboxConfig) -> AsyncIterator[Addresses]:
    """Run every server on a free port of 127.0.0.1 while the block lasts; yields {name: address}."""
    world = build(config)
    clockwork = Clockwork(float(world.ends_at))
    backstage = Backstage(config, world, Gallery(), Reader(config, world), clockwork)
    apps = {}
    for name, make in SERVERS.items():
        apps[name] = make(backstage)
        apps[name].middlewares[1:1] = _mishaps(name, apps[name], backstage)  # behind the counting one
    async with on_loopback(apps) as addresses:
        yield addresses


def _mishaps(name: str, app: web.Application, backstage: Backstage) -> list[Middleware]:
    """What stands between a request and its server, outermost first: only what is answered is paid for."""
    serving, clockwork = backstage.config.serving, backstage.clockwork
    trouble = faulty(name, serving.faults, clockwork)
    quota: Quota | None = getattr(serving.quotas, name, None)
    if quota is None:
        return [trouble]
    arrives, answers = keep(app)
    return [arrives, trouble, answers, limited(name, quota, clockwork)]


# --- as a child ---------------------------------------------------------------------------------------


@contextlib.contextmanager
def running(config: SandboxConfig) -> Iterator[Addresses]:
    """Run the servers in a child process while the block lasts; yields {name: address}.

    The child ends with its standard input, so even a killed parent leaves none behind. Raises ServiceError
    where it does not come up.
    """
    with child("bizmeme.sandbox", config.model_dump_json(), advice=_ADVICE) as addresses:
        yield addresses


def child_main() -> None:
    """`python -m bizmeme.sandbox`: a configuration on standard input, addresses on standard output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which then closes our input
    config = SandboxConfig.model_validate_json(sys.stdin.buffer.readline())
    asyncio.run(serve_until_input_ends(serve(config)))


# --- as the command `bizmeme sandbox` -----------------------------------------------------------------


def serve_forever(config: SandboxConfig, home: Path) -> None:
    """Run until Ctrl-C or SIGTERM; meanwhile `home`/sandbox.json says where it is.

    Raises ConfigError where a sandbox already runs there.
    """
    if find(home, origin(config)) is not None:
        raise ConfigError(
            f"A sandbox of this world already runs: see {home / STATE_FILE}. Use it, or stop it first."
        )
    asyncio.run(_serve_until_signalled(config, home))


async def _serve_until_signalled(config: SandboxConfig, home: Path) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with serve(config) as addresses:
        with announced(home, origin(config), addresses):
            _show(config, addresses)
            await stopped.wait()


def _show(config: SandboxConfig, addresses: Addresses) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("service", "address", title=f"sandbox '{config.name}', {origin(config)}")
    for name, address in addresses.items():
        table.add_row(name, address)
    Console().print(table, "The stages find it by themselves. Ctrl-C stops it.", sep="\n")
