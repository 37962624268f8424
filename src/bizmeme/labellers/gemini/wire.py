"""What is sent to Gemini: a question as the body of generateContent, or of a decision.

The stable instruction comes first, so that the vendor's prompt cache applies, then the fenced post, then the
picture.
"""

import base64
from collections.abc import Mapping

from bizmeme.core.prices import ModelPrices
from bizmeme.core.prompts import answer_schema
from bizmeme.core.vocabulary import Labels
from bizmeme.labellers.gemini.config import Config
from bizmeme.ports.labellers import Question

QUESTION = "label"  # what a decision's one question is called


def generation(config: Config, labels: Labels, prices: ModelPrices) -> Mapping[str, object]:
    """How generateContent is to answer.

    No model of the price table thinks unless it is told to, and thoughts count against the output's bound.
    """
    asked: dict[str, object] = {
        "responseMimeType": "application/json",
        "responseJsonSchema": answer_schema(labels),
        "maxOutputTokens": config.max_output_tokens,
    }
    # Gemini 2.5 would see a picture in 64 tokens at low; its price by crops is that of no resolution at all.
    if prices.picture.rule == "fixed" and config.image_detail != "auto":
        asked["mediaResolution"] = f"MEDIA_RESOLUTION_{config.image_detail.upper()}"
    return asked


def chat_body(
    question: Question, image: bytes | None, *, generation: Mapping[str, object]
) -> Mapping[str, object]:
    """The body of :generateContent."""
    parts: list[dict[str, object]] = [{"text": question.post}]
    if image is not None:
        parts.append({"inlineData": {"mimeType": "image/jpeg", "data": base64.b64encode(image).decode()}})
    return {
        "systemInstruction": {"parts": [{"text": question.instruction}]},
        "contents": [{"role": "user", "parts": parts}],
        "generationConfig": generation,
    }


def decision_body(
    question: Question, image: bytes | None, *, model: str, labels: Labels
) -> Mapping[str, object]:
    """The body of a decision; what the labels mean stands in the instruction."""
    shared: list[dict[str, str]] = [{"type": "text", "text": question.post}]
    if image is not None:
        data = base64.b64encode(image).decode()
        shared.append({"type": "image", "data": data, "mime_type": "image/jpeg"})
    choice = {
        "type": "choice",
        "instructions": question.instruction,
        "criteria": {name: name for name in labels.names},
    }
    return {"model": model, "input": shared, "questions": {QUESTION: choice}}
