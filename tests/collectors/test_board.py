"""The collector on the still board of the sandbox: one look holds everything, a second asks once."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from bizmeme.clocks.simulated import SimulatedClock
from bizmeme.collectors.board import build
from bizmeme.sandbox.building import build as build_world
from bizmeme.sandbox.process import running
from bizmeme.shell.collecting import Collecting, Means, Progress
from bizmeme.shell.holdings import Holdings
from bizmeme.shell.hosts import visiting
from bizmeme.shell.journals import open_journal
from bizmeme.shell.media_store import MediaStore
from bizmeme.sources.board import Config
from tests.sandbox.conftest import load
from tests.sandbox.web import fetch_json

CONF = Path(__file__).parents[2] / "conf" / "collect" / "default.yaml"
VALUES: Any = OmegaConf.to_container(OmegaConf.load(CONF))
HOW = Collecting.model_validate(VALUES | {"once": True})


@pytest.fixture
def polite() -> Iterator[Mapping[str, str]]:
    """The small world, which answers 429 to whoever asks twice a second, and keeps its threads."""
    config = load("small")
    serving = config.serving.model_copy(update={"archive_days": 1_000})
    with running(config.model_copy(update={"serving": serving})) as addresses:
        yield addresses


def look_once(addresses: Mapping[str, str], home: Path) -> Counter[str]:
    async def run() -> Counter[str]:
        urls = {"base_url": addresses["board"], "media_url": addresses["media"]}
        collector = build(Config(name="board", board="biz", **urls))
        told: list[Progress] = []
        clock = SimulatedClock(addresses["clock"])
        async with visiting(HOW.manners, home / "hosts") as visit, clock.session() as timer:
            with open_journal(home, "world") as journal:
                means = Means(visit, journal, MediaStore(home / "media"), timer)
                await collector.collect(means, HOW, told.append)
        return told[-1].counts

    return asyncio.run(run())


def test_one_look_holds_every_post_and_a_second_one_asks_once(
    polite: Mapping[str, str], tmp_path: Path
) -> None:
    world = build_world(load("small"))
    first = look_once(polite, tmp_path)
    with open_journal(tmp_path, "world") as journal:
        held = {post["no"]: post["thread_no"] for post in Holdings(journal, "board/biz").posts()}
    assert held == {post.no: thread.no for thread in world.threads.values() for post in thread.posts}
    complete = sum(len(thread.posts) <= 6 for thread in world.live)
    assert first["thread"] == len(world.threads) - complete  # what the catalog shows whole is not asked for
    assert first["posts"] == len(held)
    second = look_once(polite, tmp_path)
    assert (second["requests"], second["status 304"], second["posts"]) == (1, 1, 0)
    statuses = fetch_json(f"{polite['board']}/_counts")["statuses"]
    assert set(statuses) == {"200", "304"}  # never too fast, and nothing that is not there
    files = fetch_json(f"{polite['media']}/_counts")["statuses"]
    pictures = {post.picture for post in world.pictured}
    assert set(files) == {"200"}
    assert files["200"] <= len(pictures)  # a picture that is shown again is not asked for again
