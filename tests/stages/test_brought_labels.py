"""Labels that came with imported posts: people's teach, or are the gold; automatic ones count as paid for."""

from pathlib import Path

import polars as pl
import pytest

from bizmeme.shell.parquet import read_table, write_table
from bizmeme.tables.examples import Examples
from bizmeme.tables.labels import AutoLabels, GoldSample, HumanLabels
from bizmeme.tables.posts import Posts
from bizmeme.tables.raw import RawLabels, RawReplies
from tests.stages.labelling import KEY, Labelling, World
from tests.stages.pipeline import Pipeline, bizmeme

ORIGIN = "somebody's"


def pictured(pipeline: Pipeline) -> pl.DataFrame:
    posts = read_table(Posts, pipeline.path("data/posts.parquet"))
    return posts.filter(pl.col("image_sha256").is_not_null())


def labels(posts: pl.DataFrame, *, annotator: str, label: str | None) -> pl.DataFrame:
    return posts.select(
        *KEY, annotator=pl.lit(annotator), origin=pl.lit(ORIGIN), label=pl.lit(label, pl.String),
        notes=pl.lit(""), labelled_at=pl.lit(None, pl.Int64),
    )  # fmt: skip


def run(pipeline: Pipeline, *stages: str, overrides: tuple[str, ...] = ()) -> None:
    for stage in stages:
        done = pipeline.run(stage, *overrides)
        assert done.returncode == 0, f"{stage}: {done.stderr}"


@pytest.fixture
def fork(small: Pipeline, tmp_path: Path) -> Pipeline:
    return small.upto("prepare").fork(tmp_path / "fork").thaw()


def test_peoples_labels_of_other_posts_teach_and_nobody_pays_for_those(fork: Pipeline) -> None:
    sampled = read_table(GoldSample, fork.path("data/gold_sample.parquet"))
    others = pictured(fork).join(sampled, on=KEY, how="anti").sort(KEY)
    table = pl.concat(
        [labels(others.head(150), annotator="ann", label="bullish"),
         labels(others.tail(5), annotator="ann", label=None),
         labels(sampled.head(9), annotator="ann", label="bullish")]
    )  # fmt: skip
    write_table(RawLabels, table, fork.path("data/raw/labels.parquet"))
    run(fork, "export_labels", "auto_label", "prepare")
    human = read_table(HumanLabels, fork.path("data/human_labels.parquet"))
    brought = human.filter(annotator="ann")
    assert set(brought["role"]) == {"train"}  # the sampled nine were asked of people here
    assert brought["gold"].drop_nulls().len() == 150
    asked = read_table(AutoLabels, fork.path("data/auto_labels.parquet"))
    assert asked.join(others.head(150), on=KEY, how="semi").is_empty()
    assert len(asked.join(others.tail(5), on=KEY, how="semi")) == 5  # a skip teaches nothing
    examples = read_table(Examples, fork.path("data/examples.parquet"))
    taught = examples.filter(pl.col("split") != "test", labelled_by="human")
    assert len(taught) > 20
    assert set(taught["label"]) == {"bullish"}
    assert taught.join(others.head(150), on=KEY, how="anti").is_empty()
    assert set(examples.filter(split="test")["labelled_by"]) == {"human"}


def test_old_labels_on_held_out_days_are_the_gold_where_nobody_else_is_asked(fork: Pipeline) -> None:
    everything = pictured(fork)
    write_table(
        RawLabels, labels(everything, annotator="ann", label="neutral"), fork.path("data/raw/labels.parquet")
    )
    assert bizmeme("compose", "experiment=[small,imported]", cwd=fork.folder).returncode == 0
    run(fork, "sample", "export_labels")
    sampled = read_table(GoldSample, fork.path("data/gold_sample.parquet"))
    human = read_table(HumanLabels, fork.path("data/human_labels.parquet"))
    gold = human.filter(pl.col("role") != "train")
    assert sorted(gold.select(KEY).iter_rows()) == sorted(sampled.select(KEY).iter_rows())
    assert set(human["gold"]) == {"neutral"}
    assert len(human) == len(everything)


def test_only_labelled_posts_are_drawn_where_so_configured(fork: Pipeline) -> None:
    some = read_table(GoldSample, fork.path("data/gold_sample.parquet")).sort(KEY).head(30)
    write_table(
        RawLabels, labels(some, annotator="ann", label="neutral"), fork.path("data/raw/labels.parquet")
    )
    run(fork, "sample", overrides=("sample.only_labelled=true",))
    drawn = read_table(GoldSample, fork.path("data/gold_sample.parquet"))
    assert 0 < len(drawn) <= 30
    assert drawn.join(some, on=KEY, how="anti").is_empty()
    write_table(RawLabels, [], fork.path("data/raw/labels.parquet"))
    done = fork.run("sample", "sample.only_labelled=true")
    assert done.returncode == 1
    assert "No labelled post with a picture falls on a held-out day" in done.stderr


def automatic(posts: pl.DataFrame) -> pl.DataFrame:
    return posts.select(
        *KEY, origin=pl.lit(ORIGIN), label=pl.lit("bearish"), confidence=pl.lit(0.9), raw=pl.lit("{}")
    )


def test_automatic_labels_count_as_paid_for_and_are_asked_again_on_request(
    fork: Pipeline, served: World
) -> None:
    labelling = Labelling(fork)
    before, labels, replies = labelling.bytes, labelling.labels, labelling.replies
    some = labels.sort(KEY).head(40)
    write_table(RawReplies, automatic(some), fork.path("data/raw/replies.parquet"))
    asked = served.asked("openai")
    labelling.run(served)
    after = labelling.replies
    assert len(labelling.labels) == len(labels)
    brought = after.join(some, on=KEY, how="semi")
    told = ("labeller", "model", "label", "confidence", "cost_usd", "reply")
    assert set(brought.select(told).iter_rows()) == {("imported", "imported", "bearish", 0.9, 0.0, None)}
    assert after.join(some, on=KEY, how="anti").equals(replies.join(some, on=KEY, how="anti"))
    verdicts = labelling.labels.join(some, on=KEY, how="semi")
    assert set(verdicts.select("label", "votes", "reason").iter_rows()) == {("bearish", 1, None)}
    others = labelling.labels.join(some, on=KEY, how="anti").select(*KEY, "label", "raw_confidence")
    assert others.equals(labels.join(some, on=KEY, how="anti").select(*KEY, "label", "raw_confidence"))
    labelling.run(served, "auto_label.ask_again=true")
    assert labelling.bytes == before
    assert served.asked("openai") == asked  # all of it was held


def test_where_every_label_was_brought_nobody_is_asked_and_no_gate_is_held(
    fork: Pipeline, served: World
) -> None:
    labelling = Labelling(fork)
    everything = pictured(fork)
    write_table(RawReplies, automatic(everything), fork.path("data/raw/replies.parquet"))
    before = served.asked("openai")
    labelling.run(served)
    assert served.asked("openai") == before
    assert labelling.labels.select(*KEY, "label").rows() == [
        (*key, "bearish") for key in everything.select(KEY).sort(KEY).iter_rows()
    ]
    figures = labelling.figures
    assert (figures["labellers"], figures["requests"], figures["cost_usd"]) == ({}, 0, 0)


def test_a_word_outside_of_the_vocabulary_is_a_message(fork: Pipeline) -> None:
    table = pictured(fork).head(1).select(
        *KEY, origin=pl.lit(ORIGIN), label=pl.lit("bulish"), confidence=pl.lit(0.9), raw=pl.lit("{}")
    )  # fmt: skip
    write_table(RawReplies, table, fork.path("data/raw/replies.parquet"))
    done = fork.run("auto_label")
    assert done.returncode == 1
    assert "Did you mean 'bullish'?" in done.stderr
