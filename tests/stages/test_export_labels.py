"""export_labels: people's labels, told apart and counted."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from bizmeme.core.annotations import Annotation
from bizmeme.errors import GateError
from bizmeme.shell.parquet import read_table
from bizmeme.stages.export_labels import ExportLabelsConfig, require_enough
from bizmeme.tables.labels import GoldSample, HumanLabels
from tests.stages.pipeline import Pipeline, bizmeme

KEY = ["board", "no"]


@pytest.fixture
def human(small: Pipeline) -> pl.DataFrame:
    return read_table(HumanLabels, small.upto("export_labels").path("data/human_labels.parquet"))


@pytest.fixture
def sample(small: Pipeline) -> pl.DataFrame:
    return read_table(GoldSample, small.upto("export_labels").path("data/gold_sample.parquet"))


@pytest.fixture
def figures(small: Pipeline) -> Mapping[str, Any]:
    text = small.upto("export_labels").path("metrics/agreement.json").read_text()
    return dict(json.loads(text))


def keys(table: pl.DataFrame) -> list[tuple[str, int]]:
    return list(table.select(KEY).sort(KEY).iter_rows())


def test_the_first_person_sees_every_sampled_post_and_the_second_a_share(
    human: pl.DataFrame, sample: pl.DataFrame
) -> None:
    first, second = (human.filter(project=project) for project in ("first", "second"))
    assert keys(first.filter(repeat=False)) == keys(sample)
    assert keys(first.filter(repeat=True)) == keys(sample.filter("repeat"))
    assert keys(second) == keys(sample.filter("second"))
    assert set(first["annotator"]) == {"1"}
    assert set(second["annotator"]) == {"2"}


def test_exactly_what_two_people_dispute_goes_to_a_third(
    human: pl.DataFrame, figures: Mapping[str, Any]
) -> None:
    words = human.filter(pl.col("project").is_in(["first", "second"]), repeat=False).drop_nulls("label")
    disputed = words.group_by(KEY).agg(pl.col("label").n_unique()).filter(pl.col("label") > 1)
    third = human.filter(project="adjudication")
    assert keys(third) == keys(disputed)
    assert len(third) > 0
    assert figures["settled"]["adjudicated"] == third["label"].count()


def test_gold_is_one_word_a_post_and_says_how_it_was_settled(
    human: pl.DataFrame, figures: Mapping[str, Any]
) -> None:
    settled = human.filter(pl.col("gold").is_not_null()).unique([*KEY, "gold", "settled"])
    assert keys(settled) == keys(settled.unique(KEY))
    counts = dict(settled["settled"].value_counts().iter_rows())
    assert counts == {how: count for how, count in figures["settled"].items() if count}
    assert figures["gold_posts"] == len(settled)
    alone = (
        settled.filter(settled="single").join(human.filter(repeat=False), on=KEY).drop_nulls("label_right")
    )
    assert (alone["gold"] == alone["label_right"]).all()


def test_agreement_lies_where_the_simulated_people_put_it(figures: Mapping[str, Any]) -> None:
    assert 0.6 < figures["pairs"][0]["agreement"]["value"] <= 1
    assert figures["self_agreement"]["1"]["posts"] > 0
    assert figures["gone"] == 0


def test_labels_are_the_same_bytes_on_a_second_export_and_the_raw_one_is_kept_once(small: Pipeline) -> None:
    before = small.upto("export_labels").path("data/human_labels.parquet").read_bytes()
    kept = sorted((small.home / "exports").rglob("*.json"))
    assert {path.name.partition("-")[0] for path in kept} == {"first", "second", "adjudication"}
    assert small.run("export_labels").returncode == 0
    assert small.path("data/human_labels.parquet").read_bytes() == before
    assert sorted((small.home / "exports").rglob("*.json")) == kept


def test_the_kept_exports_are_read_from_files_to_the_same_table(small: Pipeline, tmp_path: Path) -> None:
    fork = small.upto("export_labels").fork(tmp_path / "fork")
    before = fork.path("data/human_labels.parquet").read_bytes()
    files = ",".join(map(str, sorted((fork.home / "exports").rglob("*.json"))))
    done = bizmeme(
        "compose", "experiment=small", "annotator=file", f"annotator.exports=[{files}]", cwd=fork.folder
    )
    assert done.returncode == 0, done.stderr
    fork.path("data/human_labels.parquet").unlink()
    done = fork.run("export_labels")
    assert done.returncode == 0, done.stderr
    assert fork.path("data/human_labels.parquet").read_bytes() == before


def test_too_few_labels_stop_the_pipeline_and_name_the_next_command() -> None:
    said = [Annotation(("biz", no), "first", "1", "bearish") for no in (1, 2)]
    said.append(Annotation(("biz", 2), "second", "2", None, "skipped"))
    config = ExportLabelsConfig(min_share_answered=0.9, min_votes=1)
    require_enough(said, shown=2, config=config)
    with pytest.raises(GateError, match=r"2 of 3 sampled posts are labelled.*`make refresh-labels`"):
        require_enough(said, shown=3, config=config)
