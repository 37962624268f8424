"""Kill -9 while an archive is walked, again and again: in the end all is held that an undisturbed walk holds.

`make torture N=300` pulls the plug 45 times here; every run of the tests does it three times.
"""

import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from bizmeme.ports.sources import RawPost
from bizmeme.shell.journals import journal_file
from bizmeme.shell.media_store import MediaStore
from bizmeme.sources.warosu import Warosu
from tests.collectors.test_warosu import ORIGIN, config, kept, serving, walk
from tests.sandbox.web import fetch_json
from tests.victims import (
    HELD_FILES,
    SEED,
    Held,
    Victim,
    kills_of,
    plan,
    prepared,
    recovered,
    sha256,
    still_held,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(0)]

KILLS = kills_of("warosu")
# How often a victim may come to a place before it is killed there: a part of what a walk does.
CALLS = {
    "journal.keep": 20,
    "files.wanted": 120,
    "files.noted": 120,
    "media.renamed": 120,
    "budget.written": 300,
    "walk.noted": 1,
}
_PATHS = "SELECT path, frozen FROM pages"  # what stands after # is the version of a page that changes
Addresses = Mapping[str, str]


@pytest.fixture(scope="module")
def addresses() -> Iterator[Addresses]:
    prepared("tests.collectors.test_warosu")
    with serving() as found:
        yield found


def held(home: Path) -> Held:
    """Every page as it came, and every file, which is what its name says."""
    if not journal_file(home, ORIGIN).exists():
        return {}
    with recovered(journal_file(home, ORIGIN)) as database:
        pages = database.execute("SELECT path, frozen, last_modified, body FROM pages").fetchall()
        files = database.execute(HELD_FILES).fetchall()
    for *_, name in files:
        MediaStore(home / "media").get(name)  # which compares
    shown = {("page", path): (frozen, modified, sha256(body)) for path, frozen, modified, body in pages}
    return shown | {("file", key, kind): True for key, kind, _ in files}


@dataclass(frozen=True)
class Ended:
    """What a walk leaves behind."""

    pages: set[tuple[str, bool]]  # by their paths, and whether they are frozen
    posts: list[RawPost]
    files: list[tuple[str, ...]]
    walks: list[tuple[object, ...]]  # how far they came


def ended(home: Path, addresses: Addresses) -> Ended:
    """What is there now."""
    assert list((home / "media").rglob("*.part")) == []
    with recovered(journal_file(home, ORIGIN)) as database:
        paths = {(path.partition("#")[0], frozen) for path, frozen in database.execute(_PATHS)}
        files = database.execute("SELECT key, kind, path, status, sha256 FROM media ORDER BY 1, 2").fetchall()
        walks = database.execute("SELECT * FROM walks").fetchall()
    return Ended(paths, list(Warosu(config(addresses)).read((), kept(home))), files, walks)


def afresh(home: Path) -> None:
    """Nothing held, but for the budgets of the hosts: who comes next is the same visitor."""
    for name in ("journals", "media"):
        shutil.rmtree(home / name)


def test_kills_lose_no_page_and_no_file_and_the_walk_ends_where_it_would_have(
    addresses: Addresses, tmp_path: Path
) -> None:
    victim = Victim(walk, (addresses, tmp_path, "thumbnail"), log=tmp_path / "log.txt")
    most_cpu_s = victim.to_its_end()
    undisturbed, once = ended(tmp_path, addresses), files_asked(addresses)  # some for a larger thumbnail
    afresh(tmp_path)
    before: Held = {}
    rounds = 2  # the one that nobody touched, and the one that is brought to its end
    for planned in plan(KILLS, seed=SEED, calls=CALLS, most_cpu_s=most_cpu_s / 2):
        kill = planned
        while not victim.pulled(kill):
            assert kill.can_be_sooner, f"{kill}: nothing comes there"
            assert ended(tmp_path, addresses) == undisturbed
            afresh(tmp_path)
            before, kill, rounds = {}, kill.sooner(), rounds + 1
        sys.stderr.write(f"killed warosu: {kill}\n")  # `make torture` shows it
        before = still_held(before, held(tmp_path), kill)
    victim.to_its_end()
    still_held(before, held(tmp_path), kill)
    assert ended(tmp_path, addresses) == undisturbed
    assert "429" not in fetch_json(f"{addresses['warosu']}/_counts")["statuses"]
    assert files_asked(addresses) <= rounds * once + KILLS, "a held file was fetched again"


def files_asked(addresses: Addresses) -> int:
    """Requests for files so far."""
    routes = fetch_json(f"{addresses['warosu']}/_counts")["routes"]
    return sum(times for route, times in routes.items() if "/data/" in route)
