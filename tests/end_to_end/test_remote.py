"""Data through an S3 bucket, code through git: another clone has everything and pays for nothing."""

import re
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import s3
from tests.end_to_end.project import ROOT, Project
from tests.end_to_end.test_pipeline import journal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

GUIDE = ROOT / "docs" / "train-on-a-gpu.md"


@pytest.fixture(params=s3.MAKERS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """An S3 server; the environment of its clients."""
    with s3.serving(request.param, tmp_path / "s3") as environment:
        yield environment


@pytest.fixture
def sender(finished: Project, store: dict[str, str]) -> Iterator[Project]:
    """The finished project, with the keys to the store."""
    finished.environment = store
    yield finished
    finished.environment = {}


def test_a_second_clone_pulls_everything_and_runs_nothing(
    sender: Project, store: dict[str, str], tmp_path: Path
) -> None:
    sender.dvc("push")
    other = Project.cloned(sender.folder, tmp_path / "other")
    other.environment = store
    other.dvc("pull")
    assert other.stages_run() == []
    assert other.git("status", "--porcelain") == ""
    adapter = "models/adapter/adapter_model.safetensors"
    assert (other.folder / adapter).read_bytes() == (sender.folder / adapter).read_bytes()


def test_the_store_checks_the_keys_and_the_refusal_names_none(sender: Project) -> None:
    sender.environment = sender.environment | {"AWS_SECRET_ACCESS_KEY": "planted-wrong-secret"}
    done = sender.run("dvc", "push", check=False)
    assert done.returncode != 0
    assert "planted-wrong-secret" not in done.stdout + done.stderr
    assert s3.SECRET not in done.stdout + done.stderr


@pytest.mark.parametrize("store", ["nanio"], indirect=True)
def test_a_restored_journal_answers_every_request_again(
    sender: Project, store: dict[str, str], tmp_path: Path
) -> None:
    sender.dvc("push")
    other = Project.cloned(sender.folder, tmp_path / "other")
    other.environment = store
    other.dvc("pull")
    told = other.run("bizmeme", "journal", "restore").stdout
    assert contents(other) == contents(sender)
    assert re.search(r"gpt-6-luna\W+restored\W+\d{3}\b", told)
    assert other.run("bizmeme", "journal", "restore").stdout == told  # twice is once
    other.edit("conf/labeller/openai.yaml", "concurrency: 16", "concurrency: 3")
    assert other.stages_run() == ["compose", "auto_label"]
    assert contents(other) == contents(sender)  # a request would have been written down before it was sent


@pytest.mark.parametrize("store", ["nanio"], indirect=True)
def test_tables_of_another_world_fill_no_journal(
    sender: Project, store: dict[str, str], tmp_path: Path
) -> None:
    done = sender.run("bizmeme", "journal", "restore", "sandbox.seed=8", check=False)
    assert done.returncode == 1
    assert "DataError: The tables in data/ are of 'sandbox-" in done.stderr


@pytest.mark.parametrize("store", ["nanio"], indirect=True)
def test_the_guide_to_a_rented_gpu_works_word_for_word(
    sender: Project, store: dict[str, str], tmp_path: Path
) -> None:
    repository = tmp_path / "repository.git"
    sender.dvc("push")
    sender.git("clone", "--quiet", "--bare", ".", str(repository))
    laptop = Project.cloned(repository, tmp_path / "laptop")
    laptop.environment = store | {"REPOSITORY": str(repository)}
    laptop.dvc("pull")
    laptop.edit("conf/train/small.yaml", "learning_rate:", "learning_rate: 1.7e-3  #")
    rented = tmp_path / "rented"
    rented.mkdir()
    for place, commands in blocks():
        rehearse(commands, at=laptop.folder if place == "laptop" else rented, environment=laptop.environment)
    made = "models/adapter/adapter_model.safetensors"
    assert (laptop.folder / made).read_bytes() == (rented / "bizmeme" / made).read_bytes()
    assert (laptop.folder / made).read_bytes() != (sender.folder / made).read_bytes()
    assert laptop.stages_run() == []
    assert {place for place, _ in blocks()} == {"laptop", "rented machine"}


def blocks() -> list[tuple[str, str]]:
    """The guide's commands in their order, each block with the machine that its heading names."""
    text = re.sub(r"^export (AWS|REPOSITORY).*\n", "", GUIDE.read_text(), flags=re.MULTILINE)
    found = []
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading, _, body = section.partition("\n")
        place = "rented machine" if "rented machine" in heading else "laptop"
        found += [(place, commands) for commands in re.findall(r"```bash\n(.*?)```", body, re.DOTALL)]
    return found


def rehearse(commands: str, *, at: Path, environment: dict[str, str]) -> None:
    """Run a block in one shell, as if pasted; the virtual environment is lent, not installed."""
    lent = f'ln -s "{Path(sys.executable).parents[1]}" .venv\n'
    script = commands.replace("make install\n", lent + "make install\n")
    identity = {
        f"GIT_{who}_{what}": "tests@example.org"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    shell = Project.__new__(Project)
    shell.folder, shell.environment, shell._timeout_s = at, environment | identity, 600
    shell.run("bash", "-euo", "pipefail", "-c", script)


def contents(project: Project) -> list[list[tuple[object, ...]]]:
    """Every post, page, file, ask and frozen post of its journal."""
    with sqlite3.connect(journal(project)) as database:
        posts = database.execute(
            "SELECT source, no, thread_no, posted_at, digest, has_file, body, deleted_at FROM posts "
            "ORDER BY 1, 2"
        ).fetchall()
        pages = database.execute("SELECT * FROM pages ORDER BY source, path").fetchall()
        files = database.execute(
            "SELECT source, key, kind, path, status, sha256 FROM media ORDER BY 1, 2, 3"
        ).fetchall()
        asks = database.execute(
            "SELECT request_hash, model, answered, cost_usd, reply FROM asks ORDER BY request_hash"
        ).fetchall()
        gold = database.execute("SELECT * FROM gold ORDER BY board, no").fetchall()
    assert posts
    assert files
    assert gold
    return [posts, pages, files, asks, gold]
