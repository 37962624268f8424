"""Gemini's generateContent and countTokens: a request's body to a reply's.

{"systemInstruction": {"parts": [{"text": "…"}]},
 "contents": [{"role": "user", "parts": [{"text": "<post>gm</post>"}]}],
 "generationConfig": {"responseMimeType": "application/json", "responseJsonSchema": {…}}}
"""

from collections.abc import Mapping
from types import MappingProxyType

from bizmeme.sandbox.moods import MOODS
from bizmeme.sandbox.servers import opinions
from bizmeme.sandbox.servers.common import Backstage
from bizmeme.sandbox.servers.gemini import errors
from bizmeme.sandbox.servers.gemini.errors import Body, GoogleError
from bizmeme.sandbox.servers.gemini.listening import Fields, Part, PictureRule, Prompt, field, parts, prompt
from bizmeme.sandbox.strangers import speaking
from bizmeme.sandbox.strangers.speaking import Opinion

CHAT_MODELS: Mapping[str, bool] = MappingProxyType(  # whether a picture costs the same at any size
    {"gemini-2.5-flash-lite": False, "gemini-3.1-flash-lite": True}
)
_MOST_TOKENS = 65_536
_ANY: Fields = {"type": "object", "properties": {"label": {"enum": list(MOODS)}}}


def reply(backstage: Backstage, model: str, body: Fields, *, name: str) -> Body:
    """The reply to a request; `name` identifies the request and becomes its id. Raises GoogleError."""
    config = _generation(body)
    _check(config, model)
    asked = understood(backstage, model, body)
    opinion = opine(backstage, asked)
    spoken = speaking.tokens(_speech(opinion, config))
    cut = min(_limit(config), len(spoken))
    candidate = {
        "content": {"parts": [{"text": "".join(spoken[:cut])}], "role": "model"},
        "finishReason": "STOP" if cut == len(spoken) else "MAX_TOKENS",
        "index": 0,
    }
    usage = _usage(asked, cut)
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": model, "responseId": name[:22]}


def counted(backstage: Backstage, model: str, body: Fields) -> Body:
    """The reply of countTokens. Raises GoogleError."""
    inner = field(body, "generateContentRequest")
    asked = understood(backstage, model, inner if isinstance(inner, dict) else body)
    return {"totalTokens": asked.heard.prompt_tokens, "promptTokensDetails": _split(asked)}


def understood(backstage: Backstage, model: str, body: Fields) -> Prompt:
    """What a request says. Raises GoogleError."""
    contents, system = body.get("contents"), field(body, "systemInstruction")
    if not isinstance(contents, list) or not contents:
        raise GoogleError(400, "* GenerateContentRequest.contents: contents is not specified")
    turns = [parts(content, where=f"contents[{number}]") for number, content in enumerate(contents)]
    if field(contents[-1], "role") not in (None, "user"):
        raise GoogleError(400, "Please ensure that the last turn is the user's.")
    others: list[Part] = [part for turn in turns[:-1] for part in turn]
    if system is not None:
        others += parts(system, where="system_instruction")
    resolution = str(field(_generation(body), "mediaResolution") or "").removeprefix("MEDIA_RESOLUTION_")
    billed_px = backstage.config.serving.billed_picture_px
    rule = PictureRule(fixed=CHAT_MODELS[model], resolution=resolution, billed_px=billed_px)
    return prompt(turns[-1], others, rule=rule)


def opine(backstage: Backstage, asked: Prompt) -> Opinion:
    """What Gemini thinks of it. Raises GoogleError where the picture is none."""
    try:
        return opinions.form(backstage, "gemini", asked.heard)
    except OSError as error:
        raise errors.unreadable() from error


def _generation(body: Fields) -> Fields:
    config = field(body, "generationConfig")
    return config if isinstance(config, dict) else {}


def _check(config: Fields, model: str) -> None:
    if field(config, "responseLogprobs") or config.get("logprobs") is not None:
        raise GoogleError(400, f"Logprobs is not enabled for models/{model}")
    if field(config, "candidateCount") not in (None, 1):
        raise GoogleError(400, "Multiple candidates is not enabled for this model")


def _limit(config: Fields) -> int:
    """The most tokens the reply may have."""
    limit = field(config, "maxOutputTokens")
    if limit is None:
        return _MOST_TOKENS
    if not isinstance(limit, int) or not 1 <= limit <= _MOST_TOKENS:
        raise GoogleError(400, "* GenerateContentRequest.generation_config.max_output_tokens: out of range")
    return limit


def _speech(opinion: Opinion, config: Fields) -> str:
    """The answer in the asked form: text, JSON that fits a schema of either kind, or one word of an enum."""
    kind = field(config, "responseMimeType") or "text/plain"
    schema = field(config, "responseJsonSchema") or _lower(field(config, "responseSchema"))
    if kind not in ("text/plain", "application/json", "text/x.enum"):
        raise GoogleError(400, f"* GenerateContentRequest.generation_config.response_mime_type: {kind}")
    if schema is not None and not isinstance(schema, dict):
        raise GoogleError(400, "Invalid value at 'generation_config.response_schema'")
    if kind == "text/plain":
        if schema is not None:
            raise GoogleError(400, "A response schema needs the mime type application/json or text/x.enum.")
        return opinion.label
    text = speaking.speak(opinion, schema or _ANY).text
    return text.strip('"') if kind == "text/x.enum" else text


def _lower(schema: object) -> object:
    """A schema in OpenAPI's manner as JSON schema: its types are written in capitals."""
    if isinstance(schema, list):
        return [_lower(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: value.lower() if name == "type" and isinstance(value, str) else _lower(value)
        for name, value in schema.items()
    }


def _usage(asked: Prompt, output_tokens: int) -> Body:
    prompt_tokens = asked.heard.prompt_tokens
    return {
        "promptTokenCount": prompt_tokens,
        "cachedContentTokenCount": asked.cached_tokens,
        "candidatesTokenCount": output_tokens,
        "totalTokenCount": prompt_tokens + output_tokens,
        "promptTokensDetails": _split(asked),
        "candidatesTokensDetails": [_details("TEXT", output_tokens)],
    }


def _split(asked: Prompt) -> list[Body]:
    counts = {"TEXT": asked.text_tokens, "IMAGE": asked.image_tokens}
    return [_details(kind, count) for kind, count in counts.items() if count]


def _details(modality: str, count: int) -> Body:
    return {"modality": modality, "tokenCount": count}
