"""MLflow on SQLite: trainings with their curves, adapters and scores; labellings with their plots.

The database's schema is made once under a file lock before any run: processes that meet on a fresh file break
each other's migrations. Curves go in one batch: a call a value costs 20 ms. A run
is known by what it made of what, so that one killed while it was recorded stands there once in the end.
"""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bizmeme.core.settings import Section
from bizmeme.errors import ServiceError
from bizmeme.ports.trackers import Kind, Run
from bizmeme.shell.storage import storage_error

if TYPE_CHECKING:
    from mlflow import MlflowClient

_FINGERPRINT = "adapter_sha256"
_MADE: Mapping[Kind, str] = {"training": _FINGERPRINT, "labelling": "labels_sha256"}
_IDENTITY = "run_sha256"  # of the adapter and the parameters
_GOLD = "gold"  # of the gold set that the scores are against
_FOLDERS: Mapping[Kind, str] = {"training": "adapter", "labelling": "plots"}
_BATCH = 1000  # MLflow refuses more metrics at once
_PARAM_BATCH = 100


class Config(Section):
    """`tracker: {name: mlflow, …}`."""

    name: Literal["mlflow"]
    """This file."""

    experiment: str
    """The experiment in which trainings are compared; labellings have one beside it."""


class MlflowTracker:
    """ports.Tracker on one SQLite file below the state folder."""

    def __init__(self, config: Config, home: Path) -> None:
        self._config = config
        self._home = home

    def record(self, run: Run) -> None:
        """Store one finished run with its curves and files; once, however often it is told."""
        with self._database(run.kind) as (client, experiment):
            if not _is_recorded(client, experiment, run):
                self._record(client, experiment, run)

    def _record(self, client: "MlflowClient", experiment: str, run: Run) -> None:
        from mlflow.entities import Metric, Param

        tags = {_MADE[run.kind]: run.fingerprint, _IDENTITY: _identity(run)}
        run_id = client.create_run(experiment, run_name=run.name, tags=tags).info.run_id

        now_ms = int(time.time() * 1000)
        metrics = [
            Metric(name, value, now_ms, step) for name, curve in run.metrics.items() for step, value in curve
        ]
        params = [Param(name, str(value)[:500]) for name, value in run.params.items()]
        for start in range(0, len(params), _PARAM_BATCH):
            client.log_batch(run_id, params=params[start : start + _PARAM_BATCH])
        for start in range(0, len(metrics), _BATCH):
            client.log_batch(run_id, metrics=metrics[start : start + _BATCH])
        client.log_artifacts(run_id, str(run.artifacts), _FOLDERS[run.kind])
        client.set_terminated(run_id)

    def score(self, fingerprint: str, scores: Mapping[str, float], *, gold: str) -> None:
        """Add figures, and the gold's hash, to every run that made this adapter; none is made without one."""
        with self._database("training") as (client, experiment):
            for run in client.search_runs([experiment], f"tags.{_FINGERPRINT} = '{fingerprint}'"):
                for name, value in scores.items():
                    client.log_metric(run.info.run_id, name, value)
                client.set_tag(run.info.run_id, _GOLD, gold)

    @contextmanager
    def _database(self, kind: Kind) -> Iterator[tuple["MlflowClient", str]]:
        """Client and experiment; what goes wrong meanwhile is a StorageError or a ServiceError."""
        os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "ERROR")  # else it tells every table that it makes
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield self._open(kind)
        except (MlflowException, SQLAlchemyError, OSError) as error:
            raise storage_error(error, self._home) or ServiceError(
                f"{self._home / 'mlflow.db'} cannot be used by MLflow ({str(error).splitlines()[0]}). "
                "Move it away and run again: adapters and metrics/ do not depend on it."
            ) from error

    def _open(self, kind: Kind) -> tuple["MlflowClient", str]:
        import mlflow

        self._home.mkdir(parents=True, exist_ok=True)
        name = self._config.experiment + (" labelling" if kind == "labelling" else "")
        uri = f"sqlite:///{self._home / 'mlflow.db'}"
        with (self._home / "mlflow.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            mlflow.set_tracking_uri(uri)
            client = mlflow.MlflowClient(uri)  # a first one migrates the fresh database
            found = client.get_experiment_by_name(name)
            if found is not None:
                return client, str(found.experiment_id)
            artifacts = (self._home / "artifacts").as_uri()
            return client, str(client.create_experiment(name, artifacts))


def _identity(run: Run) -> str:
    told = json.dumps([run.fingerprint, run.params], sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()


def _is_recorded(client: "MlflowClient", experiment: str, run: Run) -> bool:
    """Whether it stands there, finished; a half of it, from a kill, is deleted."""
    finished = False
    for held in client.search_runs([experiment], f"tags.{_IDENTITY} = '{_identity(run)}'"):
        if held.info.status == "FINISHED":
            finished = True
        else:
            client.delete_run(held.info.run_id)
    return finished


def build(config: Config, *, home: Path) -> MlflowTracker:
    """A tracker whose database lies below `home`."""
    return MlflowTracker(config, home)
