"""`bizmeme collect` as its user meets it: a look, Ctrl-C, and the usual mistakes."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.disks import mounted

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120
FAR = "https://board.invalid"


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "bizmeme", "collect", "experiment=small", *words]


def env(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "BIZMEME_CONTACT"}
    return kept | {"PYTHONPATH": str(ROOT / "src"), "BIZMEME_HOME": str(home)}


def collect(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    how: dict[str, Any] = {"capture_output": True, "text": True, "timeout": PATIENCE_S}
    return subprocess.run(command(*words), cwd=ROOT, env=env(home), check=False, **how)


def test_one_look_holds_what_the_board_shows_and_sums_it_up(tmp_path: Path) -> None:
    done = collect(tmp_path, "collect.once=true", "collect.kinds=[]")
    assert done.returncode == 0, done.stderr
    assert "new posts" in done.stdout
    assert "requests per new post" in done.stdout
    again = collect(tmp_path, "collect.once=true", "collect.kinds=[]")
    assert "new posts" not in again.stdout
    assert "100%" in again.stdout  # of one request: unchanged


def test_ctrl_c_ends_it_with_a_summary_and_nothing_is_lost(tmp_path: Path) -> None:
    process = subprocess.Popen(
        command("collect.kinds=[]"),
        cwd=ROOT,
        env=env(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    try:
        first = process.stderr.readline()  # the line that a log gets after the first cycle
        os.killpg(process.pid, signal.SIGINT)
        shown, errors = process.communicate(timeout=PATIENCE_S)
    finally:
        if process.poll() is None:
            process.kill()
    assert "new posts" in first
    assert process.returncode == 0, errors
    assert "Collected" in shown
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("source.board=g", "collect.once=true"), "There is no board /g/"),
        (("collect.manners.interval_s=-1",), "collect.manners.interval_s = -1"),
        (("collect.once=maybe",), "collect.once = 'maybe'"),
        (("source=nobody",), "source=nobody: there is no such source. Known: board, imported, warosu."),
        (
            ("source=warosu", "source.from=2025-10-14", "source.to=2025-10-13"),
            "the two days are in the wrong order",
        ),
        (("source=warosu", "source.from=14.10.2025"), "source.warosu.from = '14.10.2025'"),
        (("source=warosu", "source.form=2025-10-14"), "form"),
        (("source=warosu", "source.board=g"), "shows no thread of /g/"),
        (("collect.pictures.max_pixels=0",), "collect.pictures.max_pixels = 0"),
        ((f"source.base_url={FAR}", f"source.media_url={FAR}"), "$BIZMEME_CONTACT is not set"),
    ],
)
def test_a_mistake_is_one_message_and_status_1(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = collect(tmp_path, *words)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_whoever_comes_second_waits_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "journals").mkdir()
    first = subprocess.Popen(
        command("collect.kinds=[]"), cwd=ROOT, env=env(tmp_path), stderr=subprocess.PIPE, text=True
    )
    assert first.stderr is not None
    try:
        first.stderr.readline()
        second = subprocess.Popen(
            command("collect.kinds=[]"), cwd=ROOT, env=env(tmp_path), stderr=subprocess.PIPE, text=True
        )
        assert second.stderr is not None
        try:
            assert "Another run is collecting" in second.stderr.readline()
        finally:
            second.send_signal(signal.SIGINT)  # while it waits: it ends at once
            second.communicate(timeout=PATIENCE_S)
    finally:
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=PATIENCE_S)
    assert second.returncode == 130
    assert first.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("source", ["board", "warosu"])
def test_a_full_disk_and_a_read_only_one_are_one_message_and_lose_nothing(
    tmp_path: Path, source: str
) -> None:
    words = (f"source={source}", "collect.once=true")
    with mounted(tmp_path / "home") as disk:
        disk.remount("size=1m")  # the files of the small world take more
        full = collect(disk.folder, *words)
        held = posts_and_pages(disk.folder)
        disk.remount("size=1g")
        disk.remount("ro")
        locked = collect(disk.folder, *words)
        disk.remount("rw")
        assert posts_and_pages(disk.folder) == held
        assert collect(disk.folder, *words).returncode == 0
        assert posts_and_pages(disk.folder).items() >= held.items()
    for done, said in ((full, "room"), (locked, "writable")):
        assert done.returncode == 1, done.stdout
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def posts_and_pages(home: Path) -> dict[str, str]:
    """What the journal holds, body by name."""
    (journal,) = (home / "journals").glob("*.sqlite")
    with closing(sqlite3.connect(journal)) as database:
        held = dict(database.execute("SELECT source || no, body FROM posts"))
        return held | dict(database.execute("SELECT path, body FROM pages"))
