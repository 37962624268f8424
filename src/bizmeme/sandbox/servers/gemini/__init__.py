"""Gemini's API on loopback: /v1beta/ with models, generateContent, countTokens, batches and decisions.

It sees a post only as a client sends it. Any key is accepted, but none at all is a 403, a model that it does
not have is a 404, and what the real API would call malformed is a 400 in Google's own shape.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from bizmeme.sandbox.servers.common import Backstage, Route, application, as_json
from bizmeme.sandbox.servers.gemini import chat, decisions, errors
from bizmeme.sandbox.servers.gemini.batches import Batches
from bizmeme.sandbox.servers.gemini.chat import CHAT_MODELS
from bizmeme.sandbox.servers.gemini.decisions import DECISION_MODEL
from bizmeme.sandbox.servers.gemini.errors import Body, GoogleError
from bizmeme.sandbox.servers.gemini.listening import Fields
from bizmeme.sandbox.servers.receipts import RECEIPTS

_INPUT_TOKENS, _OUTPUT_TOKENS = 1_048_576, 65_536
_LARGEST_BATCH = 20 * 2**20  # bytes; more must come as a file
_CHAT_ACTIONS = ("generateContent", "countTokens", "batchGenerateContent")


def app(backstage: Backstage) -> web.Application:
    """The server."""
    return application(
        backstage,
        [*_chat(backstage), *_batches(backstage), web.route("*", "/v1beta/{rest:.*}", _answered(_unknown))],
    )


def _chat(backstage: Backstage) -> list[web.RouteDef]:
    async def generate(request: web.Request) -> Body:
        raw, model = await request.read(), _chat_model(request)
        return chat.reply(backstage, model, _parsed(raw), name=hashlib.sha256(raw).hexdigest())

    async def count(request: web.Request) -> Body:
        return chat.counted(backstage, _chat_model(request), _parsed(await request.read()))

    async def decide(request: web.Request) -> Body:
        return decisions.reply(backstage, _parsed(await request.read()))

    async def models(_: web.Request) -> Body:
        return {"models": [_model(name) for name in (*CHAT_MODELS, DECISION_MODEL)]}

    async def model(request: web.Request) -> Body:
        name = request.match_info["model"]
        if name not in CHAT_MODELS and name != DECISION_MODEL:
            raise _no_model(name, action="GetModel")
        return _model(name)

    return [
        web.post("/v1beta/models/{model}:generateContent", _answered(generate)),
        web.post("/v1beta/models/{model}:countTokens", _answered(count)),
        web.post("/v1beta/decisions", _answered(decide)),
        web.get("/v1beta/models", _answered(models)),
        web.get("/v1beta/models/{model}", _answered(model)),
    ]


def _batches(backstage: Backstage) -> list[web.RouteDef]:
    batches = Batches(backstage)

    async def create(request: web.Request) -> Body:
        raw = await request.read()
        if len(raw) > _LARGEST_BATCH:
            raise GoogleError(400, "Request payload size exceeds the limit: 20971520 bytes.")
        return batches.create(_chat_model(request), _parsed(raw))

    async def get(request: web.Request) -> Body:
        return await batches.get(f"batches/{request.match_info['id']}", pay=request.app[RECEIPTS].pay)

    async def cancel(request: web.Request) -> Body:
        return batches.cancel(f"batches/{request.match_info['id']}")

    async def page(request: web.Request) -> Body:
        size = request.query.get("pageSize", "0")
        if not size.isdigit():
            raise GoogleError(400, "Invalid value at 'page_size' (TYPE_INT32)")
        return batches.page(token=request.query.get("pageToken"), size=int(size))

    return [
        web.post("/v1beta/models/{model}:batchGenerateContent", _answered(create)),
        web.get("/v1beta/batches/{id}", _answered(get)),
        web.post("/v1beta/batches/{id}:cancel", _answered(cancel)),
        web.get("/v1beta/batches", _answered(page)),
    ]


def _answered(route: Callable[[web.Request], Awaitable[Body]]) -> Route:
    """The route behind a key, its refusals in Google's shape."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            if not (request.headers.get("x-goog-api-key") or request.query.get("key")):
                raise errors.no_key()
            return as_json(await route(request))
        except GoogleError as error:
            return as_json(error.body, status=error.code)

    return answer


async def _unknown(request: web.Request) -> Body:
    raise GoogleError(404, f"The requested URL {request.path} was not found on this server.")


def _chat_model(request: web.Request) -> str:
    model = request.match_info["model"]
    if model not in CHAT_MODELS:
        raise _no_model(model, action=request.path.rpartition(":")[2])
    return model


def _no_model(model: str, *, action: str) -> GoogleError:
    return GoogleError(
        404,
        f"models/{model} is not found for API version v1beta, or is not supported for {action}. Call "
        "ListModels to see the list of available models and their supported methods.",
    )


def _parsed(raw: bytes) -> Fields:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise GoogleError(400, "Invalid JSON payload received. Unexpected token.") from error
    if not isinstance(body, dict):
        raise GoogleError(400, "Invalid JSON payload received. Root element must be a message.")
    return body


def _model(name: str) -> Body:
    """A model as the list shows it; a day of shutdown is no part of it."""
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name,
        "inputTokenLimit": _INPUT_TOKENS,
        "outputTokenLimit": _OUTPUT_TOKENS,
        "supportedGenerationMethods": list(_CHAT_ACTIONS) if name in CHAT_MODELS else ["createDecision"],
    }
