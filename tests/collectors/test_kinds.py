"""Kinds of files switched on later: the files of posts already held come too, and nothing comes twice."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import pytest
from omegaconf import OmegaConf

from bizmeme.clocks.simulated import SimulatedClock
from bizmeme.collectors import board, warosu
from bizmeme.sandbox.process import running
from bizmeme.shell.collecting import Collecting, Means, Progress
from bizmeme.shell.hosts import visiting
from bizmeme.shell.journals import open_journal
from bizmeme.shell.media_store import MediaStore
from tests.sandbox.conftest import load

CONF = Path(__file__).parents[2] / "conf"
VALUES: Any = OmegaConf.to_container(OmegaConf.load(CONF / "collect" / "default.yaml"))
ARCHIVE: Any = OmegaConf.to_container(OmegaConf.load(CONF / "source" / "warosu.yaml").warosu)
Where = Literal["board", "warosu"]


@pytest.fixture(scope="module")
def addresses() -> Iterator[Mapping[str, str]]:
    with running(load("small")) as found:
        yield found


def collector(where: Where, addresses: Mapping[str, str]) -> Any:
    if where == "board":
        urls = {"base_url": addresses["board"], "media_url": addresses["media"]}
        return board.build(board.Config(name="board", board="biz", **urls))
    urls = {"base_url": addresses["warosu"], "media_url": addresses["warosu"]}
    return warosu.build(warosu.Config.model_validate(ARCHIVE | urls | {"pages": None, "mode": "continue"}))


def collect(where: Where, addresses: Mapping[str, str], home: Path, *kinds: str) -> Counter[str]:
    """One look, or one walk towards the present; its counts."""
    how = Collecting.model_validate(VALUES | {"once": True, "kinds": kinds})
    told: list[Progress] = []

    async def run() -> None:
        clock = SimulatedClock(addresses["clock"])
        with open_journal(home, "world") as journal:
            async with visiting(how.manners, home / "hosts") as visit, clock.session() as timer:
                means = Means(visit, journal, MediaStore(home / "media"), timer)
                await collector(where, addresses).collect(means, how, told.append)

    asyncio.run(run())
    return told[-1].counts


def noted(home: Path, kind: str) -> dict[str, str]:
    """Status by key."""
    with open_journal(home, "world") as journal:
        query = "SELECT key, status FROM media WHERE kind = ?"
        return dict(journal.database.execute(query, (kind,)).fetchall())


@pytest.mark.parametrize("where", ["board", "warosu"])
def test_kinds_switched_on_later_bring_the_files_of_posts_already_held(
    where: Where, addresses: Mapping[str, str], tmp_path: Path
) -> None:
    at_once, later = tmp_path / "at once", tmp_path / "later"
    collect(where, addresses, at_once, "file")
    assert collect(where, addresses, later)["files"] == 0
    collect(where, addresses, later, "thumbnail")
    assert noted(later, "thumbnail").keys() == noted(at_once, "file").keys()
    assert noted(later, "file") == {}
    both = collect(where, addresses, later, "thumbnail", "file")
    assert noted(later, "file") == noted(at_once, "file")
    fine = sum(status == "ok" for status in noted(later, "file").values())
    assert both["file ok"] == fine > 5  # and of thumbnails none again
    assert collect(where, addresses, later, "thumbnail", "file")["file ok"] == 0


def test_what_the_board_gave_is_not_fetched_from_the_archive_and_a_repost_but_once(
    addresses: Mapping[str, str], tmp_path: Path
) -> None:
    collect("board", addresses, tmp_path, "file")
    held = {key for key, status in noted(tmp_path, "file").items() if status == "ok"}
    counts = collect("warosu", addresses, tmp_path, "file")
    with open_journal(tmp_path, "world") as journal:
        query = "SELECT key, path, status, sha256 FROM media WHERE source = 'warosu/biz'"
        rows = journal.database.execute(query).fetchall()
    assert len(held & {row[0] for row in rows}) > 50
    assert {row[2] for row in rows if row[0] in held} == {"ok"}
    assert counts["file ok"] == sum(row[0] not in held and row[2] == "ok" for row in rows)
    store = MediaStore(tmp_path / "media")
    assert all(store.get(sha256) for *_, status, sha256 in rows if status == "ok")
    assert not [key for key, *_ in rows if key.startswith("/data/")]
