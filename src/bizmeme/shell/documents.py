"""JSON documents of the sandbox's own routes, which need neither journal nor patience."""

from typing import Any

import aiohttp

from bizmeme.errors import ServiceError


async def fetch_json(url: str, *, timeout_s: float) -> Any:
    """One JSON document; raises ServiceError where none comes within `timeout_s` seconds."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout_s)) as session,
            session.get(url, allow_redirects=False, raise_for_status=True) as answer,
        ):
            return await answer.json()
    except (TimeoutError, aiohttp.ClientError, ValueError) as error:
        raise ServiceError(f"{url} did not answer: {error}. Is the sandbox running?") from error
