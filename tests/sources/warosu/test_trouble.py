"""What may happen to a walk: pages that move, that cannot be read, or a board that is not there."""

from collections.abc import Mapping

import pytest

from bizmeme.errors import ChallengeError, MarkupError, ServiceError
from bizmeme.ports.sources import Page
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.world import World
from tests.sources.warosu.visiting import (
    DAY_S,
    Scene,
    archive,
    found,
    visited,
    walk,
    within,
)


def test_threads_that_open_during_a_walk_push_none_of_the_others_past_it(
    config: SandboxConfig, world: World, in_the_archive: Mapping[int, int]
) -> None:
    then = world.ends_at - 7 * DAY_S

    async def use(scene: Scene) -> None:
        async def later(path: str) -> None:
            if "task=page" in path:
                await scene.at(min(scene.clockwork.now + 0.7 * DAY_S, world.ends_at))

        scene.visitor.after = later
        tally = await walk(scene)
        there = within(in_the_archive, 0, then)
        assert there <= found(scene)
        assert tally.posts >= len(there)
        shown = [thread.no for page in scene.visitor.pages if "task=page" in page.path
                 for thread in archive().page(page).threads]  # fmt: skip
        assert len(shown) > len(set(shown))  # the pages did move

    visited(config, world, use, now=then)


@pytest.mark.parametrize("words", [None, "gm"])
def test_a_board_that_does_not_exist_is_a_clear_error(
    words: str | None, config: SandboxConfig, world: World
) -> None:
    async def use(scene: Scene) -> None:
        with pytest.raises(ServiceError, match=r"/x/\. Check source\.warosu\.board and base_url"):
            await walk(scene, board="x", search=words)

    visited(config, world, use)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"<title>Just a moment...</title>", ChallengeError),
        (b"<h1>new design</h1>", MarkupError),
        (b"<div class=content>new design</div>", MarkupError),
    ],
)
def test_a_walk_stops_at_the_first_page_that_cannot_be_read(
    body: bytes, error: type[Exception], config: SandboxConfig, world: World
) -> None:
    async def use(scene: Scene) -> None:
        get = scene.visitor._get

        async def spoilt(path: str) -> Page | None:
            got = await get(path)
            return Page(path, 200, None, body) if "/thread/" in path else got

        scene.visitor._get = spoilt  # type: ignore[method-assign]
        with pytest.raises(error, match=r"/biz/thread/\d+"):
            await walk(scene)
        assert len(scene.visitor.threads_asked()) == 1

    visited(config, world, use)
