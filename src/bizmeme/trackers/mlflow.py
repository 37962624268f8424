"""MLflow on SQLite: parameters, curves and adapter of every training, scores beside them.

The database's schema is made once under a file lock before any run: processes that meet on a fresh file break
each other's migrations. Curves go in one batch: a call a value costs 20 ms.
"""

import fcntl
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bizmeme.core.settings import Section
from bizmeme.ports.trackers import Run

if TYPE_CHECKING:
    from mlflow import MlflowClient

_FINGERPRINT = "adapter_sha256"
_BATCH = 1000  # MLflow refuses more metrics at once
_PARAM_BATCH = 100


class Config(Section):
    """`tracker: {name: mlflow, …}`."""

    name: Literal["mlflow"]
    """This file."""

    experiment: str
    """The experiment that runs are compared in."""


class MlflowTracker:
    """ports.Tracker on one SQLite file below the state folder."""

    def __init__(self, config: Config, home: Path) -> None:
        self._config = config
        self._home = home

    def record(self, run: Run) -> None:
        """Store one finished training with its curves and adapter."""
        client, experiment = self._open()
        tags = {_FINGERPRINT: run.fingerprint}
        run_id = client.create_run(experiment, run_name=run.name, tags=tags).info.run_id
        from mlflow.entities import Metric, Param

        now_ms = int(time.time() * 1000)
        metrics = [
            Metric(name, value, now_ms, step) for name, curve in run.metrics.items() for step, value in curve
        ]
        params = [Param(name, str(value)[:500]) for name, value in run.params.items()]
        for start in range(0, len(params), _PARAM_BATCH):
            client.log_batch(run_id, params=params[start : start + _PARAM_BATCH])
        for start in range(0, len(metrics), _BATCH):
            client.log_batch(run_id, metrics=metrics[start : start + _BATCH])
        client.log_artifacts(run_id, str(run.artifacts), "adapter")
        client.set_terminated(run_id)

    def score(self, fingerprint: str, scores: Mapping[str, float]) -> None:
        """Add figures to every run that made this adapter; none is made where there is none."""
        client, experiment = self._open()
        for run in client.search_runs([experiment], f"tags.{_FINGERPRINT} = '{fingerprint}'"):
            for name, value in scores.items():
                client.log_metric(run.info.run_id, name, value)

    def _open(self) -> tuple["MlflowClient", str]:
        import mlflow

        self._home.mkdir(parents=True, exist_ok=True)
        uri = f"sqlite:///{self._home / 'mlflow.db'}"
        with (self._home / "mlflow.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            mlflow.set_tracking_uri(uri)
            client = mlflow.MlflowClient(uri)  # a first one migrates the fresh database
            found = client.get_experiment_by_name(self._config.experiment)
            if found is not None:
                return client, str(found.experiment_id)
            artifacts = (self._home / "artifacts").as_uri()
            return client, str(client.create_experiment(self._config.experiment, artifacts))


def build(config: Config, *, home: Path) -> MlflowTracker:
    """A tracker whose database lies below `home`."""
    return MlflowTracker(config, home)
