"""auto_label: pilot, gate, cap, resume."""

import json
import sqlite3
from pathlib import Path

import polars as pl
import pytest

from bizmeme.shell.parquet import read_table
from bizmeme.tables import AutoLabels, HumanLabels, Posts
from tests.stages.pipeline import Pipeline


@pytest.fixture
def fork(small: Pipeline, tmp_path: Path) -> Pipeline:
    """The pipeline before anything was paid, to spoil."""
    fork = small.upto("export_labels").fork(tmp_path / "fork")
    fork.path("data/auto_labels.parquet").unlink(missing_ok=True)
    for journal in (fork.home / "journals").glob("*.sqlite"):
        with sqlite3.connect(journal) as database:
            database.execute("DELETE FROM asks")
    return fork


def asks(pipeline: Pipeline) -> tuple[int, float]:
    """How many replies are held, and what they cost."""
    (journal,) = (pipeline.home / "journals").glob("*.sqlite")
    with sqlite3.connect(journal) as database:
        row = database.execute("SELECT COUNT(*), TOTAL(cost_usd) FROM asks WHERE answered").fetchone()
    return int(row[0]), float(row[1])


def test_every_picture_post_gets_a_label_or_a_reason(small: Pipeline) -> None:
    labels = read_table(AutoLabels, small.upto("auto_label").path("data/auto_labels.parquet"))
    posts = read_table(Posts, small.path("data/posts.parquet"))
    assert len(labels) == posts["image_sha256"].is_not_null().sum()
    assert labels["label"].is_not_null().mean() == 1
    assert labels["confidence"].is_between(0, 1).all()
    figures = json.loads(small.path("metrics/auto_label.json").read_text())
    assert figures["posts"] == len(labels)
    assert figures["cost_usd"] == pytest.approx(labels.unique("request_hash")["cost_usd"].sum(), abs=1e-5)


def test_the_labeller_agrees_with_people_about_as_often_as_it_is_right(small: Pipeline) -> None:
    labels = read_table(AutoLabels, small.upto("auto_label").path("data/auto_labels.parquet"))
    human = read_table(HumanLabels, small.path("data/human_labels.parquet")).filter(
        pl.col("gold").is_not_null()
    )
    both = human.unique(["board", "no"]).join(labels, on=["board", "no"], suffix="_auto")
    assert 0.6 < (both["gold"] == both["label_auto"]).mean() < 0.95  # type: ignore[operator]


def test_a_second_run_pays_nothing_and_gives_the_same_bytes(small: Pipeline, tmp_path: Path) -> None:
    fork = small.upto("auto_label").fork(tmp_path / "again")
    paid, before = asks(fork), fork.path("data/auto_labels.parquet").read_bytes()
    assert fork.run("auto_label", "auto_label.asking.concurrency=3").returncode == 0
    assert asks(fork) == paid
    assert fork.path("data/auto_labels.parquet").read_bytes() == before


def test_the_cap_stops_the_run_keeps_what_was_paid_and_the_next_run_goes_on(fork: Pipeline) -> None:
    done = fork.run("auto_label", "auto_label.budget_usd=0.05")
    assert done.returncode == 1
    assert "BudgetError" in done.stderr
    assert "raise the budget and run `dvc repro` again" in done.stderr
    assert "Traceback" not in done.stderr
    held, cost_usd = asks(fork)
    assert held > 10
    assert cost_usd <= 0.05
    assert fork.run("auto_label").returncode == 0
    assert (
        asks(fork)[0]
        == read_table(AutoLabels, fork.path("data/auto_labels.parquet"))["request_hash"].n_unique()
    )


def test_the_gate_stops_a_poor_labeller_before_the_bulk(fork: Pipeline) -> None:
    done = fork.run("auto_label", "sandbox.labeller.accuracy=0.34", "auto_label.gate.min_accuracy=0.7")
    assert done.returncode == 1
    assert "Nothing more was asked" in done.stderr
    assert asks(fork)[0] < 40
    assert not fork.path("data/auto_labels.parquet").exists()


def test_a_pilot_too_small_proves_nothing(fork: Pipeline) -> None:
    done = fork.run("auto_label", "auto_label.gate.min_posts=5000")
    assert done.returncode == 1
    assert "Label more posts" in done.stderr


def test_a_missing_key_for_a_real_host_is_one_clear_message(fork: Pipeline) -> None:
    done = fork.run(
        "auto_label", "labeller.base_url=http://127.0.0.1:1/v1", "labeller.api_key_env=OPENAI_API_KEY"
    )
    assert done.returncode == 1
    assert "MissingKeyError: $OPENAI_API_KEY is not set" in done.stderr
    assert "export OPENAI_API_KEY=" in done.stderr
    assert "Traceback" not in done.stderr


def test_orders_in_a_post_move_no_label(small: Pipeline) -> None:
    posts = read_table(Posts, small.upto("auto_label").path("data/posts.parquet"))
    orders = posts.filter(pl.col("text").str.contains("(?i)ignore all previous instructions"))
    assert len(orders) == 1
    labels = read_table(AutoLabels, small.path("data/auto_labels.parquet"))
    (label,) = orders.join(labels, on=["board", "no"])["label"].to_list()
    assert label != "bullish"  # what it orders
