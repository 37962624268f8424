"""Decisions: one question with the labels as choices, and what a reply says.

    {"answers": [{"type": "choice", "name": "label", "choice": "bullish", "confidence": 0.61,
                  "probabilities": [{"value": "bearish", "probability": 0.06}, …]}],
     "usage": {"input_tokens": 590, "input_tokens_details": {"cached_tokens": 0, …}, "output_tokens": 1, …}}

Its `confidence` says how concentrated the probabilities are, not how likely the choice is right: what is
read is the probability of the choice.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bizmeme.core.prices import Usage
from bizmeme.core.replies import Reading
from bizmeme.core.vocabulary import Labels
from bizmeme.labellers.openai.config import Config
from bizmeme.ports.labellers import Question


class Decisions:
    """POST /decisions."""

    path = "/decisions"
    kind = "decision"
    answers: Sequence[str] = ("answers",)
    most_output_tokens = 16  # an upper bound for one choice; it costs nothing

    def __init__(self, config: Config, labels: Labels) -> None:
        self._config = config
        self._labels = labels
        self._choices = [{"value": name} for name in labels.names]

    @property
    def identity(self) -> Mapping[str, object]:
        """The choices."""
        return {"choices": self._choices}

    def body(self, question: Question, *, picture: str | None) -> dict[str, object]:
        """The question, which never changes, then the post, then its picture."""
        said: list[dict[str, object]] = [{"type": "input_text", "text": question.post}]
        if picture is not None:
            said.append({"type": "input_image", "image_url": picture, "detail": self._config.image_detail})
        asked = {
            "type": "choice",
            "name": "label",
            "instructions": question.instruction,
            "choices": self._choices,
        }
        user = {"role": "user", "content": said}
        return {"model": self._config.model, "questions": [asked], "input": [user]}

    def usage(self, reply: Mapping[str, Any]) -> Usage:
        """Of the block `usage`."""
        block = reply["usage"]
        details = block.get("input_tokens_details") or {}
        return Usage(block["input_tokens"], block["output_tokens"], details.get("cached_tokens") or 0)

    def reading(self, reply: Mapping[str, Any]) -> Reading:
        """Label and probabilities, or why there are none."""
        answer = reply["answers"][0]
        if answer["type"] == "refusal":
            return Reading(reason="the model refused")
        label = answer["choice"]
        if not isinstance(label, str):
            raise TypeError("a choice is text")
        if label not in self._labels.names:
            return Reading(reason=f"'{label[:40]}' is not a label")
        odds = _probabilities(answer.get("probabilities") or (), self._labels)
        return Reading(label=label, confidence=odds[label] if odds else None, probabilities=odds)


def _probabilities(told: Sequence[Mapping[str, Any]], labels: Labels) -> dict[str, float] | None:
    """Of every label; None where they are not all there."""
    given = {each["value"]: float(each["probability"]) for each in told}
    if set(given) != set(labels.names) or not all(0 <= each <= 1 for each in given.values()):
        return None
    return {name: given[name] for name in labels.names}
