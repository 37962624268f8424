"""What is under way is brought to its end, whoever stops waiting for it: its outcome is paid for."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


async def finished(doing: Coroutine[Any, Any, T], stopped: Callable[[], None] | None = None) -> T:
    """Await it to its end even where the caller is cancelled meanwhile, which `stopped` is told at once."""
    task = asyncio.ensure_future(doing)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if stopped is not None:
            stopped()
        # However often its caller is cancelled: a run that fails does so, too.
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # looked at, else asyncio prints it with whatever the service repeated
        raise
