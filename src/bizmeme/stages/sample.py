"""sample: posts and images → the posts that people label: stratified, weighted, each `dev` or `test`.

The population is the held-out days (slice `days`) and the last period (slice `last_period`). Choices such as
the gate's see `dev`, which comes from held-out days alone: nothing but evaluate peeks at the last period.

Once people were asked to label it the sample is frozen in the journal (shell/gold.py), and handed over as it
stands there. `extend` and `reset` are what `bizmeme label extend|reset` call.
"""

from dataclasses import dataclass
from typing import Any

import polars as pl

from bizmeme.core.drawing import KEY, Population, SampleConfig, drawable, everybody, extended, first_draw
from bizmeme.core.duplicates import picture_groups
from bizmeme.core.settings import Section, Seed
from bizmeme.core.splits import HeldOut, with_part
from bizmeme.errors import ConfigError, DataError, GateError
from bizmeme.shell.gold import SAMPLE, check_unchanged, forget, frozen_sample, lengthen
from bizmeme.shell.journal import Journal
from bizmeme.shell.journals import journal_file, open_journal
from bizmeme.shell.parquet import read_table, write_table
from bizmeme.shell.ties import fingerprints
from bizmeme.shell.workspace import Workspace
from bizmeme.tables.labels import GoldSample
from bizmeme.tables.posts import Images, Posts
from bizmeme.tables.raw import RawLabels


class Params(Section):
    """The sections that this stage reads; `sandbox` tells which journal's sample is frozen."""

    sample: SampleConfig
    split: HeldOut
    seed: Seed
    sandbox: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Extended:
    """The frozen sample with its new batch, how many posts that has, and how many are left to train on."""

    sample: pl.DataFrame
    added: int
    training_left: int


def run(params: Params, workspace: Workspace) -> None:
    """Hand over the frozen sample, or draw one: one post a near-duplicate picture, a few a thread."""
    posts = _posts(params, workspace)
    sample = _frozen(params, workspace)
    if sample is None:
        population = _population(posts, None, params, workspace)
        sample = first_draw(population, params.sample, seed=params.seed)
    left = training_left(posts, sample, params.sample.min_training_left)
    print(f"sample: {left:,} posts with a picture on training days are left to train on")  # noqa: T201
    write_table(GoldSample, sample, workspace.write(SAMPLE))


def extend(params: Params, workspace: Workspace, journal: Journal, wanted: int) -> Extended:
    """Add a batch of so many posts, or as many as are left, to the frozen sample and to its parquet file.

    Frozen posts and roles stay; the new posts are all of role `test`, since `dev` is what choices were made
    by. Raises ConfigError where nothing is frozen or `sample.*` changed, DataError where no post is left.
    """
    frozen = frozen_sample(journal)
    if frozen is None:
        raise ConfigError(
            "No sample is frozen yet, so there is nothing to extend. Set sample.size to what you want, run "
            "`dvc repro sample`, then `bizmeme label push`."
        )
    check_unchanged(frozen, params.sample)
    posts = _posts(params, workspace)
    population = _population(posts, frozen, params, workspace)
    sample = extended(frozen, population, wanted, config=params.sample, seed=params.seed)
    added = len(sample) - len(frozen)
    if not added:
        raise DataError(
            "Every post that may be drawn is in the frozen sample: collect more days. (At most "
            f"{params.sample.max_per_thread} posts of a thread are drawn, and none with a picture like "
            "another's: sample.max_per_thread.)"
        )
    left = training_left(posts, sample, params.sample.min_training_left)
    lengthen(journal, frozen, sample)
    write_table(GoldSample, sample, workspace.write(SAMPLE))
    return Extended(sample.sort(KEY), added, left)


def reset(journal: Journal) -> int:
    """Forget the frozen sample, so that the next run of this stage draws another; how many posts it had."""
    return forget(journal)


def training_left(posts: pl.DataFrame, sample: pl.DataFrame, least: int) -> int:
    """How many posts with a picture fall on training days; raises GateError where they are too few."""
    pictured = posts.filter(pl.col("image_sha256").is_not_null(), pl.col("part") == "train")
    left = len(pictured.join(sample, on=KEY, how="anti"))
    if left < least:
        raise GateError(
            f"{left:,} posts with a picture fall on training days; sample.min_training_left is {least:,}. "
            "Collect more days, hold fewer out (split.gold_days, split.val_days, split.last_period_from), or "
            "lower sample.min_training_left."
        )
    return left


def _frozen(params: Params, workspace: Workspace) -> pl.DataFrame | None:
    """The frozen sample of this origin, if any; raises ConfigError where `sample.*` changed since."""
    if not journal_file(workspace.home, workspace.origin).exists():
        return None
    with open_journal(workspace.home, workspace.origin) as journal:
        sample = frozen_sample(journal)
    if sample is not None:
        check_unchanged(sample, params.sample)
    return sample


def _posts(params: Params, workspace: Workspace) -> pl.DataFrame:
    """Every post with its `day` and `part`."""
    posts = read_table(Posts, workspace.read("data/posts.parquet"))
    return with_part(posts, params.split, seed=params.seed)


def _population(
    posts: pl.DataFrame, frozen: pl.DataFrame | None, params: Params, workspace: Workspace
) -> Population:
    """Whom the sample stands for; raises DataError where no held-out day has a post that may be drawn."""
    config = params.sample
    _check_sources(posts, config)
    images = read_table(Images, workspace.read("data/images.parquet"))
    found = everybody(posts, config, frozen)
    if config.only_labelled:
        labels = read_table(RawLabels, workspace.read("data/raw/labels.parquet"))
        kept = pl.concat([labels.select(KEY), found.filter("frozen").select(KEY)])
        found = found.join(kept, on=KEY, how="semi", maintain_order="left")
    if "days" not in found["slice"]:
        raise DataError(
            f"No {'labelled ' if config.only_labelled else ''}post with a picture falls on a held-out day"
            f"{_filters(config)}. Collect more days, or raise split.gold_days."
        )
    return Population(found, drawable(_distinct(found, images), config, seed=params.seed))


def _check_sources(posts: pl.DataFrame, config: SampleConfig) -> None:
    """Raise ConfigError for a source that no post came from, as a misspelt one."""
    held = set(posts["source"])
    if unknown := sorted(set(config.sources) - held):
        raise ConfigError(
            f"sample.sources names {', '.join(unknown)}; the posts held stand as "
            f"{', '.join(sorted(held))} gave them. Take out what is not there."
        )


def _filters(config: SampleConfig) -> str:
    """The filters that are set, for a message."""
    names = ("sources", "first_day", "last_day", "min_replies")
    told = [f"sample.{name}" for name in names if getattr(config, name)]
    return f" and passes {', '.join(told)}" if told else ""


def _distinct(posts: pl.DataFrame, images: pl.DataFrame) -> pl.DataFrame:
    """The first post of each group of near-duplicate pictures; frozen ones, which come first, stay."""
    shown = posts.join(images, left_on="image_sha256", right_on="sha256", maintain_order="left")
    groups = picture_groups(*fingerprints(shown))
    heads = pl.Series([head == index for index, head in enumerate(groups)], dtype=pl.Boolean)
    return shown.filter(heads | shown["frozen"])
