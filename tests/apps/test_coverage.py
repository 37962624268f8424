"""coverage and stats: tables, gaps with the command that fills them, and pictures, of a collected sandbox."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image

from bizmeme.apps import coverage, stats
from bizmeme.sandbox.building import build as build_world
from bizmeme.shell.journal import Journal
from bizmeme.shell.journals import open_journal
from tests.sandbox.conftest import load

ROOT = Path(__file__).parents[2]
SMALL = load("small")
PATIENCE_S = 120
WIDTH_PX = 1600
Say = Callable[..., str]


def bizmeme(home: Path, *words: str) -> None:
    """Run the command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bizmeme", *words],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "BIZMEME_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder after one look at the small board, when it still showed everything."""
    home = tmp_path_factory.mktemp("home")
    whole = "sandbox.serving.archive_days=1000"
    bizmeme(home, "collect", "experiment=small", "collect.once=true", "collect.kinds=[]", whole)
    return home


@pytest.fixture
def home(collected: Path, tmp_path: Path) -> Path:
    """A copy of it, to change."""
    return Path(shutil.copytree(collected, tmp_path / "home"))


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run one of the two in the repository's root; what it printed."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("BIZMEME_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "120")

    def run(name: str, *arguments: str) -> str:
        main = {"coverage": coverage.main, "stats": stats.main}[name]
        main(["experiment=small", "--png", str(tmp_path / f"{name}.png"), *arguments])
        return capsys.readouterr().out

    return run


def journal_of(home: Path) -> Path:
    (file,) = (home / "journals").glob("sandbox-*.sqlite")
    return file


def forget(home: Path, first: str, last: str) -> int:
    """Drop the posts of some days, as if nobody had collected then; how many those were."""

    def drop(journal: Journal) -> int:
        moments = [int(datetime.fromisoformat(f"{day}T00:00+00:00").timestamp()) for day in (first, last)]
        with journal.transaction():
            gone = journal.database.execute(
                "DELETE FROM posts WHERE posted_at >= ? AND posted_at < ?", moments
            )
        return gone.rowcount

    with open_journal(home, journal_of(home).stem) as journal:
        return drop(journal)


def rows(said: str) -> dict[str, list[str]]:
    """The cells of a printed table's rows by the first one."""
    cells = [line.split() for line in said.splitlines() if line.startswith(" ") and line.strip()]
    return {row[0]: row[1:] for row in cells}


def drawn(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        picture.load()
        return picture.convert("RGB")


def colours(picture: Image.Image) -> set[tuple[int, ...]]:
    found = picture.getcolors(picture.width * picture.height)
    assert found is not None
    return {colour for _, colour in found if isinstance(colour, tuple)}


def hatched(picture: Image.Image) -> bool:
    """Whether there is anything reddish among the bars of the board, which are blue."""
    bars = picture.crop((110, 110, WIDTH_PX, 540))
    return any(red > blue + 40 for red, _, blue in colours(bars))


BLUE, IN_A_GAP = (0x00, 0x72, 0xB2), (0xF6, 0xD3, 0xBC)


def test_every_day_of_the_world_has_its_posts_threads_pictures_period_and_part(home: Path, say: Say) -> None:
    said = say("coverage")
    told = rows(said)
    world = build_world(SMALL)
    posts = [post for thread in world.threads.values() for post in thread.posts]
    days = {day: cells for day, cells in told.items() if day.startswith("2025-")}
    assert len(days) == 21
    assert sum(int(cells[0]) for cells in days.values()) == len(posts)
    usable = [post for post in posts if post.picture and post.picture.flaw != "video"]
    assert sum(int(cells[2]) for cells in days.values()) == len(usable)
    assert [cells[4] for cells in days.values()] == ["greed"] * 7 + ["calm"] * 7 + ["fear"] * 7
    assert [cells[5:] for cells in days.values()][14:] == [["last"]] * 7
    assert "No gap" in said
    assert "threads outside of its world" in said
    picture = drawn(home.parent / "coverage.png")
    assert picture.width == WIDTH_PX
    assert BLUE in colours(picture)
    assert IN_A_GAP not in colours(picture)
    assert not hatched(picture)


def test_the_command_that_is_printed_fills_the_gap(home: Path, say: Say) -> None:
    lost = forget(home, "2025-10-17", "2025-10-21")
    assert lost > 200
    said = say("coverage", "collect.kinds=[]")
    assert rows(said)["2025-10-18"][:2] == ["0", "0"]
    picture = drawn(home.parent / "coverage.png")
    assert IN_A_GAP in colours(picture)
    assert hatched(picture)
    (line,) = (line for line in said.splitlines() if "bizmeme collect" in line)
    typed, _, why = line.partition("#")
    assert "1 gap" in why
    words = shlex.split(typed)
    assert words[:4] == ["bizmeme", "collect", "experiment=small", "collect.kinds=[]"]
    bizmeme(home, *words[1:])
    again = say("coverage")
    assert "No gap" in again
    assert int(rows(again)["2025-10-18"][1]) > 0
    assert "warosu" in again


def test_weeks_fold_seven_days_and_opening_posts_are_threads(home: Path, say: Say) -> None:
    told = rows(say("coverage", "--by", "week", "--opening-posts", "--no-png"))
    weeks = [cells for day, cells in told.items() if day.startswith("2025-")]
    assert len(weeks) == 3
    assert all(cells[0] == cells[1] for cells in weeks)
    assert sum(int(cells[0]) for cells in weeks) == len(build_world(SMALL).threads)
    assert not (home.parent / "coverage.png").exists()


def test_stats_add_up_and_say_how_far_it_is(home: Path, say: Say) -> None:
    said = say("stats", "--goal", "1,000")
    told = rows(said)
    world = build_world(SMALL)
    assert told["posts"][0] == str(sum(len(thread.posts) for thread in world.threads.values()))
    assert told["threads"] == [str(len(world.threads))]
    assert "of 1,000 posts with a picture" in said
    picture = drawn(home.parent / "stats.png")
    assert picture.width == WIDTH_PX
    assert BLUE in colours(picture)


@pytest.mark.parametrize("name", ["coverage", "stats"])
def test_an_empty_journal_is_one_sentence_and_no_picture(tmp_path: Path, say: Say, name: str) -> None:
    said = say(name)
    assert len(said.splitlines()) == 1
    assert "holds no post of /biz/ from any source yet" in said
    assert "`bizmeme import`" in said
    assert "no opening post of /biz/ from warosu yet" in say(name, "--source", "warosu", "--opening-posts")
    assert not (tmp_path / f"{name}.png").exists()


def test_the_same_posts_give_the_same_picture_to_the_byte(home: Path, say: Say) -> None:
    say("coverage")
    first = (home.parent / "coverage.png").read_bytes()
    say("coverage")
    assert (home.parent / "coverage.png").read_bytes() == first
