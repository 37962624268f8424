"""What goes wrong with a server on purpose: `sandbox.serving.faults`, counted in requests."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bizmeme.sandbox.config import Fault, Trouble
from bizmeme.sandbox.servers import manners
from bizmeme.sandbox.servers.common import as_json

_NO_CREDIT = "You exceeded your current quota, please check your plan and billing details."


def faulty(server: str, faults: tuple[Fault, ...]) -> Middleware:
    """A middleware that lets the faults of `server` happen, each in its stretch of requests."""
    own = [fault for fault in faults if fault.server == server]
    served = 0

    @web.middleware
    async def break_down(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal served
        if request.path == "/_counts":
            return await handler(request)
        number, served = served, served + 1
        for fault in own:
            if fault.after <= number and (fault.times is None or number < fault.after + fault.times):
                return await _TROUBLES[fault.trouble](request, handler)
        return await handler(request)

    return break_down


async def _hang_up(request: web.Request, _: Handler) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _silence(_: web.Request, __: Handler) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError("nobody sets it")


async def _error(_: web.Request, __: Handler) -> web.StreamResponse:
    return manners.page(500, "Internal Server Error")


async def _garbage(_: web.Request, __: Handler) -> web.StreamResponse:
    return manners.page(200, "Just a moment...")


async def _cut_off(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Half of the answer, under the length of the whole."""
    whole = await handler(request)
    assert isinstance(whole, web.Response)
    assert isinstance(whole.body, bytes)
    half = web.StreamResponse(headers={"Content-Type": whole.content_type})
    half.content_length = len(whole.body)
    await half.prepare(request)
    await half.write(whole.body[: len(whole.body) // 2])
    return await _hang_up(request, handler)


async def _quota(_: web.Request, __: Handler) -> web.StreamResponse:
    return _refusal(429, _NO_CREDIT, code="insufficient_quota")


async def _wrong_key(request: web.Request, _: Handler) -> web.StreamResponse:
    """A refusal that repeats the key, as careless services do."""
    key = request.headers.get("Authorization", "").rpartition(" ")[2]
    return _refusal(401, f"Incorrect API key provided: {key}.", code="invalid_api_key")


def _refusal(status: int, message: str, *, code: str) -> web.Response:
    error = {"message": message, "type": code, "param": None, "code": code}
    return as_json({"error": error}, status=status)


_TROUBLES: Mapping[Trouble, Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]] = (
    MappingProxyType(
        {
            "hang_up": _hang_up,
            "silence": _silence,
            "error": _error,
            "garbage": _garbage,
            "cut_off": _cut_off,
            "quota": _quota,
            "wrong_key": _wrong_key,
        }
    )
)
