"""What every `bizmeme label` command stands on: configuration, tables, journal, and where people label."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from bizmeme.core.drawing import SampleConfig
from bizmeme.core.settings import Plugin, Section, Seed
from bizmeme.core.splits import HeldOut
from bizmeme.core.vocabulary import Labels
from bizmeme.errors import ConfigError
from bizmeme.ports.annotators import Annotator
from bizmeme.shell.builder import build, checked
from bizmeme.shell.image_store import ImageStore
from bizmeme.shell.labelling import Asking
from bizmeme.shell.parquet import read_table
from bizmeme.shell.workspace import Workspace, state_home
from bizmeme.stages.export_labels import ExportLabelsConfig
from bizmeme.tables.labels import GoldSample
from bizmeme.tables.posts import Posts


class Params(Section):
    """The sections that these commands read."""

    annotator: Plugin
    labels: Labels
    guideline: str
    sample: SampleConfig
    split: HeldOut
    export_labels: ExportLabelsConfig
    seed: Seed
    sandbox: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Desk:
    """Configuration and folders of one call."""

    params: Params
    workspace: Workspace

    def annotator(self) -> Annotator:
        """Where people label; raises ConfigError where labels are only read."""
        built: Annotator = build(
            "annotator",
            self.params.annotator,
            labels=self.params.labels,
            guideline=self.params.guideline,
            home=self.workspace.home,
            images=ImageStore(self.workspace.read("data/images")),
        )
        if not built.asks:
            raise ConfigError(
                f"annotator={self.params.annotator.name} only reads labels: nobody can be asked there. "
                "Use annotator=server (or label_studio, against the sandbox)."
            )
        return built

    def sample(self) -> pl.DataFrame:
        """The posts that people label; raises DataError where the stage has not run."""
        return read_table(GoldSample, self.workspace.read("data/gold_sample.parquet"))

    def asking(self) -> Asking:
        """The sample with what people are shown of it."""
        posts = read_table(Posts, self.workspace.read("data/posts.parquet"))
        return Asking.of(self.sample(), posts, seed=self.params.seed)


@contextmanager
def desk(overrides: Sequence[str]) -> Iterator[Desk]:
    """The configuration composed and checked, `sandbox://` names answering while this is open."""
    from bizmeme.stages.compose import composed_yaml
    from bizmeme.stages.runner import addresses, origin, sections_of

    sections = sections_of(Params, composed_yaml(Path("conf"), list(overrides)).config)
    home, folder = state_home(), Path.cwd()
    with addresses(sections, home=home) as found:
        params = checked(Params, found, where="")
        yield Desk(params, Workspace(folder, folder, home, origin(sections["sandbox"])))
