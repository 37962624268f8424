"""import: everything that people have, written from the sandbox's world, into the journal."""

import csv
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from bizmeme.apps.import_ import import_map, main
from bizmeme.errors import ConfigError, DataError
from bizmeme.shell.imports import Imports
from bizmeme.shell.journals import journal_file, open_journal
from tests.disks import mounted
from tests.dumps.dumping import (
    NOON,
    RATINGS,
    ROOT,
    csv_file,
    database,
    gallery,
    json_file,
    openings,
    rules,
    threads,
    world,
)

PEOPLE = ("ann", "bob")
PRODUCTION = "sandbox=none"
Say = Callable[..., str]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run the command in the repository's root, with a state folder of its own; what it printed."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("BIZMEME_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> str:
        main([PRODUCTION, *map(str, arguments)])
        return capsys.readouterr().out

    return run


def held(tmp_path: Path) -> dict[str, list[object]]:
    """Everything that the journal holds of imports."""
    with open_journal(tmp_path / "home", "real") as journal:
        return everything(journal.imports)


def everything(imports: Imports) -> dict[str, list[object]]:
    return {
        "posts": list(imports.posts()), "labels": list(imports.labels()),
        "replies": list(imports.replies()), "pictures": list(imports.pictures()),
    }  # fmt: skip


def old_database(folder: Path) -> Path:
    """posts.db of the small world, each opening post labelled by two people, who sometimes skip."""
    chance = random.Random(7)
    rows = [
        (post.no, RATINGS[post.mood] if post.mood else None, post.mood is None, "", who, "2025-11-01 12:00")
        for post in openings()
        for who in PEOPLE
        if chance.random() < 0.9
    ]
    return database(folder / "posts.db", openings(), rows)


def pictures(folder: Path) -> Path:
    """The pictures of the opening posts, under the board's own names."""
    images = folder / "images"
    images.mkdir()
    for post in openings():
        if post.picture and post.picture.ext in (".jpg", ".png", ".gif"):
            (images / f"{post.tim}{post.picture.ext}").write_bytes(gallery().file(post.picture).data)
    return images


def test_a_database_with_labels_and_a_folder_of_pictures_is_taken_whole(tmp_path: Path, say: Say) -> None:
    out = say(old_database(tmp_path), "--pictures", pictures(tmp_path))
    now = held(tmp_path)
    assert len(now["posts"]) == len(openings())
    assert len(now["labels"]) > 1.5 * len(openings())
    assert len(now["pictures"]) > 0.8 * len(openings())
    assert {label.annotator for label in now["labels"]} == set(PEOPLE)  # type: ignore[attr-defined]
    assert "SQLite file" in out
    assert "number from thread_id" in out
    assert "time from timestamp" in out
    assert "labels.annotator from labeler_id" in out
    assert all(word in out for word in (*PEOPLE, *RATINGS, "skipped"))


def test_a_second_import_of_the_same_adds_nothing(tmp_path: Path, say: Say) -> None:
    arguments = old_database(tmp_path), "--pictures", pictures(tmp_path)
    say(*arguments)
    before = held(tmp_path)
    again = say(*arguments)
    assert held(tmp_path) == before
    counts = {
        line.split("│")[1].strip(): line.split("│")[2].strip() for line in again.splitlines() if "│" in line
    }
    assert counts["posts"] == counts["labels"] == counts["pictures"] == "0"


def test_pictures_can_be_brought_in_later(tmp_path: Path, say: Say) -> None:
    file, images = old_database(tmp_path), pictures(tmp_path)
    say(file)
    assert held(tmp_path)["pictures"] == []
    say(file, "--pictures", images)
    assert len(held(tmp_path)["pictures"]) > 0.8 * len(openings())


def test_a_dry_run_says_the_same_and_writes_nothing(tmp_path: Path, say: Say) -> None:
    arguments = old_database(tmp_path), "--pictures", pictures(tmp_path)
    *rehearsed, last = say(*arguments, "--dry-run").splitlines()
    assert not journal_file(tmp_path / "home", "real").exists()
    assert last == "Nothing was written (--dry-run)."
    assert say(*arguments).splitlines() == [*rehearsed, "Kept in the journal of 'real'."]
    before = held(tmp_path)
    say(*arguments, "--dry-run")
    assert held(tmp_path) == before


def test_labels_find_their_posts_in_whatever_order_the_files_are_named(tmp_path: Path, say: Say) -> None:
    post = next(post for post in openings() if post.tim)
    labels = csv_file(
        tmp_path / "test_labels.csv", "image_path,text,label", f"images/{post.tim}.jpg,,bearish"
    )
    auto = json_file(tmp_path / "auto_labels.json", {str(post.no): {"label": "bullish", "confidence": 0.9}})
    dump = json_file(tmp_path / "threads.json", threads())
    out = say(labels, auto, dump)
    now = held(tmp_path)
    assert [(each.no, each.label) for each in now["labels"]] == [(post.no, "bearish")]  # type: ignore[attr-defined]
    assert [(each.no, each.label) for each in now["replies"]] == [(post.no, "bullish")]  # type: ignore[attr-defined]
    assert len(now["posts"]) == sum(len(thread.posts) for thread in world().threads.values())
    assert "Nothing was refused." in out


def test_automatic_labels_can_be_left_out_so_that_they_are_asked_again(tmp_path: Path, say: Say) -> None:
    auto = json_file(tmp_path / "auto_labels.json", {"60000412": "bullish"})
    say(auto, "--no-keep-auto-labels")
    assert held(tmp_path)["replies"] == []
    assert "Labels of posts that no import has brought so far: 1." in say(auto)
    assert len(held(tmp_path)["replies"]) == 1


def test_every_refused_row_is_listed_or_written_with_its_reason(tmp_path: Path, say: Say) -> None:
    rows = [f"{no},{NOON if no % 2 else 'soon'},[red]text\x1b[2J[/red]" for no in range(1, 61)]
    path = csv_file(tmp_path / "x.csv", "no,time,text", *rows, f"1,{NOON},another text")
    out = say(path)
    assert out.count("the date is none between 2001 and 2100") == 6  # the reason, and five of its rows
    assert "and 25 more: --refused FILE writes them all." in out
    assert "another post is held under its number" in out
    assert "\x1b" not in out
    say(path, "--refused", tmp_path / "refused.csv")
    with (tmp_path / "refused.csv").open(newline="") as file:
        listed = list(csv.DictReader(file))
    assert len(listed) == 31
    assert listed[0] == {
        "file": "x.csv", "place": "row 2", "what": "post", "value": "soon",
        "reason": "the date is none between 2001 and 2100, or not written as ISO 8601",
    }  # fmt: skip
    assert listed[-1]["place"] == "post 1"


def test_a_picture_of_another_host_is_refused_and_its_post_kept(tmp_path: Path, say: Say) -> None:
    path = csv_file(tmp_path / "x.csv", "no,time,text,image", f"7,{NOON},a,https://evil.example/1.jpg")
    assert "the picture's address is not of the configured media host" in say(path)
    (post,) = held(tmp_path)["posts"]
    assert post.media_path is None  # type: ignore[attr-defined]


def test_an_address_of_the_configured_media_host_becomes_a_media_path(tmp_path: Path, say: Say) -> None:
    url = "https://i.4cdn.org/biz/1759924800123456.jpg"
    say(csv_file(tmp_path / "x.csv", "no,time,text,image", f"7,{NOON},a,{url}"), "experiment=production")
    (post,) = held(tmp_path)["posts"]
    assert post.media_path == "/biz/1759924800123456.jpg"  # type: ignore[attr-defined]


def test_a_mapping_names_only_what_differs_and_its_mistakes_are_told_by_key(tmp_path: Path, say: Say) -> None:
    path = csv_file(tmp_path / "x.csv", "no,scraped,words", f"7,{NOON},a")
    (tmp_path / "map.yaml").write_text("columns: {time: scraped, text: words, number: no}\n")
    say(path, "--map", tmp_path / "map.yaml", "--board", "g")
    (post,) = held(tmp_path)["posts"]
    assert (post.board, post.no, post.text) == ("g", 7, "a")  # type: ignore[attr-defined]
    (tmp_path / "map.yaml").write_text("columns: {tiem: scraped}\n")
    with pytest.raises(ConfigError, match=r"imports\.columns\.tiem: there is no such key\. .* conf/imports/"):
        say(path, "--map", tmp_path / "map.yaml")
    for broken in ("[1, 2]", "a: [", "columns"):
        (tmp_path / "map.yaml").write_text(broken)
        with pytest.raises(ConfigError, match=r"map\.yaml"):
            say(path, "--map", tmp_path / "map.yaml")


def test_a_missing_column_in_one_file_stops_before_any_is_read(tmp_path: Path, say: Say) -> None:
    good = csv_file(tmp_path / "good.csv", "no,time,text", f"7,{NOON},a")
    bad = csv_file(tmp_path / "bad.csv", "no,tmie,text", f"7,{NOON},a")
    with pytest.raises(DataError, match=r"bad\.csv: no column holds the time"):
        say(good, bad)
    assert held(tmp_path)["posts"] == []


def test_the_labellers_names_can_be_told_from_others(tmp_path: Path, say: Say) -> None:
    say(old_database(tmp_path), "--annotator-prefix", "old-")
    assert {each.annotator for each in held(tmp_path)["labels"]} == {"old-ann", "old-bob"}  # type: ignore[attr-defined]


def test_the_default_mapping_is_whole_and_the_one_the_tests_read_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert import_map(None) == rules().how


def run(*arguments: object, home: Path, program: str | None = None) -> "subprocess.Popen[str]":
    """The command in a process of its own, or a program that runs it."""
    command = [sys.executable, "-c", program] if program else [sys.executable, "-m", "bizmeme", "import"]
    return subprocess.Popen(
        [*command, PRODUCTION, *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "BIZMEME_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


KILLED = """
import os, signal, sys
from bizmeme.shell import imports
from bizmeme.apps.import_ import main

left = {left}
execute = imports.Imports._add

def counted(self, *arguments, **named):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(self, *arguments, **named)

imports.Imports._add = counted
main(sys.argv[1:])
"""


@pytest.mark.slow
def test_killed_anywhere_and_run_again_it_ends_in_the_same_state(tmp_path: Path, say: Say) -> None:
    (tmp_path / "map.yaml").write_text("batch_rows: 20\n")
    auto = json_file(tmp_path / "auto.json", {str(post.no): "neutral" for post in openings()})
    arguments = (
        old_database(tmp_path), auto, "--pictures", pictures(tmp_path), "--map", tmp_path / "map.yaml",
    )  # fmt: skip
    say(*arguments)
    undisturbed = held(tmp_path)
    moments = random.Random(7).sample(range(2, 330), 5)
    home = tmp_path / "killed"
    for left in moments:
        process = run(*arguments, home=home, program=KILLED.format(left=left))
        _, told = process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL, told
    done = run(*arguments, home=home)
    _, told = done.communicate(timeout=120)
    assert done.returncode == 0, told
    with open_journal(home, "real") as journal:
        assert everything(journal.imports) == undisturbed


@pytest.mark.slow
def test_an_error_is_one_message_and_status_1_and_the_help_shows_how(tmp_path: Path) -> None:
    process = run(tmp_path / "nowhere.db", home=tmp_path / "home")
    _, told = process.communicate(timeout=120)
    assert process.returncode == 1
    assert told.startswith("DataError: ")
    assert "Traceback" not in told
    process = run("--help", home=tmp_path / "home")
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert all(word in out for word in ("--pictures", "--map", "--dry-run", "thread_ops", "auto_labels.json"))


def test_a_file_in_use_is_one_message_and_nothing_is_lost(tmp_path: Path, say: Say) -> None:
    file = old_database(tmp_path)
    (tmp_path / "map.yaml").write_text("limits: {wait_s: 0.2}\n")
    writer = sqlite3.connect(file, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DataError, match=r"posts\.db is in use"):
        say(file, "--map", tmp_path / "map.yaml")
    writer.close()
    say(file)
    assert len(held(tmp_path)["posts"]) == len(openings())


def test_a_board_that_is_none_and_a_list_that_cannot_be_written_are_told(tmp_path: Path, say: Say) -> None:
    path = csv_file(tmp_path / "x.csv", "no,time,text", f"7,{NOON},a")
    with pytest.raises(ConfigError, match=r"--board \.\./x"):
        say(path, "--board", "../x")
    say(path, "--board", "/g/")
    with pytest.raises(ConfigError, match=r"--refused .* cannot be written"):
        say(path, "--refused", tmp_path / "nowhere" / "x.csv")
    with pytest.raises(ConfigError, match="Name at least one file"):
        say("sandbox.seed=1")


@pytest.mark.slow
def test_a_full_disk_and_a_read_only_one_are_one_message_and_lose_nothing(tmp_path: Path, say: Say) -> None:
    file, images = old_database(tmp_path), pictures(tmp_path)
    with mounted(tmp_path / "home") as disk:
        say(file)
        before = held(tmp_path)
        disk.leave_no_room()
        assert "has room; what it holds is not lost" in failed(file, "--pictures", images, home=disk.folder)
        disk.remount("size=1g")
        disk.remount("ro")
        assert "is writable" in failed(file, "--pictures", images, home=disk.folder)
        disk.remount("rw")
        assert held(tmp_path) == before
        say(file, "--pictures", images)
        assert len(held(tmp_path)["pictures"]) > 0.8 * len(openings())


def failed(*arguments: object, home: Path) -> str:
    """The one message that the command ends with."""
    process = run(*arguments, home=home)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "Traceback" not in told
    return told


def test_a_table_of_many_rows_is_taken_in_batches_each_once(tmp_path: Path, say: Say) -> None:
    rows = 5_001
    table = pl.DataFrame({"no": range(1, rows + 1), "time": [NOON] * rows, "text": ["a"] * rows})
    table.write_parquet(tmp_path / "x.parquet")
    out = say(tmp_path / "x.parquet")
    assert "5,001" in out
    assert len(held(tmp_path)["posts"]) == rows


def test_the_same_posts_out_of_three_kinds_of_file_are_held_once(tmp_path: Path, say: Say) -> None:
    posts = [post for thread in threads() for post in thread["posts"]]
    dump = json_file(tmp_path / "t.json", posts)
    keys = ("no", "resto", "time", "sub", "com")
    pl.DataFrame([{key: post.get(key) for key in keys} for post in posts]).write_parquet(tmp_path / "p")
    lines = tmp_path / "l.jsonl"
    lines.write_text("\n".join(json.dumps(post) for post in posts))
    say(dump)
    out = say(tmp_path / "p", lines)
    assert len(held(tmp_path)["posts"]) == len(posts)
    assert f"{2 * len(posts):,}" in out
    assert "another post is held" not in out
