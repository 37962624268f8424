"""Answers of the vision APIs that are of no use, although they are paid for: each vendor's own shapes.

    OpenAI   chat {"choices": [{"message": {"content": …, "refusal": null}, "finish_reason": "stop"}], …}
             decisions {"answers": [{"type": "choice", "name": "label", "choice": "bullish", …}], …}
    Gemini   chat {"candidates": [{"content": {"parts": [{"text": …}]}, "finishReason": "STOP"}], …}
             decisions {"answers": {"label": {"type": "choice", "choice": "bullish", …}}, …}

Each spoiler gets one such body and changes it in place; whatever else comes by is left alone.
"""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bizmeme.sandbox.config_serving import Trouble
from bizmeme.sandbox.moods import MOODS

_MISSPELT = {"bearish": "bearsih", "neutral": "nuetral", "bullish": "bulish"}
_OTHER_JSON = '{"sentiment":"good","score":7}'
_REFUSED = "I'm sorry, but I can't help with that."

Body = dict[str, Any]
Spoiler = Callable[[Body], None]


def spoilt(raw: bytes, trouble: Trouble) -> bytes:
    """An answer's bytes with that trouble done to every reply they hold: one, or a batch's."""
    try:
        return _dumped(_within(json.loads(raw), trouble))
    except ValueError:  # a batch's lines, or no JSON at all
        return b"".join(_line(line, trouble) for line in raw.splitlines(keepends=True))


def _line(line: bytes, trouble: Trouble) -> bytes:
    try:
        return _dumped(_within(json.loads(line), trouble)) + b"\n"
    except ValueError:
        return line


def _dumped(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _within(value: Any, trouble: Trouble) -> Any:
    """The value, every reply within it spoilt; one of no known shape stays as it is."""
    if isinstance(value, list):
        return [_within(each, trouble) for each in value]
    if not isinstance(value, dict):
        return value
    for (member, kind), spoilers in _SHAPES.items():
        if isinstance(value.get(member), kind) and value[member]:
            spoilers[trouble](value)
            return value
    return {key: _within(each, trouble) for key, each in value.items()}


def _misspelt(text: str) -> str:
    """The first label in the text, misspelt; it may stand in JSON or alone."""
    said = [mood for mood in MOODS if mood in text]
    first = min(said, key=text.index, default="")
    return text.replace(first, _MISSPELT[first], 1) if said else "bulish"


# --- OpenAI's chat ------------------------------------------------------------------------------------


def _say(body: Body, content: str | None, *, refusal: str | None = None, why: str = "stop") -> None:
    """Let the one choice say that; log-probabilities would belie it."""
    choice = body["choices"][0]
    choice["message"] |= {"content": content, "refusal": refusal}
    choice |= {"logprobs": None, "finish_reason": why}


_CHAT: Mapping[Trouble, Spoiler] = {
    "wrong_schema": lambda body: _say(body, _OTHER_JSON),
    "off_vocabulary": lambda body: _say(body, _misspelt(body["choices"][0]["message"]["content"] or "")),
    "refusal": lambda body: _say(body, None, refusal=_REFUSED),
    "filtered": lambda body: _say(body, "", why="content_filter"),
}

# --- OpenAI's decisions -------------------------------------------------------------------------------


def _decline(body: Body) -> None:
    body["answers"] = [{"type": "refusal", "name": each.get("name")} for each in body["answers"]]


def _misspell_answers(body: Body) -> None:
    for each in body["answers"]:
        if each.get("type") == "choice":
            each["choice"] = _MISSPELT.get(each["choice"], "bulish")
            each["probabilities"] = [
                one | {"value": _MISSPELT.get(one["value"], "bulish")} for one in each["probabilities"]
            ]


_DECISIONS: Mapping[Trouble, Spoiler] = {
    "wrong_schema": lambda body: body.update(answers=[{"type": "score", "name": "other", "score": 7}]),
    "off_vocabulary": _misspell_answers,
    "refusal": _decline,
    "filtered": _decline,  # that endpoint has one word for both
}

# --- Gemini's chat ------------------------------------------------------------------------------------


def _utter(body: Body, text: str) -> None:
    body["candidates"][0]["content"] = {"parts": [{"text": text}], "role": "model"}


def _uttered(body: Body) -> str:
    parts = body["candidates"][0].get("content", {}).get("parts", [])
    return "".join(part.get("text", "") for part in parts)


def _stop_for_safety(body: Body) -> None:
    body["candidates"][0].pop("content", None)
    body["candidates"][0]["finishReason"] = "SAFETY"


def _block_prompt(body: Body) -> None:
    """Gemini's own refusal: no candidate at all."""
    del body["candidates"]
    body["promptFeedback"] = {"blockReason": "PROHIBITED_CONTENT"}


_GENERATE: Mapping[Trouble, Spoiler] = {
    "wrong_schema": lambda body: _utter(body, _OTHER_JSON),
    "off_vocabulary": lambda body: _utter(body, _misspelt(_uttered(body))),
    "refusal": _block_prompt,
    "filtered": _stop_for_safety,
}

# --- Gemini's decisions -------------------------------------------------------------------------------


def _block_question(body: Body) -> None:
    body["answers"] = {}
    body["prompt_feedback"] = {"block_reason": "prohibited_content"}


def _misspell_choices(body: Body) -> None:
    for each in body["answers"].values():
        if each.get("type") == "choice":
            each["choice"] = _MISSPELT.get(each["choice"], "bulish")
            each["probabilities"] = {
                _MISSPELT.get(word, word): odds for word, odds in each["probabilities"].items()
            }


_CHOOSE: Mapping[Trouble, Spoiler] = {
    "wrong_schema": lambda body: body.update(answers={"other": {"type": "score", "score": 7}}),
    "off_vocabulary": _misspell_choices,
    "refusal": _block_question,
    "filtered": _block_question,
}

_SHAPES: Mapping[tuple[str, type], Mapping[Trouble, Spoiler]] = MappingProxyType(
    {
        ("choices", list): _CHAT,
        ("answers", list): _DECISIONS,
        ("candidates", list): _GENERATE,
        ("answers", dict): _CHOOSE,
    }
)
SPOILERS = frozenset(_CHAT)
