"""scrape: the journal and its view."""

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from bizmeme.shell.journals import open_journal
from bizmeme.shell.parquet import read_table
from bizmeme.tables import RawPages
from tests.stages.pipeline import Pipeline, bizmeme


def counts(address: str) -> dict[str, int]:
    """The statuses that a server of the sandbox has answered with."""
    with urllib.request.urlopen(address + "/_counts", timeout=30) as answer:
        return dict(json.load(answer)["statuses"])


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Pipeline, dict[str, str]]]:
    """A pipeline whose world runs in a process of its own and outlives every stage."""
    pipeline = Pipeline(tmp_path / "p", "experiment=small")
    command = [sys.executable, "-m", "bizmeme", "sandbox", "experiment=small"]
    with subprocess.Popen(command, cwd=pipeline.folder, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if "Ctrl-C" in line:
                    break
            state = json.loads((pipeline.home / "sandbox.json").read_text())
            yield pipeline, state["addresses"]
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
    assert not (pipeline.home / "sandbox.json").exists()


def test_the_view_holds_every_thread_and_medium_by_path(small: Pipeline) -> None:
    small.upto("scrape")
    pages = read_table(RawPages, small.path("data/raw/pages.parquet"))
    media = read_table(RawPages, small.path("data/raw/media.parquet"))
    assert {"/biz/catalog.json", "/biz/archive.json"} <= set(pages["path"])
    assert pages["path"].is_sorted()
    assert set(pages["status"]) == {200}
    archive = json.loads(pages.filter(pl.col("path") == "/biz/archive.json")["body"][0])
    threads = {f"/biz/thread/{no}.json" for no in archive}
    assert threads <= set(pages["path"])
    assert len(media) > 300


def test_a_second_run_asks_only_what_may_have_changed_and_gives_the_same_bytes(
    served: tuple[Pipeline, dict[str, str]],
) -> None:
    pipeline, addresses = served
    assert pipeline.run("scrape").returncode == 0
    first = {path.name: path.read_bytes() for path in pipeline.path("data/raw").iterdir()}
    asked, media = counts(addresses["board"]), counts(addresses["media"])
    assert set(asked) == {"200"}  # not once too fast, and with a name
    assert pipeline.run("scrape").returncode == 0
    again = {path.name: path.read_bytes() for path in pipeline.path("data/raw").iterdir()}
    assert first == again
    assert counts(addresses["media"]) == media
    repeated = counts(addresses["board"])
    assert repeated["200"] == asked["200"]
    assert 0 < repeated["304"] < asked["200"] / 2


def test_the_journal_of_one_world_is_not_mixed_with_anothers(small: Pipeline, tmp_path: Path) -> None:
    fork = small.upto("scrape").fork(tmp_path / "fork")
    params = fork.path("params.yaml").read_text()
    assert bizmeme("compose", "experiment=small", "sandbox.seed=1", cwd=fork.folder).returncode == 0
    assert fork.path("params.yaml").read_text() != params
    assert fork.run("scrape").returncode == 0
    journals = sorted(path.stem for path in (fork.home / "journals").glob("*.sqlite"))
    assert len(journals) == 2
    for origin in journals:
        with open_journal(fork.home, origin) as journal:
            assert journal.page("board", "/biz/catalog.json") is not None
