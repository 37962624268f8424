"""One process at a time asks or collects for a journal, and nobody locked out by the dead."""

import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from bizmeme.shell.journals import alone

PATIENCE_S = 60


def hold(home: Path, talk: Connection) -> None:
    with alone(home, "real", doing="asking"):
        talk.send("mine")
        talk.recv()


def test_the_second_waits_for_the_first_and_a_killed_one_lets_go(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    context = multiprocessing.get_context("spawn")
    pipes = [context.Pipe() for _ in range(2)]
    workers = [context.Process(target=hold, args=(tmp_path, theirs)) for _, theirs in pipes]
    (first, _), (second, _) = pipes
    workers[0].start()
    assert first.recv() == "mine"
    workers[1].start()
    assert not second.poll(2)  # it waits; that it never comes in early is what counts
    assert workers[0].pid is not None
    os.kill(workers[0].pid, signal.SIGKILL)
    assert second.poll(PATIENCE_S)
    second.recv()
    second.send("done")
    for worker in workers:
        worker.join(PATIENCE_S)
    assert "Another run is asking" in capfd.readouterr().err


def test_other_work_and_other_journals_do_not_wait(tmp_path: Path) -> None:
    with (
        alone(tmp_path, "real", doing="asking"),
        alone(tmp_path, "real", doing="collecting"),
        alone(tmp_path, "sandbox-1", doing="asking"),
    ):
        pass
