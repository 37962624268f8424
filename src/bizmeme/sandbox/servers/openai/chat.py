"""Chat completions: one whole answer to a chat, in plain words or fitting a JSON schema."""

from collections.abc import Mapping

from bizmeme.sandbox.moods import MOODS
from bizmeme.sandbox.servers.common import Backstage
from bizmeme.sandbox.servers.openai import minds
from bizmeme.sandbox.servers.openai.models import Model, model_named
from bizmeme.sandbox.servers.openai.wire import Body
from bizmeme.sandbox.strangers import listening, speaking
from bizmeme.sandbox.strangers.listening import RefusalError
from bizmeme.sandbox.strangers.speaking import Opinion, Speech

_MOST_ALTERNATIVES = 20


def completion(backstage: Backstage, body: Body, *, name: str) -> dict[str, object]:
    """The reply to a request; `name` identifies the request and becomes its id. Raises RefusalError."""
    model = model_named(body.get("model"))
    if body.get("stream") or body.get("n", 1) != 1:
        raise RefusalError("The sandbox answers once and whole: leave out 'stream' and 'n'.", param="stream")
    schema, top = _schema(body.get("response_format")), _alternatives(body, model)
    thought = minds.think(backstage, model, body.get("messages"))
    speech = speaking.speak(thought.opinion, schema)
    spoken = speaking.tokens(speech.text)
    cut = min(_limit(body), len(spoken))
    return {
        "id": f"chatcmpl-{name[:24]}",
        "object": "chat.completion",
        "created": backstage.world.ends_at,  # not the hour of asking: the same bytes for the same request
        "model": model.name,
        "system_fingerprint": f"fp_{backstage.origin[-10:]}",
        "service_tier": "default",
        "choices": [_choice(speech, thought.opinion, cut=cut, top=top)],
        "usage": _usage(thought.prompt_tokens, cut, cached=minds.cached(_prefix_tokens(body))),
    }


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


def _alternatives(body: Body, model: Model) -> int | None:
    """How many alternatives to list at each token; None where no log-probabilities are asked for."""
    top = body.get("top_logprobs")
    for name in ("logprobs", "top_logprobs"):
        if body.get(name) and not model.logprobs:
            told = f"Unsupported parameter: '{name}' is not supported with this model."
            raise RefusalError(told, code="unsupported_parameter", param=name)
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


def _prefix_tokens(body: Body) -> int:
    """Tokens of the turn that opens every chat of a client alike; 0 where none does."""
    messages = body.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    if not isinstance(first, dict) or first.get("role") not in ("system", "developer"):
        return 0
    content = first.get("content")
    return listening.text_tokens(content) if isinstance(content, str) else 0


def _usage(prompt_tokens: int, completion_tokens: int, *, cached: int) -> Mapping[str, object]:
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
