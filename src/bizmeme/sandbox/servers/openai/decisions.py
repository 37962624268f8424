"""Decisions: questions with choices about one input, each answered with the odds of every choice.

    {"model": "gpt-6-luna",
     "input": [{"role": "user", "content": [{"type": "input_text", "text": "gm"}, …]}],
     "questions": [{"type": "choice", "name": "mood", "instructions": "…",
                    "choices": [{"value": "bullish"}, …]}]}
    →
    {"answers": [{"type": "choice", "name": "mood", "choice": "bullish", "confidence": 0.7,
                  "probabilities": [{"value": "bullish", "probability": 0.9}, …]}], …}

The sandbox's model knows of moods alone: a question that offers none it declines, and answers the others.
"""

import math
from collections.abc import Mapping, Sequence

from bizmeme.sandbox.servers.common import Backstage
from bizmeme.sandbox.servers.openai import minds
from bizmeme.sandbox.servers.openai.models import model_named
from bizmeme.sandbox.servers.openai.wire import Body
from bizmeme.sandbox.strangers import listening
from bizmeme.sandbox.strangers.listening import RefusalError
from bizmeme.sandbox.strangers.speaking import Opinion

_MOST_QUESTIONS, _LEAST_CHOICES, _MOST_CHOICES = 400, 2, 255


def decision(backstage: Backstage, body: Body) -> dict[str, object]:
    """The answers to a request. Raises RefusalError."""
    model = model_named(body.get("model"))
    if not model.decides:
        told = f"The model '{model.name}' is not supported with this endpoint. Use 'gpt-6-luna'."
        raise RefusalError(told, code="unsupported_model", param="model")
    questions = _questions(body.get("questions"))
    thought = minds.think(backstage, model, _as_chat(body.get("input")))
    asked_tokens = sum(_question_tokens(question) for question in questions)
    input_tokens = thought.prompt_tokens + asked_tokens
    return {
        "answers": [_answer(question, thought.opinion) for question in questions],
        "model": model.name,
        "usage": _usage(input_tokens, len(questions), cached=minds.cached(asked_tokens)),
    }


def _as_chat(told: object) -> object:
    """The input as chat messages: the parts have other names there."""
    if isinstance(told, str):
        return [{"role": "user", "content": told}]
    if not isinstance(told, list):
        raise RefusalError("Invalid 'input': expected a string or an array.", param="input")
    return [_as_turn(message) for message in told]


def _as_turn(message: object) -> object:
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(content, list):
        return message
    return {"role": message.get("role"), "content": [_as_part(part) for part in content]}


def _as_part(part: object) -> object:
    match part:
        case {"type": "input_text", "text": text}:
            return {"type": "text", "text": text}
        case {"type": "input_image", "image_url": url, **others}:
            return {"type": "image_url", "image_url": {"url": url, "detail": others.get("detail", "auto")}}
    raise RefusalError("Invalid content part: expected 'input_text' or 'input_image'.", param="input")


def _questions(told: object) -> Sequence[Body]:
    if not isinstance(told, list) or not 1 <= len(told) <= _MOST_QUESTIONS:
        raise RefusalError(f"'questions' must be 1 to {_MOST_QUESTIONS}.", param="questions")
    return [_question(question) for question in told]


def _question(question: object) -> Body:
    if not isinstance(question, dict) or question.get("type") != "choice":
        raise RefusalError("The sandbox answers questions of the type 'choice'.", param="questions")
    if not isinstance(question.get("instructions"), str):
        raise RefusalError("Each question needs 'instructions'.", param="questions")
    values = _values(question)
    if not _LEAST_CHOICES <= len(set(values)) == len(values) <= _MOST_CHOICES:
        told = f"'choices' must be {_LEAST_CHOICES} to {_MOST_CHOICES}, each of them once."
        raise RefusalError(told, param="questions")
    return question


def _values(question: Body) -> Sequence[object]:
    choices = question.get("choices")
    if not isinstance(choices, list) or not all(
        isinstance(each, dict) and "value" in each for each in choices
    ):
        raise RefusalError("'choices' must be an array of objects with a 'value'.", param="questions")
    return [each["value"] for each in choices]


def _question_tokens(question: Body) -> int:
    return listening.text_tokens(str(question["instructions"])) + sum(
        listening.text_tokens(str(value)) for value in _values(question)
    )


def _answer(question: Body, opinion: Opinion) -> Mapping[str, object]:
    name, odds = (
        question.get("name"),
        {value: opinion.odds.get(str(value), 0.0) for value in _values(question)},
    )
    whole = sum(odds.values())
    if not whole:
        return {"type": "refusal", "name": name}
    shares = {value: each / whole for value, each in odds.items()}
    return {
        "type": "choice",
        "name": name,
        "choice": max(shares, key=lambda value: shares[value]),
        "confidence": round(_concentration(list(shares.values())), 6),
        "probabilities": [{"value": value, "probability": round(each, 6)} for value, each in shares.items()],
    }


def _concentration(shares: Sequence[float]) -> float:
    """How far from even the odds are, 0 to 1: no probability of being right."""
    return 1 + sum(each * math.log(each) for each in shares if each) / math.log(len(shares))


def _usage(input_tokens: int, output_tokens: int, *, cached: int) -> Mapping[str, object]:
    return {
        "input_tokens": input_tokens,
        "input_tokens_details": {"cache_write_tokens": 0, "cached_tokens": cached},
        "output_tokens": output_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": input_tokens + output_tokens,
    }
