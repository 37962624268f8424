"""How a limiter of ours keeps an account's limits, beside a library and beside none.

    python bench/limiting.py            # a minute
    pip install --target DIR aiolimiter; PYTHONPATH=DIR python bench/limiting.py

A server in a process of its own grants 20 requests and 2,000 tokens a second, a second's worth at most; it
answers after 0.2 s and says 429 with Retry-After beyond that. 300 requests of about 128 tokens (ours reserves
640, and learns what answers take) are sent, 64 at once, by aiohttp. Tokens bind: they take 19.2 s, less the
server's first second. Without a limiter every 429 is waited out and sent again, five times at most, as SDKs
do. Wall seconds, one round each.
"""

import asyncio
import multiprocessing
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

import aiohttp
from aiohttp import web

from bizmeme.clocks.wall import WallTimer
from bizmeme.core.limits import Limits
from bizmeme.shell.paying.limiter import Limiter

REQUESTS, AT_ONCE, TRIES = 300, 64, 5
REQUESTS_PER_S, TOKENS_PER_S, WORST_TOKENS = 20, 2000, 640
ANSWER_S = 0.2
OK, TOO_MANY = 200, 429


@dataclass
class Bucket:
    """A second's worth at most, refilled evenly."""

    per_s: float
    held: float
    at_s: float

    def left(self, now_s: float) -> float:
        """What it holds now."""
        self.held = min(self.per_s, self.held + (now_s - self.at_s) * self.per_s)
        self.at_s = now_s
        return self.held


def serve(pipe: Connection) -> None:
    """The server, until it is terminated; its port goes through the pipe."""
    now_s = time.monotonic()
    requests, tokens = (
        Bucket(REQUESTS_PER_S, REQUESTS_PER_S, now_s),
        Bucket(TOKENS_PER_S, TOKENS_PER_S, now_s),
    )

    async def answer(request: web.Request) -> web.Response:
        wanted, now_s = int(await request.text()), time.monotonic()
        if requests.left(now_s) < 1 or tokens.left(now_s) < wanted:
            return web.Response(status=TOO_MANY, headers={"Retry-After": "1"})
        requests.held -= 1
        tokens.held -= wanted
        await asyncio.sleep(ANSWER_S)
        return web.Response(text=str(wanted))

    async def forever() -> None:
        app = web.Application()
        app.router.add_post("/", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        pipe.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(forever())


Turn = Callable[[int], AbstractAsyncContextManager[None]]
"""What a request of so many tokens has to wait for."""


def none() -> Turn:
    """Everything at once."""

    @asynccontextmanager
    async def turn(used: int) -> AsyncIterator[None]:
        yield

    return turn


def ours() -> Turn:
    """The limiter that auto_label asks through."""
    limiter = Limiter(
        Limits(
            concurrency=AT_ONCE,
            requests_per_minute=60 * REQUESTS_PER_S,
            tokens_per_minute=60 * TOKENS_PER_S,
            requests_per_day=None,
            tokens_per_day=None,
        ),
        of="bench",
    )

    @asynccontextmanager
    async def turn(used: int) -> AsyncIterator[None]:
        entry = await limiter.enter(WallTimer(), worst_tokens=WORST_TOKENS)
        yield
        limiter.settle(entry, used_tokens=used)

    return turn


def library() -> Turn:
    """A leaky bucket for each limit."""
    from aiolimiter import AsyncLimiter  # type: ignore[import-not-found]

    requests, tokens = AsyncLimiter(REQUESTS_PER_S, 1), AsyncLimiter(TOKENS_PER_S, 1)

    @asynccontextmanager
    async def turn(used: int) -> AsyncIterator[None]:
        await requests.acquire()
        await tokens.acquire(used)  # it knows the tokens before they are used: nothing is given back
        yield

    return turn


WAYS: Mapping[str, Callable[[], Turn]] = {"none": none, "aiolimiter, twice": library, "bizmeme": ours}


async def measured(url: str, turn: Turn) -> tuple[float, int, int, int]:
    """Wall seconds, lost, 429s, tokens."""
    chance, slots = random.Random(1), asyncio.Semaphore(AT_ONCE)
    lost = refused = taken = 0

    async def one(used: int) -> None:
        nonlocal lost, refused, taken
        async with slots:
            for _ in range(TRIES):
                async with turn(used), http.post(url, data=str(used)) as response:
                    await response.read()
                if response.status == OK:
                    taken += used
                    return
                refused += 1
                await asyncio.sleep(float(response.headers["Retry-After"]))
            lost += 1

    began_s = time.monotonic()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        jobs: list[Awaitable[None]] = [one(chance.randint(118, 138)) for _ in range(REQUESTS)]
        await asyncio.gather(*jobs)
    return time.monotonic() - began_s, lost, refused, taken


def row(name: str, made: Callable[[], Turn]) -> str:
    """One way, at a server of its own."""
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    try:
        url = f"http://127.0.0.1:{mine.recv()}/"
        wall_s, lost, refused, taken = asyncio.run(measured(url, made()))
    except ImportError:
        return f"| {name} | not installed |  |  |  |"
    finally:
        server.terminate()
        server.join()
    return f"| {name} | {wall_s:.1f} | {lost} | {refused} | {taken / wall_s / TOKENS_PER_S:.0%} |"


def main() -> None:
    """Print the table."""
    print("| limiter | wall s | lost | 429s | of the tokens' quota |\n| --- | ---: | ---: | ---: | ---: |")  # noqa: T201
    for name, made in WAYS.items():
        print(row(name, made))  # noqa: T201
        sys.stdout.flush()


if __name__ == "__main__":
    main()
