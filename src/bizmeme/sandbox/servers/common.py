"""What every loopback server has: the world behind it, a count of its requests, and the sandbox's date."""

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bizmeme.sandbox.clockwork import Clockwork
from bizmeme.sandbox.config import SandboxConfig, origin
from bizmeme.sandbox.pictures.gallery import Gallery
from bizmeme.sandbox.strangers.people import Reader
from bizmeme.sandbox.world import World

Route = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LARGEST_BODY = 256 * 2**20  # bytes; Label Studio takes imports of 200 MB
COUNTS = web.AppKey("counts", Counter[tuple[str, int]])


@dataclass(frozen=True, slots=True)
class Backstage:
    """What the servers of one sandbox share."""

    config: SandboxConfig
    world: World
    gallery: Gallery
    reader: Reader
    clockwork: Clockwork

    @property
    def origin(self) -> str:
        """The world's name in journals."""
        return origin(self.config)


class OnTheClock(Protocol):
    """Whatever has the sandbox's clock."""

    @property
    def clockwork(self) -> Clockwork:
        """The clock."""
        ...


def application(
    backstage: OnTheClock, routes: Sequence[web.RouteDef], *, middlewares: Sequence[Middleware] = ()
) -> web.Application:
    """A server with those routes, `GET /_counts`, and no trace of the wall clock."""
    app = web.Application(middlewares=[_count, *middlewares], client_max_size=_LARGEST_BODY)
    app[COUNTS] = Counter()
    app.add_routes([*routes, web.get("/_counts", _counts)])

    async def date(_: web.Request, response: web.StreamResponse) -> None:
        # aiohttp would put the wall clock here.
        response.headers["Date"] = http_date(backstage.clockwork.now)

    app.on_response_prepare.append(date)
    return app


def private(request: web.Request) -> bool:
    """Whether the sandbox is asked about itself; such requests are neither counted nor spoilt."""
    return request.path.startswith("/_")


def as_json(value: object, *, status: int = 200) -> web.Response:
    """A JSON answer, always the same bytes for the same value."""
    return web.Response(body=dumped(value), status=status, content_type="application/json")


def dumped(value: object) -> bytes:
    """Compact JSON in ASCII, keys in the order in which they were written."""
    return json.dumps(value, separators=(",", ":")).encode()


def http_date(moment: float) -> str:
    """Seconds since 1970 as HTTP writes them."""
    return formatdate(int(moment), usegmt=True)


@web.middleware
async def _count(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count each request by its route and the status of its answer."""
    resource = request.match_info.route.resource
    route = f"{request.method} {resource.canonical if resource else '(unknown)'}"
    try:
        response = await handler(request)
    except web.HTTPException as refusal:
        request.app[COUNTS][route, refusal.status] += 1
        raise
    if not private(request):
        request.app[COUNTS][route, response.status] += 1
    return response


async def _counts(request: web.Request) -> web.Response:
    """Requests so far: by route, and by status."""
    routes: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    for (route, status), number in request.app[COUNTS].items():
        routes[route] += number
        statuses[str(status)] += number
    return as_json({"routes": dict(sorted(routes.items())), "statuses": dict(sorted(statuses.items()))})
