"""What the board and its media host demand of a visitor: a name, and a second between two requests."""

import math

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bizmeme.sandbox.servers.common import Backstage, http_date, private

_ROUNDING_S = 1e-6  # a float of today's seconds is exact to a quarter of that
_PAGE = "<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"


def gate(backstage: Backstage) -> Middleware:
    """A middleware with a budget of its own; refused requests do not use it up."""
    admitted_at = -math.inf

    @web.middleware
    async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal admitted_at
        if private(request):
            return await handler(request)
        if not request.headers.get("User-Agent"):
            return page(429, "Too Many Requests")
        missing = admitted_at + backstage.config.serving.min_interval_s - backstage.clockwork.now
        if missing > _ROUNDING_S:
            return page(429, "Too Many Requests", retry_after_s=math.ceil(missing))
        admitted_at = backstage.clockwork.now
        return await _or_not_found(request, handler)

    return admit


async def _or_not_found(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return page(404, "Not Found")


def page(status: int, title: str, *, retry_after_s: int | None = None) -> web.Response:
    """An error as the board shows it: HTML, never JSON."""
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    text = _PAGE.format(title=f"{status} {title}")
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)


def dated(request: web.Request, body: bytes, *, content_type: str, modified_at: float) -> web.Response:
    """An answer with Last-Modified, or 304 where the request repeats exactly that string.

    A later date, or the same one written differently, gets the whole body, as on the real board.
    """
    last_modified = http_date(modified_at)
    if request.headers.get("If-Modified-Since") == last_modified:
        return web.Response(status=304, headers={"Last-Modified": last_modified})
    return web.Response(body=body, content_type=content_type, headers={"Last-Modified": last_modified})
