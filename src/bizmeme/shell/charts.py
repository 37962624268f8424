"""What the large pictures of `bizmeme coverage` and `bizmeme stats` share: 1600 px wide, the same colours."""

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

# Okabe and Ito's palette, which the colour-blind can tell apart; each with a lighter shade.
COLOURS = MappingProxyType(
    {"board": ("#0072B2", "#9CCBE8"), "warosu": ("#E69F00", "#F7DCA0"), "imported": ("#009E73", "#99D8C7")}
)
OTHER = "#BFBFBF"
ALARM = "#D55E00"
INK, FAINT = "#333333", "#777777"
_WIDTH_IN, _DPI = 16.0, 100
_TOLD_PX = 52  # of that sentence, from the top
_METADATA = {"Software": None}  # matplotlib would write its version


def figure(height_in: float) -> Any:
    """An empty figure, 1600 px wide."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    made = Figure(figsize=(_WIDTH_IN, height_in), layout="constrained", facecolor="white")
    FigureCanvasAgg(made)
    return made


def headed(made: Any, title: str, told: str, *, rows: int = 0) -> None:
    """A title and a sentence below it, at the left, with room for so many rows of a legend below these."""
    made.suptitle(title + "\n" * (1 + rows), x=0.01, ha="left", fontsize=17, color=INK, fontweight="bold")
    height_px = made.get_figheight() * _DPI
    made.text(0.011, 1 - _TOLD_PX / height_px, told, ha="left", va="center", fontsize=11.5, color=FAINT)


def plain(axes: Any, *, name: str) -> None:
    """Few lines: no frame at the top and right, figures with thousands."""
    from matplotlib.ticker import StrMethodFormatter

    axes.set_ylabel(name, color=INK, fontsize=11)
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.tick_params(colors=INK, labelsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#BBBBBB")


def patch(colour: str, **how: Any) -> Any:
    """A field of a legend."""
    from matplotlib.patches import Patch

    return Patch(facecolor=colour, **how)


def legend(axes: Any, fields: Sequence[tuple[Any, str]]) -> None:
    """All fields in one row above the axes, at the right; a tuple of patches is one field, side by side."""
    from matplotlib.legend_handler import HandlerTuple

    handles, names = [field for field, _ in fields], [name for _, name in fields]
    where = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0.2, "handlelength": 2.4}
    halves = {tuple: HandlerTuple(ndivide=None, pad=0)}
    axes.legend(
        handles, names, ncols=len(names), frameon=False, fontsize=10.5, handler_map=halves, **where
    ).set_in_layout(False)


def write(made: Any, path: Path) -> None:
    """The same figures give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made.savefig(path, dpi=_DPI, metadata=_METADATA)
