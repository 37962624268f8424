"""auto_label run in this process, on a copy of the small pipeline, against a world that outlives its runs.

A world counts what its vision APIs are asked and paid for, so that a test sees what no journal could hide.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from omegaconf import OmegaConf

from bizmeme.errors import QuotaError
from bizmeme.labellers.openai.batches import OpenAiBatches
from bizmeme.sandbox.config import SandboxConfig, origin
from bizmeme.sandbox.config_serving import Fault
from bizmeme.sandbox.process import running
from bizmeme.sandbox.state import announced
from bizmeme.shell.parquet import read_table, write_table
from bizmeme.stages.runner import run_stage
from bizmeme.tables.labels import AutoLabels, AutoReplies, HumanLabels
from tests.sandbox.web import fetch_json
from tests.stages.pipeline import Pipeline

KEY = ["board", "no"]
PLOTS = ("reliability.png", "confusion.png")
OUTPUTS = ("data/auto_labels.parquet", "data/auto_replies.parquet", "metrics/auto_label.json",
           *(f"plots/auto_label/{name}" for name in PLOTS))  # fmt: skip


@dataclass(frozen=True, slots=True)
class World:
    """A running world."""

    config: SandboxConfig
    addresses: Mapping[str, str]

    def paid(self, vendor: str) -> Counter[str]:
        """How often each body was answered, live or in a batch."""
        return Counter(self._asked(vendor)["paid"])

    def asked(self, vendor: str) -> int:
        """Requests that cost money, whether or not they were answered."""
        return sum(self._asked(vendor)["asked"].values())

    def batches(self, vendor: str) -> int:
        """Batches made."""
        return sum(self._asked(vendor)["batches"].values())

    def moods(self) -> pl.DataFrame:
        """What is true of each post."""
        rows = fetch_json(f"{self.addresses['truth']}/truth")["posts"]
        return pl.DataFrame([{name: row[name] for name in (*KEY, "mood")} for row in rows])

    def _asked(self, vendor: str) -> Any:
        return fetch_json(f"{self.addresses[vendor]}/_asked")


@contextmanager
def world_of(
    config: Mapping[str, Any], *, faults: Sequence[Fault] = (), **labellers: float
) -> Iterator[World]:
    """A world of the composed configuration, whose vision APIs are right as often as said."""
    sandbox = SandboxConfig.model_validate(config["sandbox"])
    changed = sandbox.model_copy(
        update={
            "labellers": sandbox.labellers.model_copy(update=labellers),
            "serving": sandbox.serving.model_copy(update={"faults": tuple(faults)}),
        }
    )
    with running(changed) as addresses:
        yield World(changed, addresses)


class Labelling:
    """A pipeline's folder in which auto_label is run."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.folder = pipeline.folder

    def run(self, world: World, *overrides: str, **prices: object) -> None:
        """As `dvc repro` does, in this process; raises its errors. `prices` are of further models."""
        config = OmegaConf.create(self.params)
        for override in overrides:
            key, _, value = override.partition("=")
            OmegaConf.update(config, key, yaml.safe_load(value), force_add=True)
        values: Any = OmegaConf.to_container(config)
        values["prices"]["models"] |= prices
        with pytest.MonkeyPatch.context() as patch, self.found(world):
            patch.chdir(self.folder)
            run_stage("auto_label", values, out=self.folder)

    def ordered(self, world: World, *overrides: str) -> "Labelling":
        """Stop in mode batch once all is ordered: the network is gone as its batches are first looked at."""

        async def gone(*_: object) -> None:
            raise QuotaError("the network is gone", again=False)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(OpenAiBatches, "look", gone)
            with pytest.raises(QuotaError, match="the network is gone"):
                self.run(world, "auto_label.labellers=[openai]", "labeller.openai.mode=batch", *overrides)
        return self

    @contextmanager
    def found(self, world: World) -> Iterator[None]:
        """Every stage in the folder, of this process or another, uses that world meanwhile."""
        with announced(self.pipeline.home, origin(world.config), world.addresses):
            yield

    @property
    def params(self) -> Any:
        """params.yaml."""
        return yaml.safe_load((self.folder / "params.yaml").read_text())

    @property
    def labels(self) -> pl.DataFrame:
        """What was concluded."""
        return read_table(AutoLabels, self.folder / "data/auto_labels.parquet")

    @property
    def replies(self) -> pl.DataFrame:
        """What was answered."""
        return read_table(AutoReplies, self.folder / "data/auto_replies.parquet")

    @property
    def figures(self) -> Any:
        """metrics/auto_label.json."""
        return json.loads((self.folder / "metrics/auto_label.json").read_text())

    @property
    def bytes(self) -> dict[str, bytes]:
        """Every output."""
        return {name: (self.folder / name).read_bytes() for name in OUTPUTS}

    @property
    def people(self) -> pl.DataFrame:
        """What people said."""
        return read_table(HumanLabels, self.folder / "data/human_labels.parquet")

    @property
    def pilot(self) -> pl.DataFrame:
        """The `dev` posts that people settled on."""
        return self.people.filter(pl.col("gold").is_not_null(), role="dev").unique(KEY)

    def with_people(self, changed: pl.DataFrame) -> "Labelling":
        """Let them have said something else; figures of their agreement stay as they are."""
        write_table(HumanLabels, changed, self.folder / "data/human_labels.parquet")
        return self

    def with_a_large_pilot(self) -> "Labelling":
        """Every gold post is of the role `dev`: some 110 instead of 28."""
        return self.with_people(self.people.with_columns(role=pl.lit("dev")))

    @property
    def held(self) -> tuple[int, float]:
        """Replies in the journal, and what they cost."""
        (journal,) = (self.pipeline.home / "journals").glob("*.sqlite")
        with sqlite3.connect(journal) as database:
            row = database.execute("SELECT COUNT(*), TOTAL(cost_usd) FROM asks WHERE answered").fetchone()
        return int(row[0]), float(row[1])


def unpaid(small: Pipeline, folder: Path) -> Labelling:
    """The small pipeline before anything was paid; MLflow's database stays: to make one takes seconds."""
    fork = small.upto("auto_label").fork(folder)
    for name in OUTPUTS:
        fork.path(name).unlink(missing_ok=True)
    forget_replies(fork)
    return Labelling(fork)


def forget_replies(pipeline: Pipeline) -> None:
    """Leave the vision APIs everything to answer again."""
    for journal in (pipeline.home / "journals").glob("*.sqlite"):
        with sqlite3.connect(journal) as database:
            database.execute("DELETE FROM asks")
