"""Pictures of scores, as PNG: bytes depend on the figures alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bizmeme.core.metrics import Scores

_METADATA = {"Software": None}  # matplotlib would write its version


def confusion_plot(scores: Scores, labels: Sequence[str], path: Path) -> None:
    """Rows are people's labels, columns the student's; each cell its count."""
    figure, axes = canvas(4.2, 3.8)
    counts(axes, scores.confusion, rows=labels, columns=labels)
    axes.set_xlabel("student")
    axes.set_ylabel("people")
    saved(figure, path)


def scores_plot(scores: Mapping[str, Scores], path: Path) -> None:
    """Accuracy and macro-F1 of the student beside its baselines, as bars."""
    figure, axes = canvas(6.4, 3.6)
    names = [name.replace("_", " ") for name in scores]
    for offset, measure, colour in ((-0.2, "accuracy", "#2c6e49"), (0.2, "macro_f1", "#9bc1a8")):
        heights = [getattr(one, measure) for one in scores.values()]
        at = [index + offset for index in range(len(names))]
        bars = axes.bar(at, heights, 0.4, label=measure.replace("_", "-"), color=colour)
        axes.bar_label(bars, fmt="%.2f", fontsize=7)
    axes.set_xticks(range(len(names)), names)
    axes.set_ylim(0, 1)
    axes.legend(loc="upper right", frameon=False, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    saved(figure, path)


def counts(axes: Any, table: Sequence[Sequence[int]], *, rows: Sequence[str], columns: Sequence[str]) -> None:
    """A table of counts, the darker the more."""
    axes.imshow(table, cmap="Blues")
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    top = max(map(max, table)) or 1
    for i, row in enumerate(table):
        for j, count in enumerate(row):
            colour = "white" if count > top / 2 else "black"
            axes.text(j, i, str(count), ha="center", va="center", color=colour)


def saved(figure: Any, path: Path) -> None:
    """Write it, without the library's version in it."""
    figure.savefig(path, dpi=120, metadata=_METADATA)


def canvas(width_in: float, height_in: float) -> tuple[Any, Any]:
    """An empty figure with one pair of axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots()
