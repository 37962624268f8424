"""What a vision API's answer says: a label with its probability, or a reason why there is none.

    content   '{"label": "bearish", "rationale": "The chart falls."}'
    tokens    [('{"', -0.0), ('label', -0.0), ('":"', -0.0), ('bear', -0.2), ('ish', -0.0), …]

The confidence is the probability of exactly the tokens that overlap the label's characters. Nothing
unreadable becomes "neutral": it stays without a label, with its reason.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from bizmeme.core.vocabulary import Labels


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer's content, read; `label` is None exactly where `reason` says why."""

    label: str | None = None
    confidence: float | None = None
    rationale: str | None = None
    reason: str | None = None


def read_answer(content: str | None, *, labels: Labels, tokens: Sequence[tuple[str, float]] = ()) -> Reading:
    """Read the JSON answer; `tokens` are its (text, natural-log probability) pairs, in order."""
    if not content:
        return Reading(reason="the answer is empty")
    try:
        answer = json.loads(content)
    except json.JSONDecodeError:
        return Reading(reason="the answer is not JSON")
    label = answer.get("label") if isinstance(answer, dict) else None
    if not isinstance(label, str):
        return Reading(reason="the answer has no label")
    if label not in labels.names:
        return Reading(reason=f"'{label[:40]}' is not a label")
    rationale = answer.get("rationale")
    return Reading(
        label=label,
        confidence=label_probability(content, label, tokens=tokens),
        rationale=rationale if isinstance(rationale, str) else None,
    )


def label_probability(content: str, label: str, *, tokens: Sequence[tuple[str, float]]) -> float | None:
    """Probability of the tokens that spell `label` in `content`, 0..1; None without matching tokens."""
    start = content.find(f'"{label}"', content.find('"label"')) + 1
    if not start or "".join(text for text, _ in tokens) != content:
        return None
    end, at, log_probability = start + len(label), 0, 0.0
    for text, each in tokens:
        if at < end and at + len(text) > start:
            log_probability += each
        at += len(text)
    return min(1.0, math.exp(log_probability))
