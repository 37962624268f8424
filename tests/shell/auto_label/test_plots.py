"""Pictures of automatic labels: the same figures give the same bytes, other figures others."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bizmeme.core.estimates import Estimate
from bizmeme.core.metrics import Scores, score
from bizmeme.core.reliability import Calibrated, calibrated
from bizmeme.shell.auto_label.plots import labeller_confusion_plot, reliability_plot
from tests.core.test_calibration import overconfident

LABELS = ("bearish", "neutral", "bullish")


def pilot(n: int = 175, seed: int = 1) -> Calibrated:
    raw, right = overconfident(n, seed=seed)
    return calibrated(raw.tolist(), right.tolist(), threads=range(n), method="temperature")


def scores(seed: int = 1, *, unlabelled: int = 0) -> Scores:
    rng = np.random.default_rng(seed)
    gold = rng.choice(LABELS, 175).tolist()
    said = [label if rng.random() < 0.8 else "neutral" for label in gold]
    return score(gold, [None] * unlabelled + said[unlabelled:], labels=LABELS)


def drawn(path: Path) -> bytes:
    with Image.open(path) as picture:
        picture.load()
        assert picture.format == "PNG"
        assert "Software" not in picture.info
    return path.read_bytes()


def test_a_reliability_diagram_depends_on_its_figures_alone(tmp_path: Path) -> None:
    found = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        reliability_plot(pilot(seed=seed), tmp_path / f"{name}.png", labeller="openai")
        found.append(drawn(tmp_path / f"{name}.png"))
    assert found[0] == found[1] != found[2]


def test_without_a_calibration_the_diagram_says_why(tmp_path: Path) -> None:
    for name, one in (
        ("few", pilot(20)),
        ("none", calibrated([None] * 50, [True] * 50, threads=range(50), method="isotonic")),
    ):
        reliability_plot(one, tmp_path / f"{name}.png", labeller="gemini")
        drawn(tmp_path / f"{name}.png")
    assert drawn(tmp_path / "few.png") != drawn(tmp_path / "none.png")


@pytest.mark.parametrize("unlabelled", [0, 12])
def test_a_confusion_names_the_human_ceiling(tmp_path: Path, unlabelled: int) -> None:
    found = []
    for name, ceiling in (
        ("a", Estimate(0.929, 0.88, 0.969)),
        ("b", Estimate(0.9, 0.88, 0.969)),
        ("c", None),
    ):
        labeller_confusion_plot(
            scores(unlabelled=unlabelled),
            LABELS,
            tmp_path / f"{name}.png",
            labeller="openai",
            ceiling=ceiling,
        )
        found.append(drawn(tmp_path / f"{name}.png"))
    assert len(set(found)) == 3
