"""Pictures of how good automatic labels are, as PNG: bytes depend on the figures alone."""

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bizmeme.core.estimates import Estimate
from bizmeme.core.intervals import share
from bizmeme.core.metrics import Scores
from bizmeme.core.reliability import Bin, Calibrated, Honesty
from bizmeme.shell.plots import canvas, counts, saved

_BEFORE, _AFTER, _EVEN = "#c1666b", "#2c6e49", "#888888"
_LINE_CHARS = 60  # of a title


def reliability_plot(found: Calibrated, path: Path, *, labeller: str) -> None:
    """Share right against confidence, bin by bin, before and after calibration.

    A point's number counts its posts, its line is the 95 % interval of so many.
    """
    figure, axes = canvas(5.2, 5.2)
    axes.plot([0, 1], [0, 1], color=_EVEN, linewidth=1, linestyle="--", label="honest")
    shown = [("before", found.before, _BEFORE), ("after", found.after, _AFTER)]
    for when, honesty, colour in shown:
        if honesty is not None:
            _points(axes, honesty, colour, when)
    if found.before is None:
        axes.text(0.5, 0.6, "it tells no confidence", ha="center", va="center", color=_EVEN)
    axes.set_title(_title(found, labeller), fontsize=9)
    axes.set_xlabel("confidence")
    axes.set_ylabel("share that people agree with")
    low = _lowest([one for _, honesty, _ in shown if honesty is not None for one in honesty.bins])
    axes.set_xlim(low, 1.02)
    axes.set_ylim(low, 1.02)
    axes.set_aspect("equal")
    axes.legend(loc="lower right", frameon=False, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    saved(figure, path)


def _points(axes: Any, honesty: Honesty, colour: str, when: str) -> None:
    x, y = [one.confidence for one in honesty.bins], [one.right for one in honesty.bins]
    limits = [_limits(one) for one in honesty.bins]
    axes.vlines(x, [low for low, _ in limits], [high for _, high in limits], color=colour, alpha=0.3)
    told = f"{when}: ECE {honesty.ece:.3f}, honest ones show {honesty.floor:.3f}"
    axes.scatter(x, y, s=110, color=colour, label=told, edgecolors="white", linewidths=0.6, zorder=2)
    for one in honesty.bins:
        axes.annotate(
            str(one.n), (one.confidence, one.right), ha="center", va="center", fontsize=5.5, color="white"
        )


def _limits(one: Bin) -> tuple[float, float]:
    held = share(round(one.right * one.n), one.n)
    return held.low or 0.0, held.high or 0.0


def _lowest(bins: Sequence[Bin]) -> float:
    """A tenth below all points."""
    least = min((min(one.confidence, _limits(one)[0]) for one in bins), default=0.0)
    return math.floor(least * 10) / 10


def _title(found: Calibrated, labeller: str) -> str:
    told = f"{found.before.n} pilot posts" if found.before else "a pilot without confidences"
    problem = found.calibration.problem
    how = f"not calibrated: {problem}" if problem else f"calibrated by {found.calibration.method}"
    return "\n".join([f"{labeller}, {told}", textwrap.fill(how, _LINE_CHARS)])


def labeller_confusion_plot(
    scores: Scores, labels: Sequence[str], path: Path, *, labeller: str, ceiling: Estimate | None
) -> None:
    """Rows are people's labels, columns the labeller's, a last one for none; above it how far people agree.

    `ceiling` is a person's accuracy against the others.
    """
    table = [list(row) for row in scores.confusion]
    missed = [scores.per_class[label].support - sum(row) for label, row in zip(labels, table, strict=True)]
    if any(missed):
        table = [[*row, none] for row, none in zip(table, missed, strict=True)]
    figure, axes = canvas(5.0, 4.4)
    counts(axes, table, rows=labels, columns=[*labels, "no label"][: len(table[0])])
    right = f"{labeller} right in {scores.accuracy:.3f} of {scores.n} pilot posts"
    if any(missed) and scores.accuracy_of_answered is not None:
        right += f",\nin {scores.accuracy_of_answered:.3f} of the {scores.answered} that it labelled"
    axes.set_title(f"{right}\n{_people(ceiling)}", fontsize=9)
    axes.set_xlabel(labeller)
    axes.set_ylabel("people")
    saved(figure, path)


def _people(ceiling: Estimate | None) -> str:
    if ceiling is None or ceiling.value is None:
        return "how far people agree is unknown: no post has two labels"
    limits = "" if ceiling.low is None else f" ({ceiling.low:.3f} to {ceiling.high:.3f})"
    return f"a person against the others: {ceiling.value:.3f}{limits}"
