"""What a vision API's answer says: a label with its probability, or a reason why there is none.

    content   '{"label": "bearish", "rationale": "The chart falls."}'
    tokens    `{"` `label` `":"` `bear` `ish` …, each with its log-probability and its likeliest alternatives

Without alternatives the confidence is the probability of exactly the tokens that overlap the label's
characters. With them it is the label's share of what all labels together have: alternatives that spell the
same label are added up, and what spells none is left out. Nothing unreadable becomes "neutral": it stays
without a label, with its reason.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from bizmeme.core.values import parsed
from bizmeme.core.vocabulary import Labels


@dataclass(frozen=True, slots=True)
class Token:
    """One token of an answer."""

    text: str
    logprob: float  # natural
    alternatives: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """Log-probabilities of what might have stood in its place, by text; it may stand among them itself."""


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer's content, read; `label` is None exactly where `reason` says why."""

    label: str | None = None
    confidence: float | None = None
    probabilities: Mapping[str, float] | None = None
    rationale: str | None = None
    reason: str | None = None


def printable(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON may hold and no table takes."""
    return text.encode("utf-8", "replace").decode()


def read_answer(content: str | None, *, labels: Labels, tokens: Sequence[Token] = ()) -> Reading:
    """Read the JSON answer; `tokens` are its tokens, in order, where the API gives them."""
    if not content:
        return Reading(reason="the answer is empty")
    answer = parsed(printable(content).encode())
    if answer is None:
        return Reading(reason="the answer is not JSON")
    label = answer.get("label") if isinstance(answer, dict) else None
    if not isinstance(label, str):
        return Reading(reason="the answer has no label")
    if label not in labels.names:
        return Reading(reason=f"'{label[:40]}' is not a label")
    rationale = answer.get("rationale")
    spelt = _spelling(content, label, tokens)
    probabilities = _probabilities(spelt, label, labels.names)
    return Reading(
        label=label,
        confidence=probabilities[label] if probabilities else _probability(spelt),
        probabilities=probabilities,
        rationale=rationale if isinstance(rationale, str) else None,
    )


def _spelling(content: str, label: str, tokens: Sequence[Token]) -> list[tuple[int, Token]]:
    """The tokens that spell the label, each with the place in the label where it begins; below 0: before."""
    start = content.find(f'"{label}"', content.find('"label"') + len('"label"')) + 1
    if not start or "".join(token.text for token in tokens) != content:
        return []
    spelt, at = [], -start
    for token in tokens:
        if at < len(label) and at + len(token.text) > 0:
            spelt.append((at, token))
        at += len(token.text)
    return spelt


def _probability(spelt: Sequence[tuple[int, Token]]) -> float | None:
    """Of exactly these tokens, 0..1."""
    return min(1.0, math.exp(sum(token.logprob for _, token in spelt))) if spelt else None


def _probabilities(
    spelt: Sequence[tuple[int, Token]], label: str, names: Sequence[str]
) -> dict[str, float] | None:
    """Each label's share, from the alternatives of the tokens on the way to `label`; None without any.

    A token that begins several labels is followed where it was chosen, and else counts for none of them.
    """
    if not any(token.alternatives for _, token in spelt):
        return None
    masses, way = dict.fromkeys(names, 0.0), 1.0
    for at, token in spelt:
        before = token.text[: max(0, -at)]  # what the token holds of the text before the label
        for text, logprob in {token.text: token.logprob, **token.alternatives}.items():
            fitting = _begun(label[: max(0, at)] + text.removeprefix(before), names)
            if text.startswith(before) and len(fitting) == 1:
                masses[fitting[0]] += way * math.exp(logprob)
        way *= math.exp(token.logprob)
        if len(_begun(label[: max(0, at)] + token.text.removeprefix(before), names)) == 1:
            break
    whole = sum(masses.values())
    return {name: mass / whole for name, mass in masses.items()} if whole else None


def _begun(text: str, names: Sequence[str]) -> list[str]:
    """The labels that a text begins, or is and goes on after."""
    return [name for name in names if text and (name.startswith(text) or text.startswith(f'{name}"'))]
