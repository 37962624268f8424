"""Kill -9 in every stage, again and again: nothing is lost, asked twice, or different in the end.

`make torture N=300` pulls the plug sixty times here; every run of the tests ten times, with a fixed seed.
"""

import hashlib
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from bizmeme.stages import STAGES
from tests.end_to_end.project import Project
from tests.end_to_end.torture import Kill, carry_out, plan
from tests.sandbox.web import fetch_json
from tests.victims import SEED, kills_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(0)]

KILLS = kills_of("repro")
# How often a stage may come to a place before it is killed there: a part of what it does in the small world,
# so that several kills at the same place find something left to do.
CALLS = {
    ("scrape", "holdings.write"): 2,
    ("scrape", "files.noted"): 60,
    ("scrape", "journal.keep"): 30,
    ("auto_label", "ledger.reserve"): 40,
    ("auto_label", "ledger.settle"): 40,
    ("auto_label", "ledger.price"): 40,
    ("auto_label", "ledger.commit"): 80,
    ("base", "checkpoint.file"): 12,
    ("base", "checkpoint.marked"): 3,
    ("train", "checkpoint.file"): 9,
    ("train", "checkpoint.marked"): 2,
    ("train", "run.recorded"): 1,
}
BUDGET_USD = 5.0
Held = Mapping[str, object]


@pytest.fixture
def victim(tmp_path: Path) -> Project:
    """A fresh clone."""
    return Project(tmp_path / "victim")


@pytest.fixture
def world(victim: Project) -> Iterator[Mapping[str, str]]:
    """Its world in a process of its own, which outlives the killed and counts what they ask."""
    server = subprocess.Popen(
        [sys.executable, "-m", "bizmeme", "sandbox"],
        cwd=victim.folder,
        env=os.environ | {"PYTHONPATH": str(victim.folder / "src")},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        shown = ""
        while "Ctrl-C stops it" not in shown:
            line = server.stdout.readline()
            assert line, shown
            shown += line
        yield dict(re.findall(r"(\w+)\s*│\s*(http://[\d.:]+)", shown))
    finally:
        server.terminate()
        server.wait(60)


def test_kills_lose_nothing_ask_nothing_twice_and_change_no_byte(
    finished: Project, victim: Project, world: Mapping[str, str], tmp_path: Path
) -> None:
    folder = victim.folder
    cpu_s = {name: float(used) for name, used in re.findall(r"(\w+): (\d+) CPU-seconds", finished.log)}
    kills = plan(KILLS, seed=SEED, calls=CALLS)
    held: Held = {}
    for stage in STAGES:
        for kill in (each for each in kills if each.stage == stage):
            said = carry_out(kill, folder, tmp_path / "tools", cpu_s=cpu_s.get(stage, 0) + 1)
            sys.stderr.write(f"killed {kill}\n")  # `make torture` shows it
            held = still_held(held, folder, kill, said)
        # In earnest, even where a kill that came too late has left the outputs and they are recorded.
        victim.dvc("repro", "--single-item", "--force", "--no-run-cache", stage)
    assert victim.stages_run() == []
    assert locked(folder) == locked(finished.folder)
    assert posts(folder).equals(posts(finished.folder))
    assert labels(folder).equals(labels(finished.folder))
    assert asked(world, folder) == "once"
    weights = (folder / "models/adapter/adapter_model.safetensors").read_bytes()
    assert recorded(folder) == [("FINISHED", hashlib.sha256(weights).hexdigest())]
    leftovers = [path for path in folder.rglob("*.part") if ".dvc" not in path.parts]
    assert [*leftovers, *(folder / ".bizmeme" / "checkpoints").glob("*")] == []


def still_held(before: Held, folder: Path, kill: Kill, said: str) -> Held:
    """What the journal holds now; everything that it held before is among it."""
    now: dict[str, object] = {}
    for journal in (folder / ".bizmeme" / "journals").glob("*.sqlite"):
        with sqlite3.connect(journal) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            for path, body in database.execute("SELECT path, body FROM pages"):
                now[path] = hashlib.sha256(body).digest()
            now |= dict(database.execute("SELECT source || no, body FROM posts"))
            now |= dict(
                database.execute("SELECT source || key || kind, sha256 FROM media WHERE status = 'ok'")
            )
            now |= dict(database.execute("SELECT request_hash, reply FROM asks WHERE answered"))
            (spent,) = database.execute("SELECT TOTAL(COALESCE(cost_usd, reserved_usd)) FROM asks").fetchone()
            assert spent <= BUDGET_USD
    lost = [name for name in before if now.get(name) != before[name]]
    assert not lost, f"after {kill}:\n{said}"
    return now


def locked(folder: Path) -> dict[str, Any]:
    """Every output's hash in dvc.lock, but for those that name what is in doubt, or when posts were seen."""
    stages = yaml.safe_load((folder / "dvc.lock").read_text())["stages"]
    outs = {out["path"]: out["md5"] for stage in stages.values() for out in stage["outs"]}
    told = ("data/auto_replies.parquet", "metrics/auto_label.json", "data/raw", "metrics/scrape.json",
            "data/posts.parquet")  # fmt: skip
    return {path: md5 for path, md5 in outs.items() if path not in told}


def posts(folder: Path) -> pl.DataFrame:
    """Every post; a file asked for in vain more often is given up sooner, so not why a picture is missing."""
    return pl.read_parquet(folder / "data/posts.parquet").drop("image_reason")


def labels(folder: Path) -> pl.DataFrame:
    """The vision API's labels without the money that is in doubt."""
    return pl.read_parquet(folder / "data/auto_replies.parquet").drop("in_doubt_usd")


def asked(world: Mapping[str, str], folder: Path) -> str:
    """`once`: every request was sent once, but for those in flight at a kill, and all those are in doubt."""
    (journal,) = (folder / ".bizmeme" / "journals").glob("*.sqlite")
    with sqlite3.connect(journal) as database:
        answered, distinct, in_doubt = database.execute(
            "SELECT SUM(answered), COUNT(DISTINCT CASE WHEN answered THEN request_hash END), "
            "SUM(NOT answered) FROM asks"
        ).fetchone()
        tries = dict(database.execute("SELECT source, SUM(tries) FROM media GROUP BY source"))
    routes = fetch_json(f"{world['openai']}/_counts")["routes"]
    sent = routes["POST /v1/decisions"]
    assert answered == distinct, "a held reply was paid again"
    assert answered <= sent <= answered + in_doubt, "a request in flight is not in doubt"
    files = {
        "board/biz": sum(fetch_json(f"{world['media']}/_counts")["statuses"].values()),
        "warosu/biz": sum(
            count
            for route, count in fetch_json(f"{world['warosu']}/_counts")["routes"].items()
            if "/data/" in route
        ),
    }
    for source, count in files.items():
        assert 0 < count <= tries[source] + KILLS, "a held picture was fetched again"
    return "once"


def recorded(folder: Path) -> list[tuple[str, str]]:
    """MLflow's runs: status and adapter."""
    with sqlite3.connect(folder / ".bizmeme" / "mlflow.db") as database:
        return database.execute(
            "SELECT runs.status, tags.value FROM runs JOIN tags USING (run_uuid) "
            "WHERE tags.key = 'adapter_sha256' AND runs.lifecycle_stage = 'active'"
        ).fetchall()
