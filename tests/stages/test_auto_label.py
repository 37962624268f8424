"""auto_label: pilot, gate, cap, resume, and what it leaves behind."""

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from PIL import Image

from bizmeme.errors import DataError
from bizmeme.shell.parquet import read_table
from bizmeme.tables.posts import Posts
from tests.stages.labelling import KEY, OUTPUTS, PLOTS, Labelling, World, unpaid, world_of
from tests.stages.pipeline import Pipeline

GATE = ("auto_label.gate.min_macro_f1=0.57",)  # the usual world's, on the small world's pilot


@pytest.fixture(scope="module")
def done(small: Pipeline) -> Labelling:
    """The small pipeline with its labels, to look at."""
    return Labelling(small.upto("auto_label"))


@pytest.fixture
def again(small: Pipeline, tmp_path: Path) -> Labelling:
    """The same, to run again."""
    return Labelling(small.upto("auto_label").fork(tmp_path / "again"))


@pytest.fixture
def fresh(small: Pipeline, tmp_path: Path) -> Labelling:
    """The small pipeline before anything was paid."""
    return unpaid(small, tmp_path / "fresh")


@pytest.fixture(scope="module")
def poor(small_config: Mapping[str, Any]) -> Iterator[World]:
    """A world whose labeller is right in 55 of 100 posts."""
    with world_of(small_config, openai=0.55) as world:
        yield world


# --- what comes out


def test_every_picture_post_gets_a_label_or_a_reason(done: Labelling) -> None:
    labels, replies = done.labels, done.replies
    posts = read_table(Posts, done.folder / "data/posts.parquet")
    shown = posts.filter(pl.col("image_sha256").is_not_null())
    assert labels.select(KEY).rows() == replies.select(KEY).rows() == shown.select(KEY).sort(KEY).rows()
    assert labels["label"].is_not_null().all()
    assert labels["confidence"].is_between(0, 1).all()
    assert set(labels["votes"]) == {1}
    figures = done.figures
    assert figures["posts"] == figures["labelled"] == sum(figures["label_mix"].values()) == len(labels)
    paid = replies.unique("request_hash")
    assert figures["requests"] == len(paid) == done.held[0]
    assert figures["cost_usd"] == pytest.approx(paid["cost_usd"].sum(), abs=1e-6)
    assert figures["cost_usd"] == pytest.approx(done.held[1], abs=1e-6)


def test_the_labeller_agrees_with_people_about_as_often_as_it_is_right(done: Labelling) -> None:
    human = done.people.filter(pl.col("gold").is_not_null())
    both = human.unique(KEY).join(done.labels, on=KEY, suffix="_auto")
    assert len(both) > 80
    assert 0.6 < (both["gold"] == both["label_auto"]).mean() < 0.95  # type: ignore[operator]


def test_orders_in_a_post_move_no_label(done: Labelling) -> None:
    posts = read_table(Posts, done.folder / "data/posts.parquet")
    orders = posts.filter(pl.col("text").str.contains("(?i)ignore all previous instructions"))
    assert len(orders) == 1
    (label,) = orders.join(done.labels, on=KEY)["label"].to_list()
    assert label != "bullish"  # what it orders


def test_the_plots_are_pictures_and_a_labelling_is_recorded_once_with_them(
    again: Labelling, served: World
) -> None:
    for name in PLOTS:
        with Image.open(again.folder / "plots/auto_label" / name) as picture:
            assert picture.format == "PNG"
    again.run(served)
    (run,) = recorded(again)
    assert run["status"] == "FINISHED"
    assert {name: Path(run["artifacts"], "plots", name).read_bytes() for name in PLOTS} == {
        name: (again.folder / "plots/auto_label" / name).read_bytes() for name in PLOTS
    }
    assert run["metrics"]["cost_usd"] == pytest.approx(again.figures["cost_usd"])
    assert run["metrics"]["pilot.macro_f1"] == pytest.approx(again.figures["pilot"]["macro_f1"])
    openai = again.figures["labellers"]["openai"]
    assert run["metrics"]["openai.forecast.paid_usd"] == pytest.approx(openai["forecast"]["paid_usd"])
    assert run["metrics"]["openai.gate.macro_f1_low"] == pytest.approx(openai["gate"]["macro_f1"]["low"])
    assert run["params"]["labeller.openai.model"] == "gpt-6-luna"
    assert run["params"]["auto_label.labellers"] == "openai"
    assert run["params"]["gold"] == again.figures["gold"]
    assert run["params"]["guideline"][:400] == again.params["guideline"][:400]
    told = " ".join([*run["params"], *run["params"].values()])
    assert not [word for word in ("base_url", "http:", "127.0.0.1", "sandbox://") if word in told]


def recorded(labelling: Labelling) -> list[dict[str, Any]]:
    """MLflow's labellings."""
    with sqlite3.connect(labelling.pipeline.home / "mlflow.db") as database:
        rows = database.execute(
            "SELECT run_uuid, status, artifact_uri FROM runs JOIN experiments USING (experiment_id) "
            "WHERE experiments.name = 'bizmeme labelling'"
        ).fetchall()
        return [
            {
                "status": status,
                "artifacts": artifacts.removeprefix("file://"),
                "params": dict(database.execute("SELECT key, value FROM params WHERE run_uuid = ?", (run,))),
                "metrics": dict(
                    database.execute("SELECT key, value FROM latest_metrics WHERE run_uuid = ?", (run,))
                ),
            }
            for run, status, artifacts in rows
        ]


# --- what it depends on


def test_a_second_run_pays_nothing_and_gives_the_same_bytes(again: Labelling) -> None:
    paid, before = again.held, again.bytes
    for name in OUTPUTS:
        (again.folder / name).unlink()
    assert again.pipeline.run("auto_label", "labeller.openai.limits.concurrency=3").returncode == 0
    assert again.held == paid
    assert again.bytes == before


def test_it_says_what_this_run_paid_and_not_only_what_the_answers_cost(
    again: Labelling, served: World, capsys: pytest.CaptureFixture[str]
) -> None:
    again.run(served)
    cost = f"${again.figures['cost_usd']:.4f}"
    assert f"their answers cost {cost}, of which this run paid $0.0000." in capsys.readouterr().out


def test_posts_of_one_board_are_not_paid_for_at_another(again: Labelling, served: World) -> None:
    path = again.folder / "data/raw/posts.parquet"
    pl.read_parquet(path).with_columns(origin=pl.lit("real")).write_parquet(path)
    before = served.asked("openai")
    with pytest.raises(
        DataError, match=r"are of real, the configuration is of sandbox-\w+: nothing was asked"
    ):
        again.run(served, "labeller.openai.image_px=97")
    assert served.asked("openai") == before


def test_gold_of_the_role_test_is_never_read(again: Labelling, served: World) -> None:
    before, people = again.bytes, again.people
    other = pl.col("gold").replace({"bearish": "bullish", "bullish": "neutral", "neutral": "bearish"})

    def changed(role: str) -> pl.DataFrame:
        return people.with_columns(gold=pl.when(pl.col("role") == role).then(other).otherwise("gold"))

    assert (changed("test")["gold"] != people["gold"]).sum() > 50
    again.with_people(changed("test")).run(served)
    assert again.bytes == before
    again.with_people(changed("dev")).run(served, "auto_label.gate.override='to see what gold does'")
    assert again.bytes["metrics/auto_label.json"] != before["metrics/auto_label.json"]
    assert again.figures["pilot"]["accuracy"] < 0.3


# --- the cap and the gate


def test_the_cap_stops_the_run_keeps_what_was_paid_and_the_next_run_goes_on(
    fresh: Labelling, served: World
) -> None:
    paid_before = served.paid("openai")
    with fresh.found(served):
        done = fresh.pipeline.run("auto_label", "auto_label.budget_usd=0.006")
    assert done.returncode == 1
    assert "BudgetError" in done.stderr
    assert "raise the budget and run `dvc repro` again" in done.stderr
    assert "Traceback" not in done.stderr
    held, cost_usd = fresh.held
    assert held > 10
    assert cost_usd <= 0.006
    assert not (fresh.folder / "data/auto_labels.parquet").exists()
    fresh.run(served)
    assert fresh.held[0] == fresh.replies["request_hash"].n_unique() > held
    paid = served.paid("openai") - paid_before
    assert set(paid.values()) == {1}  # nothing twice, as its vendor counts
    assert len(paid) == fresh.held[0]


def test_the_gate_stops_a_labeller_right_in_55_of_100_before_the_bulk(fresh: Labelling, poor: World) -> None:
    asked = poor.asked("openai")
    with fresh.found(poor):
        done = fresh.pipeline.run("auto_label", *GATE)
    assert done.returncode == 1
    assert "GateError: openai failed the gate" in done.stderr
    assert "Nothing more was asked" in done.stderr
    assert "Traceback" not in done.stderr
    pilot = len(fresh.pilot)
    assert 20 <= poor.asked("openai") - asked == fresh.held[0] <= pilot < 40
    assert not (fresh.folder / "data/auto_labels.parquet").exists()
    # What the pilot was like is there to be looked at.
    assert done.stderr.endswith(f"Look at {fresh.folder / 'plots/auto_label'}.\n")
    figures = fresh.figures
    assert figures["labellers"]["openai"]["gate"]["passed"] is False
    assert figures["pilot"]["n"] == figures["posts"] == fresh.held[0]
    assert figures["pilot"]["accuracy"] < 0.75
    for name in PLOTS:
        with Image.open(fresh.folder / "plots/auto_label" / name) as picture:
            assert picture.format == "PNG"


def test_the_same_gate_lets_the_usual_labeller_pass(again: Labelling, served: World) -> None:
    again.run(served, *GATE)
    assert again.figures["labellers"]["openai"]["gate"]["passed"] is True


def test_an_override_is_printed_and_stands_in_the_metrics(
    fresh: Labelling, poor: World, capsys: pytest.CaptureFixture[str]
) -> None:
    why = "two coins only, fine for a trial"
    fresh.run(poor, *GATE, "auto_label.limit=40", f"auto_label.gate.override='{why}'")
    gate = fresh.figures["labellers"]["openai"]["gate"]
    assert (gate["passed"], gate["override"]) == (False, why)
    assert len(gate["failures"]) >= 1
    assert f"Overridden: {why}" in capsys.readouterr().out
    assert len(fresh.labels) == 40


def test_a_pilot_too_small_proves_nothing(fresh: Labelling, served: World) -> None:
    with fresh.found(served):
        done = fresh.pipeline.run("auto_label", "auto_label.gate.min_posts=5000")
    assert done.returncode == 1
    assert "label more posts" in done.stderr
