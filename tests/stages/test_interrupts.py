"""Ctrl-C in every stage, in the middle of its work: one sentence, status 130, and the next run goes on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bizmeme.stages import STAGES
from tests import aim
from tests.stages.pipeline import ROOT, TIMEOUT_S, Pipeline
from tests.stages.test_storage import assert_same, outputs_of

pytestmark = pytest.mark.slow

# Stage → the place (tests/aim.py) where Ctrl-C is pressed.
PLACES = {
    "scrape": "journal.keep after 30",
    "parse": "output.table before 2",
    "sample": "output.table before 1",
    "export_labels": "output.json before 1",
    "auto_label": "ledger.settle after 25",
    "prepare": "output.json before 2",
    "base": "checkpoint.marked after 2",
    "train": "checkpoint.file before 7",
    "evaluate": "output.json before 1",
    "judge": "output.json before 1",
}


@pytest.mark.parametrize("stage", list(STAGES)[1:])
def test_ctrl_c_is_one_sentence_and_the_next_run_goes_on(small: Pipeline, tmp_path: Path, stage: str) -> None:
    fork = small.upto("judge").fork(tmp_path / "fork")
    outputs = outputs_of(fork, stage)
    for name in outputs:
        fork.path(name).unlink()
    if stage in ("scrape", "auto_label"):
        for journal in (fork.home / "journals").glob("*"):
            journal.unlink()
    done = interrupted(fork, stage)
    assert done.returncode == 130, done.stderr
    assert done.stderr.endswith("Stopped. What was received is kept: run it again to go on.\n")
    assert "Traceback" not in done.stderr
    done = fork.run(stage)
    assert done.returncode == 0, done.stderr
    assert_same(fork, small, stage, outputs)


def interrupted(pipeline: Pipeline, stage: str) -> "subprocess.CompletedProcess[str]":
    """Run a stage in a process group of its own, as a terminal does, and press Ctrl-C in it."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("DVC_", "BIZMEME_"))}
    return subprocess.run(
        [
            sys.executable,
            aim.__file__,
            "-m",
            "bizmeme",
            stage,
            "--config-dir",
            ".",
            "--config-name",
            "params",
        ],
        cwd=pipeline.folder,
        env=known | {"PYTHONPATH": str(ROOT / "src"), "DVC_STAGE": stage, "AIM": f"{PLACES[stage]} INT"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        start_new_session=True,
    )
