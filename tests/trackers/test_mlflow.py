"""Real MLflow on a SQLite file."""

import multiprocessing
from pathlib import Path

import pytest

from bizmeme.ports.trackers import Run
from bizmeme.trackers.mlflow import Config, build

CONFIG = Config(name="mlflow", experiment="bizmeme")


def run(folder: Path, fingerprint: str) -> Run:
    folder.mkdir(exist_ok=True)
    (folder / "adapter_config.json").write_text("{}")
    curve = [(step, 1 / step) for step in range(1, 1203)]
    return Run("training", "tiny", {"train.lora.r": 8, "seed": 1}, {"loss": curve}, folder, fingerprint)


@pytest.mark.slow
def test_a_run_keeps_parameters_curve_and_adapter_and_later_scores_find_it(tmp_path: Path) -> None:
    tracker = build(CONFIG, home=tmp_path / "home")
    tracker.record(run(tmp_path / "adapter", "abc"))
    tracker.score("abc", {"test.student.accuracy": 0.6}, gold="old")
    tracker.score("abc", {"test.student.accuracy": 0.7}, gold="new")
    tracker.score("unknown", {"test.student.accuracy": 0.1}, gold="other")
    client, experiment = tracker._open("training")
    (found,) = client.search_runs([experiment])
    assert found.info.status == "FINISHED"
    assert found.data.params == {"train.lora.r": "8", "seed": "1"}
    assert found.data.metrics["test.student.accuracy"] == 0.7
    assert found.data.tags["gold"] == "new"
    assert len(client.get_metric_history(found.info.run_id, "loss")) == 1202
    assert [item.path for item in client.list_artifacts(found.info.run_id, "adapter")] == [
        "adapter/adapter_config.json"
    ]


def _record(home: Path, folder: Path, number: int) -> None:
    build(CONFIG, home=home).record(run(folder, f"run{number}"))


@pytest.mark.slow
def test_processes_that_meet_on_a_fresh_database_do_not_break_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(target=_record, args=(tmp_path / "home", tmp_path / f"a{n}", n)) for n in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(240)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    client, experiment = build(CONFIG, home=tmp_path / "home")._open("training")
    assert len(client.search_runs([experiment])) == 3
