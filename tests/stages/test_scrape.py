"""scrape: the journal and its view."""

import json
import re
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
from bizmeme.stages.scrape import TABLES
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


def raw(pipeline: Pipeline, name: str) -> pl.DataFrame:
    return read_table(TABLES[name], pipeline.path(f"data/raw/{name}.parquet"))


def test_the_view_holds_the_boards_posts_the_archives_pages_and_the_files_of_both(small: Pipeline) -> None:
    small.upto("scrape")
    posts, pages, files = (raw(small, name) for name in ("posts", "pages", "files"))
    assert set(posts["source"]) == {"board"}
    assert set(pages["source"]) == {"warosu"}
    assert {"/biz/?task=page&page=1", "/biz/thread"} == {
        re.sub(r"(#|/\d).*", "", path) for path in pages["path"] if not re.search(r"page=([2-9]|1\d)", path)
    }
    assert set(files["source"]) == {"board", "warosu"}
    assert files.filter(pl.col("status") == "ok")["body"].null_count() == 0
    assert len(files) > 300
    figures = json.loads(small.path("metrics/scrape.json").read_text())
    assert figures["board"]["posts"] == len(posts)
    assert figures["board"]["status_429"] == figures["warosu"]["status_429"] == 0


def test_a_second_run_asks_only_what_may_have_changed_and_the_same_journal_gives_the_same_bytes(
    served: tuple[Pipeline, dict[str, str]],
) -> None:
    pipeline, addresses = served
    assert pipeline.run("scrape").returncode == 0
    first = {path.name: path.read_bytes() for path in pipeline.path("data/raw").iterdir()}
    asked, media = counts(addresses["board"]), counts(addresses["media"])
    assert set(asked) == {"200"}  # not once too fast, and with a name
    assert pipeline.run("scrape").returncode == 0
    assert counts(addresses["media"]) == media
    repeated = counts(addresses["board"])
    assert repeated["200"] == asked["200"]
    assert repeated["304"] == 1
    second = {path.name: path.read_bytes() for path in pipeline.path("data/raw").iterdir()}
    changed = {name for name in first if first[name] != second[name]}
    assert changed <= {"pages.parquet", "files.parquet"}  # the index once more; a file given up
    assert pipeline.run("scrape", "scrape.collect=[]").returncode == 0
    assert second == {path.name: path.read_bytes() for path in pipeline.path("data/raw").iterdir()}


def test_nothing_is_asked_where_nothing_is_to_be_collected(served: tuple[Pipeline, dict[str, str]]) -> None:
    pipeline, addresses = served
    done = pipeline.run("scrape", "scrape.collect=[]")
    assert done.returncode == 0, done.stderr
    assert counts(addresses["board"]) == {}
    assert len(raw(pipeline, "posts")) == 0
    assert json.loads(pipeline.path("metrics/scrape.json").read_text()) == {}


def test_a_source_that_is_not_configured_is_a_message(small: Pipeline, tmp_path: Path) -> None:
    done = small.upto("scrape").fork(tmp_path / "fork").run("scrape", "scrape.collect=[bord]")
    assert done.returncode == 1
    assert "scrape.collect names 'bord'; `source` has board, imported, warosu." in done.stderr


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
            assert journal.counts()["posts from board/biz"] > 0
