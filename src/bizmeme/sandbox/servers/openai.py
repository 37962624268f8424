"""OpenAI's chat completions on loopback: POST /v1/chat/completions and GET /v1/models.

It sees a post only as a client sends it. Any key is accepted and any model name, but none at all is a 401,
and what the real API would call malformed is a 400 in its own shape.
"""

import hashlib
import json
from collections.abc import Mapping

from aiohttp import web

from bizmeme.sandbox.moods import MOODS
from bizmeme.sandbox.servers.common import Backstage, Route, application, as_json
from bizmeme.sandbox.strangers import listening, speaking
from bizmeme.sandbox.strangers.listening import Heard, RefusalError
from bizmeme.sandbox.strangers.people import Impression, stranger
from bizmeme.sandbox.strangers.speaking import Opinion, Speech

_MODELS = ("gpt-4o-mini", "gpt-4.1-mini", "gpt-6-luna")
_MOST_ALTERNATIVES = 20

Body = Mapping[str, object]


def app(backstage: Backstage) -> web.Application:
    """The server."""

    async def complete(request: web.Request) -> web.Response:
        raw = await request.read()
        return as_json(completion(backstage, _parsed(raw), name=hashlib.sha256(raw).hexdigest()))

    async def models(_: web.Request) -> web.Response:
        rows = [{"id": model, "object": "model", "created": 0, "owned_by": "sandbox"} for model in _MODELS]
        return as_json({"object": "list", "data": rows})

    async def unknown(request: web.Request) -> web.Response:
        raise RefusalError(
            f"Unknown request URL: {request.method} {request.path}.", status=404, code="unknown_url"
        )

    routes = [
        web.post("/v1/chat/completions", _answered(complete)),
        web.get("/v1/models", _answered(models)),
        web.route("*", "/v1/{rest:.*}", _answered(unknown)),
    ]
    return application(backstage, routes)


def _answered(route: Route) -> Route:
    """The route behind a key, its refusals in OpenAI's shape."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            if not request.headers.get("Authorization", "").removeprefix("Bearer").strip():
                raise RefusalError("You didn't provide an API key.", status=401, code="invalid_api_key")
            return await route(request)
        except RefusalError as refusal:
            return as_json(refusal.body, status=refusal.status)

    return answer


def _parsed(raw: bytes) -> Body:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise RefusalError("We could not parse the JSON body of your request.") from error
    if not isinstance(body, dict) or not isinstance(body.get("model"), str):
        raise RefusalError("You must provide a model parameter.", param="model")
    if body.get("stream") or body.get("n", 1) != 1:
        raise RefusalError("The sandbox answers once and whole: leave out 'stream' and 'n'.", param="stream")
    return body


def completion(backstage: Backstage, body: Body, *, name: str) -> dict[str, object]:
    """The reply to a request; `name` identifies the request and becomes its id. Raises RefusalError."""
    schema, top = _schema(body.get("response_format")), _alternatives(body)
    heard = listening.listen(body.get("messages"))
    opinion = _opinion(backstage, heard)
    speech = speaking.speak(opinion, schema)
    spoken = speaking.tokens(speech.text)
    cut = min(_limit(body), len(spoken))
    return {
        "id": f"chatcmpl-{name[:24]}",
        "object": "chat.completion",
        "created": backstage.world.ends_at,  # not the hour of asking: the same bytes for the same request
        "model": body["model"],
        "system_fingerprint": f"fp_{backstage.origin[-10:]}",
        "service_tier": "default",
        "choices": [_choice(speech, opinion, cut=cut, top=top)],
        "usage": _usage(heard.prompt_tokens, cut),
    }


def _opinion(backstage: Backstage, heard: Heard) -> Opinion:
    """What the API thinks of what it was shown, or was told to think."""
    try:
        seen = backstage.reader.look(heard.image, heard.text)
    except OSError as error:
        raise listening.unreadable() from error
    best = backstage.reader.judge(seen)
    labeller = stranger(backstage.config, "labeller", error=1 - backstage.config.labeller.accuracy)
    label = labeller.answer(best, seen)
    if heard.order in MOODS:
        label = next(mood for mood in MOODS if mood == heard.order)
    return Opinion(
        label, speaking.odds(label, best=best, content=f"{labeller.who} {seen.content}"), _rationale(seen)
    )


def _rationale(seen: Impression) -> str:
    shown = f"The picture shows {seen.picture.scene}" if seen.picture else "The picture tells nothing"
    return f"{shown}; the text speaks of {seen.reading.topic}."


def _schema(response_format: object) -> Body | None:
    """The JSON schema asked for; None for plain text."""
    match response_format:
        case None | {"type": "text"}:
            return None
        case {"type": "json_object"}:
            return {"type": "object", "properties": {"label": {"enum": list(MOODS)}}}
        case {"type": "json_schema", "json_schema": {"name": str(), "schema": dict() as schema}}:
            return schema
    raise RefusalError("Invalid 'response_format'.", param="response_format")


def _alternatives(body: Body) -> int | None:
    """How many alternatives to list at each token; None where no log-probabilities are asked for."""
    top = body.get("top_logprobs")
    if not body.get("logprobs"):
        if top is not None:
            raise RefusalError("'logprobs' must be true if 'top_logprobs' is set.", param="top_logprobs")
        return None
    if top is not None and not (isinstance(top, int) and 0 <= top <= _MOST_ALTERNATIVES):
        raise RefusalError(f"'top_logprobs' must be 0 to {_MOST_ALTERNATIVES}.", param="top_logprobs")
    return top or 0


def _limit(body: Body) -> int:
    """The most tokens the reply may have."""
    limit = body.get("max_completion_tokens", body.get("max_tokens"))
    if limit is None:
        return 16_384
    if not isinstance(limit, int) or limit < 1:
        raise RefusalError("'max_completion_tokens' must be 1 or more.", param="max_completion_tokens")
    return limit


def _choice(speech: Speech, opinion: Opinion, *, cut: int, top: int | None) -> dict[str, object]:
    """The one choice, cut after `cut` tokens."""
    spoken = speaking.tokens(speech.text)
    content = None if top is None else speaking.logprobs(speech, opinion, top=top)[:cut]
    return {
        "index": 0,
        "message": {
            "role": "assistant",
            "content": "".join(spoken[:cut]),
            "refusal": None,
            "annotations": [],
        },
        "logprobs": None if content is None else {"content": content, "refusal": None},
        "finish_reason": "stop" if cut == len(spoken) else "length",
    }


def _usage(prompt_tokens: int, completion_tokens: int) -> dict[str, object]:
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }
