"""bizmeme reads board posts, picture and text together, as bearish, neutral or bullish.

Posts are scraped, people label a blind test set, a vision API labels the rest under a dollar cap, the data is
made leak-free, Qwen2.5-VL is fine-tuned with QLoRA, and the adapter is scored against people. Every step is
a DVC stage (stages/), configured by Hydra (conf/), recorded in MLflow. Without key, GPU or network the same
code runs against a simulated board (sandbox/).

    import bizmeme
    bizmeme.load("models/adapter").analyze("meme.jpg", "this is fine")
    # Sentiment(sentiment='bearish', confidence=0.93, explanation=None)
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bizmeme.ports.vlms import Student


def load(folder: str | Path, *, base: str | Path | None = None) -> "Student":
    """Load a trained adapter with its base and processor; raises ModelError where they do not fit.

    `base` replaces the folder that the adapter remembers, where the base has moved.
    """
    from bizmeme.shell import processors

    processors.pin()
    from bizmeme.qwen_vl import student

    return student.load(Path(folder), base=Path(base) if base else None)
