"""Is a labeller good enough to be paid for the rest? By what it said of pilot posts that people labelled.

    openai passed the gate: macro-F1 0.768 (0.702 to 0.826) on 175 pilot posts, 0.84 of what people reach.

Two things are held: the lower end of macro-F1's 95 % interval, so that luck does not pass, and macro-F1's
share of the human ceiling (core/ceiling.py), since nobody agrees with people more than they do with each
other. A post without an answer counts as wrong. Whoever overrides the gate gives a reason, which stands
beside the figures. How often labellers of known quality pass is measured in bench/gates.py.
"""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from bizmeme.core.coefficients import accuracy, macro_f1
from bizmeme.core.estimates import Estimate, with_interval
from bizmeme.core.intervals import Floats, resampled
from bizmeme.core.settings import PositiveInt, Section, Share


class GateConfig(Section):
    """What a pilot has to show before the rest is paid for."""

    min_posts: PositiveInt
    """Pilot posts with a human label and an answer: fewer say too little."""

    min_macro_f1: Share
    """Below this at the lower end of its 95 % interval over threads, nothing more is asked."""

    min_share_of_ceiling: Share
    """Nor below this share of what people reach against each other; not held while that is unknown."""

    override: Annotated[str, Field(min_length=10)] | None
    """Why a failed gate is passed all the same, in words; null: it is not. It stands in the metrics."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A pilot post: what people say, what the labeller says, and the thread it is from."""

    gold: str
    said: str | None
    thread: Hashable
    reason: str | None = None  # why it said nothing


@dataclass(frozen=True, slots=True)
class Gate:
    """A decision with every figure it was taken by."""

    n: int
    unlabelled: int
    accuracy: Estimate
    macro_f1: Estimate
    ceiling: float | None  # people's macro-F1; None where no post has two labels
    share_of_ceiling: float | None
    failures: tuple[str, ...]  # in words; none: it passed
    override: str | None  # the reason, where a failure was overridden

    @property
    def passed(self) -> bool:
        """By its figures, whatever was overridden."""
        return not self.failures

    @property
    def is_open(self) -> bool:
        """Whether the rest may be asked."""
        return self.passed or self.override is not None

    def message(self, labeller: str) -> str:
        """What happened, and what to do where it failed."""
        scored = with_interval(self.macro_f1.figures())
        share = "" if self.share_of_ceiling is None else f", {self.share_of_ceiling:.2f} of what people reach"
        figures = f"macro-F1 {scored} on {self.n} pilot posts{share}"
        if self.passed:
            return f"{labeller} passed the gate: {figures}."
        failed = f"{labeller} failed the gate: {figures}. {' '.join(self.failures)}"
        if self.override is not None:
            return f"{failed} Overridden: {self.override}"
        return (
            f"{failed} Nothing more was asked. Choose another model or prompt (conf/labeller, conf/labels), "
            "or say in auto_label.gate.override why it may pass."
        )

    def figures(self) -> dict[str, Any]:
        """As metric files hold it."""
        return {
            "n": self.n,
            "unlabelled": self.unlabelled,
            "accuracy": self.accuracy.figures(),
            "macro_f1": self.macro_f1.figures(),
            "ceiling_macro_f1": self.ceiling,
            "share_of_ceiling": self.share_of_ceiling,
            "passed": self.passed,
            "failures": list(self.failures),
            "override": self.override,
        }


def decide(
    pairs: Sequence[Pair], config: GateConfig, *, labels: Sequence[str], ceiling: float | None, seed: int
) -> Gate:
    """Measure a pilot and hold it against the gate; `ceiling` is people's macro-F1 where it is known."""
    tables: Floats = np.zeros((len(pairs), len(labels), len(labels) + 1))
    for place, pair in enumerate(pairs):
        column = len(labels) if pair.said is None else labels.index(pair.said)
        tables[place, labels.index(pair.gold), column] = 1
    sums = resampled(tables, [pair.thread for pair in pairs], seed=seed)
    scored = sums.estimate(macro_f1)
    share = round(scored.value / ceiling, 9) if scored.value is not None and ceiling else None
    failures = tuple(_failures(pairs, config, scored, share))
    return Gate(
        n=len(pairs),
        unlabelled=sum(pair.said is None for pair in pairs),
        accuracy=sums.estimate(accuracy),
        macro_f1=scored,
        ceiling=ceiling,
        share_of_ceiling=share,
        failures=failures,
        override=config.override if failures else None,
    )


def _failures(
    pairs: Sequence[Pair], config: GateConfig, scored: Estimate, share: float | None
) -> Iterator[str]:
    if len(pairs) < config.min_posts:
        yield (
            f"{len(pairs)} pilot posts have a human label; auto_label.gate.min_posts is {config.min_posts}: "
            "label more posts (`make refresh-labels`), or lower it."
        )
    if scored.low is None or scored.low < config.min_macro_f1:
        yield (
            f"The lower end of its macro-F1 is {_said(scored.low)}, auto_label.gate.min_macro_f1 is "
            f"{config.min_macro_f1}{_unlabelled(pairs)}."
        )
    if share is not None and share < config.min_share_of_ceiling:
        yield (
            f"It reaches {share:.2f} of people's macro-F1, auto_label.gate.min_share_of_ceiling is "
            f"{config.min_share_of_ceiling}."
        )


def _said(figure: float | None) -> str:
    return "unknown" if figure is None else f"{figure:.3f}"


def _unlabelled(pairs: Sequence[Pair]) -> str:
    """How many posts got no label, and the commonest reason; nothing where all did."""
    reasons = Counter(pair.reason or "no reason given" for pair in pairs if pair.said is None)
    if not reasons:
        return ""
    ((commonest, _),) = reasons.most_common(1)
    return f" ({reasons.total()} posts got no label, mostly: {commonest})"
