"""What several labellers together say of a post: its label, how sure that is, and why there is none.

    openai bearish .91, gemini bearish .74  →  bearish .98, 2 votes
    openai bearish .91, gemini neutral .74  →  no label: "labellers disagree: openai bearish, gemini neutral"

By the rule `agreement` a post has a label where all who gave one gave the same. Its confidence is what theirs
come to if they err independently: p·q against (1 - p)·(1 - q) / (k - 1) for two, the k - 1 other labels being
equally likely. But they err together on hard posts, so that it is too high, and has to be calibrated in its
turn (core/calibration.py). Where no labeller gives confidences at all, it is the share of those asked that
gave the label; where some do, but none of those that labelled this post, it has none.

By the rule `dawid_skene` every post that anyone labelled has a label (core/dawid_skene.py).

One labeller alone is taken at its word by either rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bizmeme.core.annotations import Key

Rule = Literal["agreement", "dawid_skene"]
Source = Literal["model", "models", "votes", "posterior"]
_EDGE = 1e-9  # of a confidence, so that none decides alone
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Word:
    """One labeller's answer to one post; a label, or the reason why there is none."""

    labeller: str
    label: str | None
    confidence: float | None = None  # calibrated where it can be
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What they say together; a label, or the reason why there is none."""

    label: str | None
    confidence: float | None
    votes: int  # labellers that gave a label, whichever
    reason: str | None


def source(posts: Mapping[Key, Sequence[Word]], *, rule: Rule) -> Source | None:
    """Where confidences of a run come from; None where there are none.

    model: the one labeller's own; models: several together; votes: shares of those asked.
    """
    if rule == "dawid_skene" and _several(posts):
        return "posterior"
    sure = any(word.confidence is not None for words in posts.values() for word in words)
    if _several(posts):
        return "models" if sure else "votes"
    return "model" if sure else None


def agreed(posts: Mapping[Key, Sequence[Word]], *, labels: Sequence[str]) -> dict[Key, Verdict]:
    """The rule `agreement`: every post's verdict, in their order."""
    by_votes = source(posts, rule="agreement") == "votes"
    return {key: _agreed(words, by_votes=by_votes, k=len(labels)) for key, words in posts.items()}


def _agreed(words: Sequence[Word], *, by_votes: bool, k: int) -> Verdict:
    said = [word for word in words if word.label is not None]
    if len({word.label for word in said}) > 1:
        listed = ", ".join(f"{word.labeller} {word.label}" for word in said)
        return Verdict(None, None, len(said), f"labellers disagree: {listed}")
    if not said:
        return unlabelled(words)
    confidences = [word.confidence for word in said if word.confidence is not None]
    confidence = len(said) / len(words) if by_votes else pooled(confidences, k=k)
    return Verdict(said[0].label, confidence, len(said), None)


def unlabelled(words: Sequence[Word]) -> Verdict:
    """Of a post that nobody labelled: one labeller's reason as it stands, several by their names."""
    if len(words) == 1:
        return Verdict(None, None, 0, words[0].reason)
    return Verdict(None, None, 0, "; ".join(f"{word.labeller}: {word.reason}" for word in words))


def pooled(confidences: Sequence[float], *, k: int) -> float | None:
    """How sure labellers are together that gave the same of k labels, if they err independently.

    By Bayes' rule with equally likely labels; a single confidence is left as it is.
    """
    if len(confidences) <= 1:
        return confidences[0] if confidences else None
    p = np.clip(np.array(confidences, np.float64), _EDGE, 1 - _EDGE)
    evidence = np.log(p * (k - 1) / (1 - p)).sum()  # for the label, against each other one
    return round(float(1 / (1 + (k - 1) * np.exp(-evidence))), _DIGITS)


def _several(posts: Mapping[Key, Sequence[Word]]) -> bool:
    return len({word.labeller for words in posts.values() for word in words}) > 1
