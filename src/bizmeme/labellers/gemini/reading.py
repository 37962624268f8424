"""What a reply of Gemini says; a broken one is a reason.

{"candidates": [{"content": {"parts": [{"text": "{\\"label\\":\\"bullish\\",…}"}]}, "finishReason": "STOP"}],
 "usageMetadata": {"promptTokenCount": 641, "candidatesTokenCount": 24}}
{"answers": {"label": {"type": "choice", "choice": "bullish", "probabilities": {"bullish": 0.9, …}}},
 "usage": {"total_input_tokens": 641}}
"""

from collections.abc import Callable, Mapping
from typing import Any

from bizmeme.core.prices import Usage
from bizmeme.core.replies import printable, read_answer
from bizmeme.core.values import parsed
from bizmeme.core.vocabulary import Labels
from bizmeme.labellers.gemini.wire import QUESTION
from bizmeme.ports.labellers import Answer

_BROKEN = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
_WHY: Mapping[str, str] = {
    "MAX_TOKENS": "the answer was cut off",
    "RECITATION": "the answer would have recited a source",
}


def read(reply: str, reader: Callable[[Any, Labels], Answer], *, labels: Labels) -> Answer:
    """What a reply says, by the reader of its endpoint; never raises."""
    try:
        body = parsed(reply.encode())
        usage = _usage(body)
    except _BROKEN:
        return _none("the reply is not JSON of Gemini", None)
    try:
        return reader(body, labels)
    except _BROKEN:
        return _none("the reply is not as Gemini writes it", usage)


def chat(body: Any, labels: Labels) -> Answer:
    """The reply of generateContent."""
    usage = _usage(body)
    blocked = (body.get("promptFeedback") or {}).get("blockReason")
    if blocked:
        return _none(f"the prompt was blocked: {_word(blocked)}", usage)
    candidates = body.get("candidates")
    if not candidates:
        return _none("the reply has no candidates", usage)
    finish = _word(candidates[0].get("finishReason", "STOP"))
    if finish != "STOP":
        return _none(f"{_WHY.get(finish, 'the model refused')}: {finish}", usage)
    parts = (candidates[0].get("content") or {}).get("parts") or []
    spoken = "".join(part.get("text", "") for part in parts if not part.get("thought"))
    reading = read_answer(spoken, labels=labels)
    if reading.label is None:
        return _none(str(reading.reason), usage)
    rationale = None if reading.rationale is None else printable(reading.rationale)
    return Answer(reading.label, None, None, rationale, None, usage)


def decision(body: Any, labels: Labels) -> Answer:
    """The reply of a decision."""
    usage = _usage(body)
    blocked = (body.get("prompt_feedback") or {}).get("block_reason")
    if blocked:
        return _none(f"the prompt was blocked: {_word(blocked)}", usage)
    answer = body["answers"][QUESTION]
    choice = answer["choice"]
    if not isinstance(choice, str):
        return _none("the answer has no label", usage)
    if choice not in labels.names:
        return _none(f"'{choice[:40]}' is not a label", usage)
    probabilities = _probabilities(answer.get("probabilities"), labels)
    sure = _share(answer.get("confidence")) if probabilities is None else probabilities[choice]
    return Answer(choice, sure, probabilities, None, None, usage)


def _none(reason: str, usage: Usage | None) -> Answer:
    return Answer(None, None, None, None, printable(reason)[:200], usage)


def _word(value: Any) -> str:
    """A word of the vendor's; what is none is not written out: it may be nested too deep for that."""
    return value if isinstance(value, str) else "no reason given"


def _probabilities(values: Any, labels: Labels) -> dict[str, float] | None:
    """Of every label; None where one is missing or is no probability."""
    if not isinstance(values, dict):
        return None
    shares = {name: _share(values.get(name)) for name in labels.names}
    known = {name: share for name, share in shares.items() if share is not None}
    return known if len(known) == len(shares) else None


def _share(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 1 else None


def _usage(body: Any) -> Usage | None:
    """The usage block of either endpoint; thoughts are output, and billed as such."""
    block = body.get("usageMetadata", body.get("usage"))
    if not isinstance(block, dict):
        return None
    prompt = _count(block, "promptTokenCount", "total_input_tokens", missing=None)
    tools = _count(block, "toolUsePromptTokenCount", "total_tool_use_tokens")
    answer = _count(block, "candidatesTokenCount", "total_output_tokens")
    thoughts = _count(block, "thoughtsTokenCount", "total_thought_tokens")
    cached = _count(block, "cachedContentTokenCount", "total_cached_tokens")
    if prompt is None or tools is None or answer is None or thoughts is None or cached is None:
        return None
    usage = Usage(prompt + tools, answer + thoughts, cached_tokens=min(cached, prompt))
    return usage if usage.sound else None


def _count(block: Mapping[str, Any], *names: str, missing: int | None = 0) -> int | None:
    """A count of tokens under one of its names; where it is left out, `missing`; where it is none, None."""
    value = next((block[name] for name in names if block.get(name) is not None), missing)
    return value if type(value) is int and value >= 0 else None
