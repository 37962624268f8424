"""10,000 posts by both vendors in all three modes: forecast, bill, accuracy, and what a second run pays.

    python bench/bill.py                                    # about half an hour of CPU
    python bench/bill.py --threads 120 --limit 1000 --only "openai decisions"

A larger default world is scraped and labelled by its people once; then the stage auto_label runs for each
mode, once to pay, and once more against a server that is down. The sandbox bills by the vendors' published
formulas, each picture as if its longer side had the size that production sends (labeller.<vendor>.image_px),
at the prices of conf/prices/. Accuracy is against the world's truth; the bound is what its vendor is
configured to, less the one-sided 99 % of chance. Forecast and bill are of the rest, without the pilot.
"""

import argparse
import json
import math
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from rich.console import Console
from rich.table import Table

from bizmeme.sandbox.building import build
from bizmeme.sandbox.config import SandboxConfig

ROOT = Path(__file__).parents[1]
STAGES = ("scrape", "parse", "sample", "export_labels")
GEMINI = ("auto_label.labellers=[gemini]", "sandbox.serving.billed_picture_px=384")
OPENAI = ("auto_label.labellers=[openai]", "sandbox.serving.billed_picture_px=512")
DECIDES = ("labeller.gemini.mode=decisions", "labeller.gemini.model=gemini-decision-1")
MODES: Mapping[str, tuple[str, ...]] = {
    "openai decisions": (*OPENAI, "labeller.openai.mode=decisions"),
    "openai live": (*OPENAI, "labeller.openai.mode=live"),
    "openai batch": (*OPENAI, "labeller.openai.mode=batch"),
    "gemini decisions": (*GEMINI, *DECIDES),
    "gemini live": (*GEMINI, "labeller.gemini.mode=live"),
    "gemini batch": (*GEMINI, "labeller.gemini.mode=batch"),
}
COLUMNS = ("mode", "requests", "rest, forecast", "±", "bill (rest)", "inside", "right", "bound", "again")
_Z = 2.326  # of the normal distribution's 99 %


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A folder in which stages run as under DVC."""

    folder: Path

    def run(self, stage: str, *overrides: str, home: str) -> None:
        """One stage; its words are shown where it fails."""
        under_dvc = () if stage == "compose" else ("--config-dir", ".", "--config-name", "params")
        ours = ("DVC_", "BIZMEME_")
        known = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        done = subprocess.run(
            [sys.executable, "-m", "bizmeme", stage, *under_dvc, *overrides],
            cwd=self.folder,
            env=known
            | {"PYTHONPATH": str(ROOT / "src"), "DVC_STAGE": stage, "BIZMEME_HOME": str(self.folder / home)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{stage} {' '.join(overrides)}:\n{done.stderr}")

    def paid_usd(self, home: str) -> float:
        """Everything that a journal says was paid."""
        (journal,) = (self.folder / home / "journals").glob("*.sqlite")
        with closing(sqlite3.connect(journal)) as database:
            return float(database.execute("SELECT TOTAL(cost_usd) FROM asks").fetchone()[0])


def main() -> None:
    """Make the world, run every mode, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--threads", type=int, default=1150, help="size of the world (1150: over 10,000 posts)")
    add("--limit", type=int, default=10_000, help="posts to label (10,000)")
    add("--only", action="append", choices=MODES, help="this mode alone; several times for several")
    add("--folder", type=Path, help="keep the world there, and take it up again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        pipeline = Pipeline(options.folder or Path(temporary) / "world")
        if not (pipeline.folder / "data/human_labels.parquet").exists():
            prepare(pipeline, threads=options.threads)
        truth = truth_of(pipeline)
        table = Table(title=f"{options.limit:,} posts", box=None)
        for column in COLUMNS:
            table.add_column(column, justify="left" if column == "mode" else "right")
        for name in options.only or MODES:
            table.add_row(name, *measured(pipeline, name, truth, limit=options.limit))
        Console(width=160).print(table)


def prepare(pipeline: Pipeline, *, threads: int) -> None:
    """The world, and what its people say of the sample."""
    pipeline.folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(ROOT / "conf", pipeline.folder / "conf", dirs_exist_ok=True)
    pipeline.run("compose", f"sandbox.world.threads={threads}", home="home")
    for stage in STAGES:
        pipeline.run(stage, home="home")


def truth_of(pipeline: Pipeline) -> dict[int, str]:
    """The mood of every post of the world."""
    world = build(SandboxConfig.model_validate(world_of(pipeline)))
    return {post.no: str(post.mood) for post in world.pictured}


def world_of(pipeline: Pipeline) -> dict[str, Any]:
    """The section `sandbox`."""
    section: dict[str, Any] = yaml.safe_load((pipeline.folder / "params.yaml").read_text())["sandbox"]
    return section


def measured(pipeline: Pipeline, name: str, truth: Mapping[int, str], *, limit: int) -> list[str]:
    """One mode's row."""
    home, vendor = (
        name.replace(" ", "-"),
        name.split(maxsplit=1)[0],
    )  # a journal a mode: live answers would do for a batch
    asked = (*MODES[name], f"auto_label.limit={limit}", "auto_label.budget_usd=100")
    pipeline.run("auto_label", *asked, home=home)
    first, paid_once = figures(pipeline), pipeline.paid_usd(home)
    down = f"[{{server: {vendor}, trouble: error, after: 0, times: null, share: 1}}]"
    pipeline.run("auto_label", *asked, f"sandbox.serving.faults={down}", home=home)
    again_usd = pipeline.paid_usd(home) - paid_once
    forecast = first["labellers"][vendor]["forecast"]
    usd, paid = forecast["usd"], forecast["paid_usd"]
    labels = pl.read_parquet(pipeline.folder / "data/auto_labels.parquet")
    right = sum(truth[no] == label for no, label in labels.select("no", "label").iter_rows()) / len(labels)
    configured = world_of(pipeline)["labellers"][vendor]
    bound = configured - _Z * math.sqrt(configured * (1 - configured) / len(labels))
    return [
        f"{first['requests']:,}",
        f"{usd['value']:.4f} ({usd['low']:.4f} to {usd['high']:.4f})",
        f"{(usd['high'] - usd['low']) / 2 / usd['value']:.2%}",
        f"{first['cost_usd']:.4f} ({paid:.4f})",
        "yes" if usd["low"] <= paid <= usd["high"] else "NO",
        f"{right:.4f}",
        f"{bound:.4f}",
        f"{again_usd:.4f}",
    ]


def figures(pipeline: Pipeline) -> dict[str, Any]:
    """What the last run measured."""
    told: dict[str, Any] = json.loads((pipeline.folder / "metrics/auto_label.json").read_text())
    return told


if __name__ == "__main__":
    main()
