"""POST /v1/chat/completions and POST /v1/decisions."""

import hashlib
from collections.abc import Sequence

from aiohttp import web

from bizmeme.sandbox.servers.common import Backstage, as_json
from bizmeme.sandbox.servers.openai.chat import completion
from bizmeme.sandbox.servers.openai.decisions import decision
from bizmeme.sandbox.servers.openai.wire import behind_a_key, parsed


def routes(backstage: Backstage) -> Sequence[web.RouteDef]:
    """Where questions are asked."""

    async def complete(request: web.Request) -> web.Response:
        raw = await request.read()
        return as_json(completion(backstage, parsed(raw), name=hashlib.sha256(raw).hexdigest()))

    async def decide(request: web.Request) -> web.Response:
        return as_json(decision(backstage, parsed(await request.read())))

    return [
        web.post("/v1/chat/completions", behind_a_key(complete)),
        web.post("/v1/decisions", behind_a_key(decide)),
    ]
