"""A disk that is full or read-only: one clear message in every stage, and the next run goes on."""

import subprocess
from pathlib import Path

import polars as pl
import pytest

from bizmeme.stages import STAGES
from tests.disks import mounted
from tests.stages.pipeline import Pipeline, bizmeme

pytestmark = pytest.mark.slow

RUN = list(STAGES)[1:]
SAID = ("StorageError: The disk of ", "JournalError: The journal ")


@pytest.mark.parametrize("stage", RUN)
def test_a_stage_on_a_bad_disk_says_so_and_goes_on_on_a_good_one(
    small: Pipeline, tmp_path: Path, stage: str
) -> None:
    with mounted(tmp_path / "disk") as disk:
        fork = small.upto("judge").fork(disk.folder / "fork")
        outputs = outputs_of(fork, stage)
        for name in outputs:
            fork.path(name).unlink()
        disk.remount("ro")
        assert_one_message(fork.run(stage), "read-only", "writable")
        disk.remount("rw")
        disk.leave_no_room()
        assert_one_message(fork.run(stage), "full", "room")
        disk.remount("size=1g")
        done = fork.run(stage)
        assert done.returncode == 0, done.stderr
        assert_same(fork, small, stage, outputs)


def test_a_hand_run_stage_on_a_read_only_disk_says_so(small: Pipeline, tmp_path: Path) -> None:
    with mounted(tmp_path / "disk") as disk:
        fork = small.upto("sample").fork(disk.folder / "fork")
        disk.remount("ro")
        assert_one_message(bizmeme("sample", "experiment=small", cwd=fork.folder), "read-only", "writable")
        assert_one_message(bizmeme("compose", cwd=fork.folder), "read-only", "writable")
        disk.remount("rw")


def assert_same(fork: Pipeline, small: Pipeline, stage: str, outputs: list[str]) -> None:
    """Nothing shows that a run was disturbed.

    data/raw tells when posts were seen, so parse tells of it; a file asked for in vain twice as often
    is given up sooner, and so the reason for a missing picture may differ.
    """
    if stage == "scrape":
        done = fork.run("parse")
        assert done.returncode == 0, done.stderr
        outputs = ["data/images.parquet"]
        ours, theirs = (pl.read_parquet(each.path("data/posts.parquet")) for each in (fork, small))
        assert ours.drop("image_reason").equals(theirs.drop("image_reason"))
    for name in outputs:
        assert fork.path(name).read_bytes() == small.path(name).read_bytes(), name


def outputs_of(pipeline: Pipeline, stage: str) -> list[str]:
    """The files that a stage alone makes, folders not counted in."""
    import yaml

    root = Path(__file__).parents[2]
    entry = yaml.safe_load((root / "dvc.yaml").read_text())["stages"][stage]
    names = [each if isinstance(each, str) else next(iter(each))
             for each in (*entry.get("outs", ()), *entry.get("metrics", ()))]  # fmt: skip
    found = [path for name in names for path in files(pipeline.path(name))]
    return sorted(str(path.relative_to(pipeline.folder)) for path in found)


def files(path: Path) -> list[Path]:
    return [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]


def assert_one_message(done: "subprocess.CompletedProcess[str]", *words: str) -> None:
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    assert any(start in done.stderr for start in SAID), done.stderr
    assert any(word in done.stderr for word in words), done.stderr
