"""Gemini's decisions: one shared input, several questions, a probability of every choice; choices only.

{"model": "gemini-decision-1",
 "input": [{"type": "text", "text": "<post>gm</post>"},
           {"type": "image", "data": "/9j/4AAQ…", "mime_type": "image/jpeg"}],
 "questions": {"label": {"type": "choice", "instructions": "…", "criteria": {"bearish": "", "neutral": ""}}}}
"""

import math
from collections.abc import Mapping, Sequence

from bizmeme.sandbox.servers.common import Backstage
from bizmeme.sandbox.servers.gemini import chat
from bizmeme.sandbox.servers.gemini.errors import Body, GoogleError
from bizmeme.sandbox.servers.gemini.listening import Fields, Part, PictureRule, Prompt, decoded, prompt
from bizmeme.sandbox.strangers.speaking import Opinion

DECISION_MODEL = "gemini-decision-1"
_LEAST_CHOICES, _MOST_CHOICES = 2, 255
_MOST_QUESTIONS = 1_000
_CHARS_A_TOKEN = 4


def reply(backstage: Backstage, body: Fields) -> Body:
    """The reply to a request. Raises GoogleError."""
    if str(body.get("model")).removeprefix("models/") != DECISION_MODEL:
        raise GoogleError(404, f"Model {body.get('model')} is not found, or makes no decisions.")
    questions = body.get("questions")
    if not isinstance(questions, dict) or not 1 <= len(questions) <= _MOST_QUESTIONS:
        raise GoogleError(400, f"questions: expected 1 to {_MOST_QUESTIONS}")
    criteria = {name: _criteria(question, name=name) for name, question in questions.items()}
    asked = _understood(backstage, body.get("input"))
    opinion = chat.opine(backstage, asked)
    answers = {name: _answer(opinion, choices) for name, choices in criteria.items()}
    instructions = sum(math.ceil(len(str(question)) / _CHARS_A_TOKEN) for question in questions.values())
    return {"answers": answers, "usage": _usage(asked, instructions)}


def _criteria(question: object, *, name: str) -> Sequence[str]:
    match question:
        case {"type": "choice", "criteria": dict() as criteria, "instructions": str() | list() | dict()}:
            if _LEAST_CHOICES <= len(criteria) <= _MOST_CHOICES:
                return [str(choice) for choice in criteria]
            raise GoogleError(
                400, f"questions[{name}].criteria: expected {_LEAST_CHOICES} to {_MOST_CHOICES}"
            )
        case {"type": "noul" | "score"}:
            raise GoogleError(400, f"questions[{name}]: the sandbox answers choices only")
    raise GoogleError(400, f"questions[{name}]: expected a choice with criteria and instructions")


def _understood(backstage: Backstage, shared: object) -> Prompt:
    listed = shared if isinstance(shared, list) else [shared]
    rule = PictureRule(fixed=False, resolution="", billed_px=backstage.config.serving.billed_picture_px)
    return prompt([_part(part, number=number) for number, part in enumerate(listed)], [], rule=rule)


def _part(part: object, *, number: int) -> Part:
    match part:
        case str() as text:
            return Part(text, None)
        case {"type": "text", "text": str() as text}:
            return Part(text, None)
        case {"type": "image", "data": str() as data, "mime_type": str()}:
            return Part(None, decoded(data, where=f"input[{number}].data"))
    raise GoogleError(400, f"input[{number}]: expected a text, or an image with data and mime_type")


def _answer(opinion: Opinion, choices: Sequence[str]) -> Body:
    """The odds over the choices offered; alike where none of them is a mood."""
    weights = {choice: opinion.odds.get(choice, 0.0) for choice in choices}
    whole = sum(weights.values())
    odds: Mapping[str, float] = {
        choice: round(weight / whole if whole else 1 / len(choices), 6) for choice, weight in weights.items()
    }
    choice = max(odds, key=lambda each: odds[each])
    return {"type": "choice", "choice": choice, "confidence": odds[choice], "probabilities": dict(odds)}


def _usage(asked: Prompt, instructions: int) -> Body:
    tokens = asked.heard.prompt_tokens + instructions
    split = {"text": asked.text_tokens + instructions, "image": asked.image_tokens}
    return {
        "total_input_tokens": tokens,
        "input_tokens_by_modality": [
            {"modality": kind, "tokens": count} for kind, count in split.items() if count
        ],
        "total_cached_tokens": asked.cached_tokens,
        "total_output_tokens": 0,
        "total_tokens": tokens,
    }
