"""Kill -9 while people's files are imported, again and again: the end is that of an undisturbed import.

`make torture N=300` pulls the plug 60 times here; every run of the tests does it three times.
"""

import os
import shutil
import sys
from pathlib import Path

import pytest

from bizmeme.apps.import_ import main
from bizmeme.shell.journals import journal_file, open_journal
from tests.apps.test_import import PRODUCTION, everything, old_database, pictures
from tests.dumps.dumping import json_file, openings
from tests.victims import (
    ROOT,
    SEED,
    Held,
    Victim,
    kills_of,
    plan,
    prepared,
    recovered,
    sha256,
    still_held,
)  # fmt: skip

pytestmark = [pytest.mark.slow, pytest.mark.timeout(0)]

KILLS = kills_of("import")
# How often a victim may come to a place before it is killed there: as often as an import does.
CALLS = {"imports.row": 330, "imports.posts": 15, "imports.labels": 15, "imports.pictures": 4}
ROUND = 3  # kills, until it is let come to its end, and begun afresh
_TABLES = {"posts": 2, "labels": 3, "replies": 2, "media": 1, "pictures": 2}  # and the columns of their keys


def imported(home: Path, *arguments: object) -> None:
    """`bizmeme import`."""
    os.environ["BIZMEME_HOME"] = str(home)
    os.chdir(ROOT)
    main([PRODUCTION, *map(str, arguments)])


def held(home: Path) -> Held:
    """Every row."""
    if not journal_file(home, "real").exists():
        return {}
    now: dict[tuple[object, ...], object] = {}
    with recovered(journal_file(home, "real")) as database:
        for table, keys in _TABLES.items():
            for row in database.execute(f"SELECT * FROM imported_{table}"):
                now[table, *row[:keys]] = sha256(repr(row[keys:]))
    return now


def ended(home: Path) -> object:
    with open_journal(home, "real") as journal:
        return everything(journal.imports)


def test_kills_lose_no_row_and_the_import_ends_where_it_would_have(tmp_path: Path) -> None:
    prepared("bizmeme.stages.compose", "bizmeme.stages.runner", __name__)
    (tmp_path / "map.yaml").write_text("batch_rows: 20\n")
    auto = json_file(tmp_path / "auto.json", {str(post.no): "neutral" for post in openings()})
    files = (old_database(tmp_path), auto, "--pictures", pictures(tmp_path), "--map", tmp_path / "map.yaml")
    home = tmp_path / "home"
    victim = Victim(imported, (home, *files), log=tmp_path / "log.txt")
    most_cpu_s = victim.to_its_end()
    undisturbed = ended(home)
    kills = plan(KILLS, seed=SEED, calls=CALLS, most_cpu_s=most_cpu_s)
    for first in range(0, KILLS, ROUND):
        shutil.rmtree(home)
        before: Held = {}
        for planned in kills[first : first + ROUND]:
            kill = planned
            while not victim.pulled(kill):
                assert ended(home) == undisturbed
                shutil.rmtree(home)
                before, kill = {}, kill.sooner()
            sys.stderr.write(f"killed import: {kill}\n")  # `make torture` shows it
            before = still_held(before, held(home), kill)
        victim.to_its_end()
        still_held(before, held(home), kill)
        assert ended(home) == undisturbed
