"""Kill -9 in scrape and in parse, again and again: in the end they write what undisturbed ones write.

`make torture N=300` pulls the plug 60 times in scrape and 45 times in parse; every run of the tests
three times in each.
"""

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from bizmeme.core.settings import Plugin
from bizmeme.ports.sources import Page, RawPost, Source
from bizmeme.shell.builder import build
from bizmeme.stages.runner import run_stage
from bizmeme.stages.scrape import TABLES
from tests.sandbox.web import fetch_json
from tests.victims import (
    HELD_FILES,
    SEED,
    Held,
    Kill,
    Victim,
    kills_of,
    plan,
    prepared,
    recovered,
    still_held,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(0)]

# How often a victim may come to a place before it is killed there: a part of what one run does.
CALLS = {
    "scrape": {
        "holdings.write": 20,
        "holdings.validator": 20,
        "journal.keep": 20,
        "files.noted": 120,
        "media.renamed": 120,
        "walk.noted": 1,
        "scrape.table": 5,
        "scrape.figures": 1,
    },
    "parse": {"parse.picture": 200, "parse.table": 2},
}
_SEEN = "first_seen"  # when a post was seen first: in another look, where a kill came between
_VERSION = "#"  # what stands behind it in a page's path is the version of a page that changes
_PICTURELESS = "image_reason"  # a file asked for in vain more often is given up sooner


def ran(stage: str, folder: Path, config: Mapping[str, Any]) -> None:
    """The stage, in a folder of its own."""
    os.environ["BIZMEME_HOME"] = str(folder / ".bizmeme")
    folder.mkdir(exist_ok=True)
    os.chdir(folder)
    run_stage(stage, config, out=folder)


@pytest.fixture
def config(small_config: Mapping[str, Any], world: Mapping[str, str]) -> Mapping[str, Any]:
    """The small experiment, its addresses those of a world that outlives the killed."""

    def placed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: placed(each) for key, each in value.items()}
        if isinstance(value, str) and value.startswith("sandbox://"):
            name, slash, rest = value.removeprefix("sandbox://").partition("/")
            return world[name] + slash + rest
        return value

    sections = {
        name: placed(small_config[name]) for name in ("source", "clock", "collect", "scrape", "parse")
    }
    return sections | {"sandbox": None}


def journalled(folder: Path) -> Held:
    """What the journal and the folder of files hold."""
    now: dict[tuple[object, ...], object] = {}
    for journal in (folder / ".bizmeme" / "journals").glob("*.sqlite"):
        with recovered(journal) as database:
            for row in database.execute("SELECT source, no, body FROM posts"):
                now["post", *row[:2]] = row[2]
            now |= {("page", path): body for path, body in database.execute("SELECT path, body FROM pages")}
            now |= {("file", *row): True for row in database.execute(HELD_FILES)}
    return now


@dataclass(frozen=True)
class Collected:
    """What scrape leaves behind, without what tells of the looks themselves."""

    tables: Mapping[str, pl.DataFrame]
    archived: list[RawPost]  # what the archive's pages say, each rendered anew by every answer


def collected(folder: Path, config: Mapping[str, Any]) -> Collected:
    """What is there now."""
    assert list(folder.rglob("*.part")) == []
    tables = {name: pl.read_parquet(folder / f"data/raw/{name}.parquet") for name in TABLES}
    pages = tables["pages"].select("path", "status", "last_modified", "body").iter_rows()
    archive: Source = build("source", Plugin.model_validate(config["source"]["warosu"]))
    shown = tables | {
        "posts": tables["posts"].drop(_SEEN),
        "pages": tables["pages"].filter(~pl.col("path").str.contains(_VERSION, literal=True)).drop("body"),
        "files": tables["files"].filter(status="ok"),
    }
    return Collected(shown, list(archive.read((), (Page(*page) for page in pages))))


def assert_same(left: Collected, right: Collected) -> None:
    """Nothing tells one from the other."""
    for name in TABLES:
        assert_frame_equal(left.tables[name], right.tables[name])
    assert left.archived == right.archived


def parsed(folder: Path) -> Mapping[str, bytes]:
    """Every file that parse writes."""
    assert list((folder / "data").rglob("*.part")) == []
    made = [
        folder / "data/posts.parquet",
        folder / "data/images.parquet",
        *(folder / "data/images").iterdir(),
    ]
    return {path.name: path.read_bytes() for path in made}


def test_kills_in_scrape_lose_nothing_and_end_in_the_same_tables(
    config: Mapping[str, Any], world: Mapping[str, str], tmp_path: Path
) -> None:
    prepared("bizmeme.stages.scrape", "bizmeme.stages.parse", "bizmeme.shell.builder", __name__)
    folder, undisturbed = tmp_path / "victim", tmp_path / "undisturbed"
    most_cpu_s = Victim(ran, ("scrape", undisturbed, config), log=tmp_path / "log.txt").to_its_end()
    Victim(ran, ("parse", undisturbed, config), log=tmp_path / "log.txt").to_its_end()
    expected = collected(undisturbed, config)
    victim = Victim(ran, ("scrape", folder, config), log=tmp_path / "log.txt")
    held: Held = {}
    noted, starts = tries(undisturbed), 1
    surplus = files_asked(world) - noted  # a web page in a file's place is waited out, then noted as one try

    def began_afresh() -> None:
        nonlocal held, noted, starts
        assert_same(collected(folder, config), expected)
        held, noted, starts = {}, noted + tries(folder), starts + 1
        shutil.rmtree(folder)

    for planned in plan(kills_of("scrape"), seed=SEED, calls=CALLS["scrape"], most_cpu_s=most_cpu_s):
        kill = pulled("scrape", victim, planned, began_afresh)
        held, starts = still_held(held, journalled(folder), kill), starts + 1
    victim.to_its_end()
    still_held(held, journalled(folder), kill)
    assert_same(collected(folder, config), expected)
    unnoted = files_asked(world) - noted - tries(folder)
    assert unnoted <= (starts + 1) * (surplus + 1), "a held file was fetched again"
    Victim(ran, ("parse", folder, config), log=tmp_path / "log.txt").to_its_end()
    assert posts(folder).equals(posts(undisturbed))
    assert parsed(folder).keys() == parsed(undisturbed).keys()  # pictures, by content


def test_kills_in_parse_end_in_the_same_bytes(config: Mapping[str, Any], tmp_path: Path) -> None:
    prepared("bizmeme.stages.scrape", "bizmeme.stages.parse", "bizmeme.shell.builder", __name__)
    folder = tmp_path / "victim"
    Victim(ran, ("scrape", folder, config), log=tmp_path / "log.txt").to_its_end()
    victim = Victim(ran, ("parse", folder, config), log=tmp_path / "log.txt")
    most_cpu_s = victim.to_its_end()
    expected = parsed(folder)

    def began_afresh() -> None:
        assert parsed(folder) == expected
        shutil.rmtree(folder / "data/images")
        for name in ("posts", "images"):
            (folder / f"data/{name}.parquet").unlink()

    for planned in plan(kills_of("parse"), seed=SEED, calls=CALLS["parse"], most_cpu_s=most_cpu_s):
        began_afresh()
        pulled("parse", victim, planned, began_afresh)
        victim.to_its_end()
    assert parsed(folder) == expected


def pulled(stage: str, victim: Victim, planned: Kill, began_afresh: Callable[[], None]) -> Kill:
    """Kill the stage as planned: in what it has left to do, else in all of it, else sooner."""
    kill = planned
    while not victim.pulled(kill):
        began_afresh()
        if victim.pulled(kill):
            break
        assert kill.can_be_sooner, f"{kill}: nothing comes there"
        began_afresh()
        kill = kill.sooner()
    sys.stderr.write(f"killed {stage}: {kill}\n")  # `make torture` shows it
    return kill


def posts(folder: Path) -> pl.DataFrame:
    """Every post as parsed, whichever word says why its picture is missing."""
    return pl.read_parquet(folder / "data/posts.parquet").drop(_PICTURELESS)


def tries(folder: Path) -> int:
    """How often a file was asked for, as the journal knows it; what was in flight at a kill is not in it."""
    (journal,) = (folder / ".bizmeme" / "journals").glob("*.sqlite")
    with recovered(journal) as database:
        (total,) = database.execute("SELECT SUM(tries) FROM media").fetchone()
    return int(total)


def files_asked(world: Mapping[str, str]) -> int:
    """Requests for files so far, at the board's host and the archive's."""
    archive = fetch_json(f"{world['warosu']}/_counts")["routes"]
    board = fetch_json(f"{world['media']}/_counts")["statuses"]
    return int(sum(board.values()) + sum(times for route, times in archive.items() if "/data/" in route))
