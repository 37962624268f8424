"""All servers in one event loop: inside this process, as a child, or as the command `bizmeme sandbox`.

with running(config) as addresses:            # a child, gone when the block or this process ends
    addresses["board"]                        # "http://127.0.0.1:40113"
"""

import asyncio
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO

from aiohttp import web

from bizmeme.errors import ConfigError, ServiceError
from bizmeme.sandbox.building import build
from bizmeme.sandbox.clockwork import Clockwork
from bizmeme.sandbox.config import SandboxConfig, origin
from bizmeme.sandbox.pictures.gallery import Gallery
from bizmeme.sandbox.servers import board, captions, clock, label_studio, media, openai, truth
from bizmeme.sandbox.servers.common import Backstage
from bizmeme.sandbox.servers.faults import faulty
from bizmeme.sandbox.state import STATE_FILE, Addresses, announced, find
from bizmeme.sandbox.strangers.people import Reader

SERVERS: Mapping[str, Callable[[Backstage], web.Application]] = MappingProxyType(
    {
        "clock": clock.app,
        "board": board.app,
        "media": media.app,
        "openai": openai.app,
        "label_studio": label_studio.app,
        "captions": captions.app,
        "truth": truth.app,
    }
)

# Wall time. A start takes one CPU second; the rest is patience with a busy machine.
_START_S = 60.0
_STOP_S = 10.0


# --- in this process ----------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def serve(config: SandboxConfig) -> AsyncIterator[Addresses]:
    """Run every server on a free port of 127.0.0.1 while the block lasts; yields {name: address}."""
    world = build(config)
    clockwork = Clockwork(float(world.ends_at))
    backstage = Backstage(config, world, Gallery(), Reader(config, world), clockwork)
    async with contextlib.AsyncExitStack() as stack:
        addresses = {}
        for name, make in SERVERS.items():
            app = make(backstage)
            app.middlewares.insert(1, faulty(name, config.serving.faults))  # behind the counting one
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            addresses[name] = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield addresses


# --- as a child ---------------------------------------------------------------------------------------


@contextlib.contextmanager
def running(config: SandboxConfig) -> Iterator[Addresses]:
    """Run the servers in a child process while the block lasts; yields {name: address}.

    The child ends with its standard input, so even a killed parent leaves none behind. Raises ServiceError
    where it does not come up.
    """
    with tempfile.TemporaryFile() as errors:
        child = _started(config, errors)
        try:
            yield _greeting(child, errors)
        finally:
            _stop(child)


def _started(config: SandboxConfig, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    # The child must import this very package, not an installed one: pytest and DVC set the path differently.
    paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    child = subprocess.Popen(
        [sys.executable, "-m", "bizmeme.sandbox"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        # One thread for numpy: its spinning helpers would take the clients' cores.
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"},
    )
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # a child that died at once is reported by _greeting
        child.stdin.write(config.model_dump_json().encode() + b"\n")
        child.stdin.flush()
    return child


def _greeting(child: subprocess.Popen[bytes], errors: IO[bytes]) -> Addresses:
    """The one line that a child says: its addresses as JSON."""
    assert child.stdout is not None
    ready, _, _ = select.select([child.stdout], [], [], _START_S)
    line = child.stdout.readline() if ready else b""
    if line:
        addresses: Addresses = json.loads(line)
        return addresses
    errors.seek(0)
    reason = errors.read().decode(errors="replace").strip() or f"it said nothing for {_START_S:.0f} s"
    raise ServiceError(
        f"The sandbox did not start (python -m bizmeme.sandbox, process {child.pid}): {reason}\n"
        "Correct conf/sandbox/, or run `bizmeme sandbox` to see it start by itself."
    )


def _stop(child: subprocess.Popen[bytes]) -> None:
    """Close the child's input, wait, and kill it if it stays."""
    assert child.stdin is not None
    assert child.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        child.stdin.close()
    try:
        child.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    child.stdout.close()


def child_main() -> None:
    """`python -m bizmeme.sandbox`: a configuration on standard input, addresses on standard output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which then closes our input
    config = SandboxConfig.model_validate_json(sys.stdin.buffer.readline())
    asyncio.run(_serve_until_input_ends(config))


async def _serve_until_input_ends(config: SandboxConfig) -> None:
    ended = asyncio.Event()

    def heard() -> None:
        if not os.read(0, 4096):
            ended.set()

    asyncio.get_running_loop().add_reader(0, heard)
    async with serve(config) as addresses:
        sys.stdout.write(json.dumps(dict(addresses)) + "\n")
        sys.stdout.flush()
        await ended.wait()


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
