"""What goes wrong with a server on purpose: `sandbox.serving.faults`, counted in requests.

hang_up     before it answers                      busy          429, and no word of when
silence     never an answer                        busy_after    429: two seconds
error       status 500, a web page                 busy_until    429: a date two seconds from now
garbage     status 200, a web page                 unavailable   503
cut_off     half an answer, then it hangs up       quota         no credit left
truncated   half an answer as if it were whole     day_quota     nothing more today
refusal     the model declines                     wrong_key     the key is rejected, and repeated
filtered    a filter stops the answer              wrong_schema  JSON, but other JSON
off_vocabulary   a label that is none

The right column is for the vision APIs alone, each in its vendor's shape (refusals.py), and so are `refusal`,
`filtered`, `wrong_schema` and `off_vocabulary`, which are answered and paid for (spoiling.py).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bizmeme.sandbox.clockwork import Clockwork
from bizmeme.sandbox.config_serving import Fault, Trouble
from bizmeme.sandbox.dice import share
from bizmeme.sandbox.servers import manners
from bizmeme.sandbox.servers.common import private
from bizmeme.sandbox.servers.refusals import REFUSALS, Asked
from bizmeme.sandbox.servers.spoiling import SPOILERS, spoilt


def faulty(server: str, faults: tuple[Fault, ...], clockwork: Clockwork) -> Middleware:
    """A middleware that lets the faults of `server` happen, each in its stretch of requests."""
    own = [fault for fault in faults if fault.server == server]
    served = 0

    @web.middleware
    async def break_down(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal served
        if private(request):
            return await handler(request)
        number, served = served, served + 1
        for fault in own:
            if _strikes(fault, number):
                return await _suffer(fault, request, handler, now=clockwork.now)
        return await handler(request)

    return break_down


def _strikes(fault: Fault, number: int) -> bool:
    """Whether a fault meets the request of that number, whatever it asks."""
    if number < fault.after or (fault.times is not None and number >= fault.after + fault.times):
        return False
    return share("fault", fault.server, fault.trouble, fault.after, number) < fault.share


async def _suffer(fault: Fault, request: web.Request, handler: Handler, *, now: float) -> web.StreamResponse:
    if fault.trouble in _TROUBLES:
        return await _TROUBLES[fault.trouble](request, handler)
    if fault.trouble in SPOILERS:
        return await _spoil(request, handler, fault.trouble)
    # A board or a people's server that is told to be short of credit says so as OpenAI does.
    refusals = REFUSALS.get(fault.server, REFUSALS["openai"])
    return refusals[fault.trouble](Asked(_key(request), now)).response()


def _key(request: web.Request) -> str:
    """The key that came with a request, wherever the vendor wants it."""
    named = request.headers.get("Authorization", "").rpartition(" ")[2]
    return named or request.headers.get("x-goog-api-key", "") or request.query.get("key", "")


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
    whole = await _whole(request, handler)
    assert isinstance(whole.body, bytes)
    half = web.StreamResponse(headers={"Content-Type": whole.content_type})
    half.content_length = len(whole.body)
    await half.prepare(request)
    await half.write(whole.body[: len(whole.body) // 2])
    return await _hang_up(request, handler)


async def _truncated(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Half of the answer, under its own length: nothing but the JSON itself tells."""
    whole = await _whole(request, handler)
    assert isinstance(whole.body, bytes)
    half = whole.body[: len(whole.body) // 2]
    return web.Response(body=half, status=whole.status, content_type=whole.content_type)


async def _spoil(request: web.Request, handler: Handler, trouble: Trouble) -> web.StreamResponse:
    whole = await _whole(request, handler)
    assert isinstance(whole.body, bytes)
    body = spoilt(whole.body, trouble)
    return web.Response(body=body, status=whole.status, content_type=whole.content_type)


async def _whole(request: web.Request, handler: Handler) -> web.Response:
    whole = await handler(request)
    assert isinstance(whole, web.Response)
    return whole


_TROUBLES: Mapping[Trouble, Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]] = (
    MappingProxyType(
        {
            "hang_up": _hang_up,
            "silence": _silence,
            "error": _error,
            "garbage": _garbage,
            "cut_off": _cut_off,
            "truncated": _truncated,
        }
    )
)
