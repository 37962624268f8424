"""`bizmeme label` as its user meets it, against simulated people."""

import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from bizmeme.annotators.label_studio import Config, LabelStudio, build
from bizmeme.apps.label import main
from bizmeme.core.splits import HeldOut, with_part
from bizmeme.core.vocabulary import Labels
from bizmeme.errors import ConfigError, ServiceError
from bizmeme.sandbox import process
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.shell.image_store import ImageStore
from bizmeme.shell.parquet import read_table, write_table
from bizmeme.tables.labels import AutoReplies, GoldSample, HumanLabels
from bizmeme.tables.posts import Posts
from tests.stages.pipeline import Pipeline

pytestmark = pytest.mark.slow

KEY = ["board", "no"]
Say = Callable[..., str]


@pytest.fixture
def fork(small: Pipeline, tmp_path: Path) -> Pipeline:
    return small.upto("auto_label").fork(tmp_path / "fork")


@pytest.fixture
def world(small_config: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    with process.running(SandboxConfig.model_validate(small_config["sandbox"])) as addresses:
        yield addresses


@pytest.fixture
def say(
    fork: Pipeline, world: Mapping[str, str], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Say:  # fmt: skip
    """Run the command in the fork's folder against a server that lives on; what it printed."""
    monkeypatch.chdir(fork.folder)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> str:
        main([*map(str, arguments), "experiment=small", f"annotator.base_url={world['label_studio']}"])
        return capsys.readouterr().out

    return run


@pytest.fixture
def studio(small_config: Mapping[str, Any], world: Mapping[str, str], fork: Pipeline) -> LabelStudio:
    """What stands on the server."""
    section = small_config["annotator"] | {"base_url": world["label_studio"]}
    images = ImageStore(fork.path("data/images"))
    labels = Labels.model_validate(small_config["labels"])
    return build(Config.model_validate(section), labels=labels, guideline="", home=fork.home, images=images)


def shown(studio: LabelStudio) -> dict[str, list[tuple[int, int, bool]]]:
    """(task's number, post's number, repeat) of every task, by project."""
    return {
        name: [(row["id"], row["data"]["no"], row["data"]["repeat"]) for row in rows]
        for name, rows in studio.export().raw.items()
    }


def sample_of(fork: Pipeline) -> pl.DataFrame:
    return read_table(GoldSample, fork.path("data/gold_sample.parquet"))


def test_a_second_push_changes_nothing(say: Say, studio: LabelStudio, fork: Pipeline) -> None:
    assert "Every picture answers" in say("push")
    first = shown(studio)
    sample = sample_of(fork)
    assert sorted(no for _, no, repeat in first["first"] if not repeat) == sorted(sample["no"])
    assert sum(repeat for *_, repeat in first["first"]) == sample["repeat"].sum() > 0
    assert len(first["second"]) == sample["second"].sum() > 0
    said = say("push")
    assert said.count("│ 0 ") == 3, said
    assert shown(studio) == first


def test_a_changed_value_of_sample_stops_and_says_what_there_is_to_do(say: Say) -> None:
    with pytest.raises(
        ConfigError, match=r"sample.size is 100.*`bizmeme label extend N`.*`bizmeme label reset`"
    ):
        say("push", "sample.size=100")


def test_extending_replaces_no_task_and_loses_no_label(say: Say, studio: LabelStudio, fork: Pipeline) -> None:
    say("push")
    before, sample, said = shown(studio), sample_of(fork), studio.export().said
    assert "20 posts more, 140 in all" in say("extend", 20)
    after, longer = shown(studio), sample_of(fork)
    assert len(longer) == len(sample) + 20
    assert longer.join(sample, on=KEY, how="semi").select(*KEY, "role").equals(sample.select(*KEY, "role"))
    for project, tasks in before.items():
        assert after[project][: len(tasks)] == tasks
    assert len(after["first"]) >= len(before["first"]) + 20
    assert set(said) <= set(studio.export().said)
    assert fork.run("sample").returncode == 0  # which hands over what is frozen
    assert sample_of(fork).equals(longer)


def test_status_says_how_far_everybody_is(say: Say, fork: Pipeline) -> None:
    assert "`bizmeme sandbox`" in say("status")  # nothing is there yet
    say("push")
    said, sample = say("status"), sample_of(fork)
    human = read_table(HumanLabels, fork.path("data/human_labels.parquet"))
    once = human.filter(pl.col("repeat").not_(), pl.col("label").is_not_null())
    assert f"{once['no'].n_unique()} of {len(sample)}" in said
    for stratum, drawn in sample["stratum"].value_counts().iter_rows():
        (row,) = [line for line in said.splitlines() if stratum in line]
        assert f" {drawn} " in row
    gold = human.filter(pl.col("gold").is_not_null()).unique(KEY)
    for label, count in gold["gold"].value_counts().iter_rows():
        (row,) = [line for line in said.splitlines() if f"gold: {label}" in line]
        assert f" {count}" in row
    assert "Krippendorff's alpha" in said


@pytest.mark.parametrize("posts", ["0", "-3", "ten", ""])
def test_a_queue_of_no_post_is_refused(posts: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["queue", "--", posts])
    assert f"argument N: '{posts}' is no whole number from 1 on" in capsys.readouterr().err


def test_the_queue_holds_unsure_posts_of_training_days_and_grows(
    say: Say, studio: LabelStudio, fork: Pipeline, small_config: Mapping[str, Any]
) -> None:
    assert "10 posts queued" in say("queue", 10)
    first = studio.pushed("queue")
    say("queue", 5)
    both = studio.pushed("queue")
    assert len(both) == 15
    assert first < both
    posts = read_table(Posts, fork.path("data/posts.parquet"))
    seed = small_config["seed"]
    parted = with_part(posts, HeldOut.model_validate(small_config["split"]), seed=seed)
    parts = {(board, no): part for board, no, part in parted.select(*KEY, "part").iter_rows()}
    assert {parts[key] for key in both} == {"train"}
    assert not both & set(sample_of(fork).select(KEY).iter_rows())


def test_what_two_labellers_disagree_on_is_queued_before_all_else(
    say: Say, studio: LabelStudio, fork: Pipeline
) -> None:
    first = read_table(AutoReplies, fork.path("data/auto_replies.parquet"))
    other = pl.col("label").replace({"bearish": "bullish", "bullish": "neutral", "neutral": "bearish"})
    disputed = pl.col("no") % 2 == 0
    second = first.with_columns(
        labeller=pl.lit("gemini"), label=pl.when(disputed).then(other).otherwise("label")
    )
    write_table(AutoReplies, pl.concat([first, second]), fork.path("data/auto_replies.parquet"))
    said = say("queue", 10)
    (row,) = [line for line in said.splitlines() if "labellers disagree" in line]
    assert " 10 " in row
    assert set(studio.pushed("queue")) <= set(first.filter(disputed).select(KEY).iter_rows())


def test_the_plain_file_has_a_row_a_gold_post_and_names_its_picture(say: Say, fork: Pipeline) -> None:
    say("export", "--csv", "out/labels.csv", "--role", "test")
    with fork.path("out/labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    human = read_table(HumanLabels, fork.path("data/human_labels.parquet")).filter(role="test")
    gold = human.filter(pl.col("gold").is_not_null()).unique(KEY)
    assert list(rows[0]) == ["image_path", "text", "label"]
    assert sorted(row["label"] for row in rows) == sorted(gold["gold"])
    assert all(fork.path(row["image_path"]).is_file() for row in rows)


def test_a_reset_needs_a_yes_and_leaves_what_people_said(
    say: Say, studio: LabelStudio, fork: Pipeline
) -> None:
    say("push")
    with pytest.raises(ConfigError, match="`bizmeme label reset --yes` does it"):
        say("reset")
    said = say("reset", "--yes")
    assert "Kept on the server as 'bizmeme gold first (before 1)'" in said
    assert shown(studio) == {}
    assert fork.run("sample", "sample.size=100").returncode == 0
    assert len(sample_of(fork)) == 100


def test_nothing_is_frozen_where_nobody_can_be_asked(say: Say, fork: Pipeline) -> None:
    fork.thaw()
    with pytest.raises(ServiceError, match="Check that it runs"):
        main(["push", "experiment=small", "annotator.base_url=http://127.0.0.1:1"])
    assert fork.run("sample", "sample.size=100").returncode == 0
    assert len(sample_of(fork)) == 100


def test_where_labels_are_only_read_nobody_can_be_asked(say: Say) -> None:
    with pytest.raises(ConfigError, match="annotator=imported only reads labels"):
        main(["push", "experiment=small", "annotator=import"])
