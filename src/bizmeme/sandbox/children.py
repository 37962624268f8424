"""Loopback servers as a child process: it says its addresses in a line, and ends with its standard input."""

import asyncio
import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import IO

from aiohttp import web

from bizmeme.errors import ServiceError
from bizmeme.sandbox.state import Addresses

# Wall time. A start takes a few CPU seconds at most; the rest is patience with a busy machine.
_START_S = 60.0
_STOP_S = 10.0


@contextlib.contextmanager
def child(module: str, config: str, *, advice: str) -> Iterator[Addresses]:
    """Run `python -m module` with a line of configuration on its input while the block lasts.

    Even a killed parent leaves none behind. Raises ServiceError, with its own words and the advice, where it
    does not come up.
    """
    with tempfile.TemporaryFile() as errors:
        process = _started(module, config, errors)
        try:
            yield _greeting(process, errors, module=module, advice=advice)
        finally:
            _stop(process)


def _started(module: str, config: str, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    # The child must import this very package, not an installed one: pytest and DVC set the path differently.
    paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        # One thread for numpy: its spinning helpers would take the clients' cores.
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"},
    )
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # a child that died at once is reported by _greeting
        process.stdin.write(config.encode() + b"\n")
        process.stdin.flush()
    return process


def _greeting(process: subprocess.Popen[bytes], errors: IO[bytes], *, module: str, advice: str) -> Addresses:
    """The one line that a child says: its addresses as JSON."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], _START_S)
    line = process.stdout.readline() if ready else b""
    if line:
        addresses: Addresses = json.loads(line)
        return addresses
    errors.seek(0)
    reason = errors.read().decode(errors="replace").strip() or f"it said nothing for {_START_S:.0f} s"
    raise ServiceError(
        f"The sandbox did not start (python -m {module}, process {process.pid}): {reason}\n{advice}"
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Close the child's input, wait, and kill it if it stays."""
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


async def serve_until_input_ends(serving: AbstractAsyncContextManager[Addresses]) -> None:
    """The child's side: say the addresses, then serve until nobody holds the other end of our input."""
    ended = asyncio.Event()

    def heard() -> None:
        if not os.read(0, 4096):
            ended.set()

    asyncio.get_running_loop().add_reader(0, heard)
    async with serving as addresses:
        say(addresses)
        await ended.wait()


def say(addresses: Addresses) -> None:
    """The greeting: one line of JSON."""
    sys.stdout.write(json.dumps(dict(addresses)) + "\n")
    sys.stdout.flush()


@contextlib.asynccontextmanager
async def on_loopback(apps: Mapping[str, web.Application]) -> AsyncIterator[Addresses]:
    """Run each on a free port of 127.0.0.1 while the block lasts; yields {name: address}."""
    async with AsyncExitStack() as stack:
        addresses = {}
        for name, app in apps.items():
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            addresses[name] = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield addresses
