"""The small world, what its board says of every post, and which of them its archive shows."""

from collections.abc import Mapping

import pytest

from bizmeme.ports.sources import Page, RawPost
from bizmeme.sandbox import board_json
from bizmeme.sandbox.building import build
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.fuuka.archive import Archive
from bizmeme.sandbox.servers.common import dumped
from bizmeme.sandbox.world import World
from bizmeme.sources import board
from tests.sandbox.conftest import load
from tests.sources.warosu.visiting import GALLERY


@pytest.fixture(scope="module")
def config() -> SandboxConfig:
    small = load("small")
    return small.model_copy(update={"serving": small.serving.model_copy(update={"min_interval_s": 0.0})})


@pytest.fixture(scope="module")
def world(config: SandboxConfig) -> World:
    return build(config)


@pytest.fixture(scope="module")
def on_the_board(world: World) -> Mapping[int, RawPost]:
    """Every post as the board's own JSON tells it, read by the board's own parser."""
    source = board.build(board.Config(name="board", board="biz", base_url="", media_url=""))
    pages = [dumped(board_json.thread(thread, GALLERY)) for thread in world.threads.values()]
    return {post.no: post for body in pages for post in source.posts(Page("x", 200, None, body))}


@pytest.fixture(scope="module")
def in_the_archive(config: SandboxConfig, world: World) -> Mapping[int, int]:
    """Number and time of every post that the archive shows, those that the board has lost among them."""
    entries = Archive(config, world, GALLERY).posts(world.ends_at, files=False)
    return {entry.no: entry.posted_at for entry in entries}
