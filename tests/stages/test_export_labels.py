"""export_labels: people's labels, told apart and counted."""

import json

import polars as pl
import pytest

from bizmeme.errors import GateError
from bizmeme.ports.annotators import Annotation
from bizmeme.shell.parquet import read_table
from bizmeme.stages.export_labels import agreement, require_enough
from bizmeme.tables import GoldSample, HumanLabels
from tests.stages.pipeline import Pipeline

KEYS = [("biz", number) for number in range(5)]


def said(who: str, *labels: str | None) -> list[Annotation]:
    return [Annotation(key, who, label) for key, label in zip(KEYS, labels, strict=False)]


def test_two_people_answer_every_sampled_post_and_a_third_settles(small: Pipeline) -> None:
    human = read_table(HumanLabels, small.upto("export_labels").path("data/human_labels.parquet"))
    sample = read_table(GoldSample, small.path("data/gold_sample.parquet"))
    assert set(human.select("board", "no").unique().iter_rows()) == set(
        sample.select("board", "no").iter_rows()
    )
    answers = human.sort("annotator").group_by("board", "no", maintain_order=True).agg("label")["label"]
    assert {(len(given), given[0] == given[1]) for given in answers} == {(2, True), (3, False)}
    figures = json.loads(small.path("metrics/agreement.json").read_text())
    settled = human.filter(pl.col("gold").is_not_null()).select("board", "no").unique()
    assert figures["gold"] == len(settled)
    assert 0.7 < figures["pairs"][0]["agreement"] < 1


def test_labels_are_the_same_bytes_on_a_second_export(small: Pipeline) -> None:
    before = small.upto("export_labels").path("data/human_labels.parquet").read_bytes()
    assert small.run("export_labels").returncode == 0
    assert small.path("data/human_labels.parquet").read_bytes() == before


def test_disputes_and_skips_are_counted_and_never_become_a_label() -> None:
    both = said("1", "bearish", "bearish", "neutral", None, None) + said(
        "2", "bearish", "bullish", None, None
    )
    figures = agreement(both, sampled=6, min_votes=1)
    assert figures | {"pairs": None} == {
        "sampled": 6, "answered": 5, "gold": 2, "disputed": 1, "skipped_by_all": 2, "pairs": None,
    }  # fmt: skip
    assert figures["pairs"] == [{"annotators": ["1", "2"], "posts": 2, "agreement": 0.5, "cohens_kappa": 0.0}]


def test_whoever_settles_disputes_alone_stands_in_no_pair() -> None:
    two = said("1", "bearish", "bearish", "neutral", "neutral") + said(
        "2", "bearish", "bearish", "bullish", "neutral"
    )
    third = [Annotation(two[2].key, "3", "neutral")]
    figures = agreement(two + third, sampled=4, min_votes=1)
    assert [pair["annotators"] for pair in figures["pairs"]] == [["1", "2"]]
    assert figures["gold"] == 4


def test_too_few_labels_stop_the_pipeline_and_name_the_next_command() -> None:
    answers = said("1", "bearish", "neutral") + said("2", None)
    require_enough(answers, sampled=2, min_share=0.9)
    with pytest.raises(GateError, match=r"2 of 3 sampled posts are labelled.*run `make refresh-labels`"):
        require_enough(answers, sampled=3, min_share=0.9)
