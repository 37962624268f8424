"""Searches in the sandbox's archive over real HTTP: within its limits, every post is found."""

from collections.abc import Mapping

import pytest

from bizmeme.core.stretches import Stretch
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.fuuka.archive import Archive
from bizmeme.sandbox.world import World
from bizmeme.sources.warosu import search
from tests.sources.warosu.visiting import (
    DAY_S,
    GALLERY,
    Held,
    Scene,
    day,
    found,
    visited,
    walk,
    within,
)


def said(config: SandboxConfig, world: World, word: str) -> Mapping[int, int]:
    entries = Archive(config, world, GALLERY).posts(world.ends_at, files=False)
    return {entry.no: entry.posted_at for entry in entries if f" {word} " in _words(entry.text)}


def _words(text: str) -> str:
    return " " + " ".join("".join(c if c.isalnum() or c == "_" else " " for c in text.lower()).split()) + " "


@pytest.mark.parametrize("generation", ["every", "B3", "A"])
def test_a_search_finds_every_post_that_holds_the_word_and_asks_for_no_thread(
    generation: str, config: SandboxConfig, world: World
) -> None:
    hits = said(config, world, "the")
    assert len(hits) > 5 * search.ROWS_A_PAGE

    async def use(scene: Scene) -> None:
        tally = await walk(scene, search="the")
        assert found(scene) == set(hits)
        assert (tally.posts, tally.finished) == (len(hits), True)
        assert tally.pages == len(scene.visitor.pages) == len(hits) // search.ROWS_A_PAGE + 1
        assert scene.visitor.threads_asked() == []

    visited(config, world, use, generation=generation)


@pytest.mark.parametrize(("first", "last"), [(2, 2), (5, 9), (17, 20)])
def test_a_search_includes_both_days_though_the_archive_leaves_the_last_one_out(
    first: int, last: int, config: SandboxConfig, world: World
) -> None:
    begins = world.ends_at - 21 * DAY_S + first * DAY_S
    ends = world.ends_at - 20 * DAY_S + last * DAY_S
    hits = within(said(config, world, "the"), begins, ends)
    assert hits

    async def use(scene: Scene) -> None:
        tally = await walk(scene, None, search="the", **{"from": day(begins), "to": day(ends - 1)})
        assert found(scene, begins, ends) == hits
        assert tally.posts == len(hits)

    visited(config, world, use)


def test_more_rows_than_a_query_shows_are_found_day_by_day(
    config: SandboxConfig, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hits = said(config, world, "the")
    monkeypatch.setattr(search, "MAX_ROWS", 100)

    async def use(scene: Scene) -> None:
        tally = await walk(scene, search="the")
        assert found(scene) == set(hits)
        assert (tally.posts, tally.capped_days, tally.finished) == (len(hits), 0, True)

    visited(config, world, use, most_rows=100)


def test_a_day_of_more_rows_than_a_query_shows_is_a_counted_loss(
    config: SandboxConfig, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hits = said(config, world, "the")
    monkeypatch.setattr(search, "MAX_ROWS", 24)

    async def use(scene: Scene) -> None:
        tally = await walk(scene, None, search="the", **{"from": "2025-10-20", "to": "2025-10-24"})
        assert 0 < tally.posts < len(hits)
        assert tally.capped_days > 0

    visited(config, world, use, most_rows=24)


def test_a_search_goes_forward_and_back_too(config: SandboxConfig, world: World) -> None:
    hits = said(config, world, "the")
    middle = sorted(hits.items())[len(hits) // 2]

    async def use(scene: Scene) -> None:
        newer = await walk(
            scene, Held(covered_=(Stretch(0, middle[1] - 3_600),)), search="the", mode="continue"
        )
        older = await walk(scene, Held(oldest_=middle), search="the", mode="backfill")
        assert newer.posts == len(within(hits, middle[1] - 3_600, 2**40))
        assert older.posts == sum(no < middle[0] for no in hits)
        assert found(scene) == set(hits)

    visited(config, world, use)
