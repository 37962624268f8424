"""OpenAI on loopback: chat completions, decisions, files, batches and models under /v1.

It sees a post only as a client sends it. Any key is accepted, but none at all is a 401, and what the real
API would call malformed, or a model cannot do, is refused in its own shape.
"""

from aiohttp import web

from bizmeme.sandbox.servers.common import Backstage, application
from bizmeme.sandbox.servers.openai import asking, batches, files, models
from bizmeme.sandbox.servers.openai.files import Files
from bizmeme.sandbox.servers.openai.wire import behind_a_key
from bizmeme.sandbox.strangers.listening import RefusalError


def app(backstage: Backstage) -> web.Application:
    """The server."""
    kept = Files(backstage.clockwork)

    async def unknown(request: web.Request) -> web.Response:
        told = f"Unknown request URL: {request.method} {request.path}."
        raise RefusalError(told, status=404, code="unknown_url")

    routes = [
        *asking.routes(backstage),
        *models.routes(),
        *files.routes(kept),
        *batches.routes(backstage, kept),
        web.route("*", "/v1/{rest:.*}", behind_a_key(unknown)),
    ]
    return application(backstage, routes)
