"""Walks that go on from earlier ones, forward and back: no gap stays, and little is asked for twice."""

import math
import random
from collections.abc import Mapping
from typing import Any

import pytest

from bizmeme.core.stretches import Stretch, united
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.fuuka.archive import LAST_REPLIES, Archive
from bizmeme.sandbox.fuuka.entries import Excerpt
from bizmeme.sandbox.servers import warosu as server
from bizmeme.sandbox.world import World
from bizmeme.sources.warosu.reader import Tally
from bizmeme.sources.warosu.walk import LATE_S
from tests.sources.warosu.visiting import DAY_S, GALLERY, Held, Scene, day, found, visited, walk, within


@pytest.mark.parametrize("days", [0.2, 0.8, 4.95])  # in the last two a reply before them is still shown
def test_a_walk_goes_on_from_the_newest_post_held(
    days: float, config: SandboxConfig, world: World, in_the_archive: Mapping[int, int]
) -> None:
    then = world.ends_at - days * DAY_S

    async def use(scene: Scene) -> None:
        first = await walk(scene)
        newest_at = max(at for at in in_the_archive.values() if at <= then)
        (covered,) = first.covered
        assert covered == Stretch(-math.inf, newest_at - LATE_S)
        held = Held(covered_=(covered,))
        before, asked = found(scene), len(scene.visitor.pages)
        await scene.at(world.ends_at)
        tally = await walk(scene, held, mode="continue")
        assert found(scene) == set(in_the_archive)
        new = set(in_the_archive) - before
        again = within(in_the_archive, covered.ends_s, then + 1)
        assert tally.posts == len(new | again)
        assert tally.finished
        new_on_their_pages = {
            f"/biz/thread/{no}"
            for no, shown in _shown(config, world).items()
            if shown.omitted and shown.entries[1].posted_at >= covered.ends_s
        }
        threads = [page.path for page in scene.visitor.pages[asked:] if "/thread/" in page.path]
        assert sorted(threads) == sorted(new_on_their_pages)

    visited(config, world, use, now=then)


def _shown(config: SandboxConfig, world: World) -> Mapping[int, Excerpt]:
    """Every thread as the index shows it in the end."""
    whole = Archive(config, world, GALLERY)
    return {no: whole.excerpt(no, world.ends_at, last=LAST_REPLIES) for no in world.threads}


def test_nothing_new_costs_the_pages_of_threads_that_may_still_run(
    config: SandboxConfig, world: World, in_the_archive: Mapping[int, int]
) -> None:
    async def use(scene: Scene) -> None:
        newest = max(in_the_archive.items())
        held = Held(covered_=(Stretch(0, newest[1] - LATE_S),))
        tally = await walk(scene, held, mode="continue")
        assert scene.visitor.indexes_asked() == [1, 2]  # ten of 70 threads opened in the last three days
        assert tally.posts == len(within(in_the_archive, newest[1] - LATE_S, 2**40))

    visited(config, world, use)


def test_a_first_walk_forward_or_back_is_a_plain_one(
    config: SandboxConfig, world: World, in_the_archive: Mapping[int, int]
) -> None:
    for mode in ("continue", "backfill"):
        tally = visited(config, world, lambda scene, mode=mode: walk(scene, mode=mode))  # type: ignore[misc]
        assert (tally.posts, tally.finished) == (len(in_the_archive), True)


def test_a_walk_goes_back_from_the_oldest_post_held(
    config: SandboxConfig, world: World, in_the_archive: Mapping[int, int]
) -> None:
    async def use(scene: Scene) -> None:
        oldest = list(world.threads)[20]
        held = Held(oldest_=(oldest, in_the_archive[oldest]))
        tally = await walk(scene, held, mode="backfill")
        older = {post.no for no in list(world.threads)[:20] for post in world.threads[no].posts}
        assert older <= found(scene)
        assert tally.finished
        assert set(scene.visitor.threads_asked()) <= set(list(world.threads)[:20])
        # Page 3 shows threads 10 to 29 from the end: one, two and four are looked at to find it.
        assert sorted(scene.visitor.indexes_asked()) == [1, 2, 3, 4, 4, 5]
        assert (tally.probes, tally.pages) == (3, 3)

    visited(config, world, use)


async def remembered(scene: Scene, held: Held, **options: object) -> Tally:
    """One walk, after which what it brought is held."""
    tally = await walk(scene, held, **options)
    held.covered_ = tuple(united([*held.covered_, *tally.covered]))
    if tally.oldest is not None:
        held.oldest_ = min(held.oldest_ or tally.oldest, tally.oldest)
    return tally


@pytest.mark.parametrize("seed", range(6))
def test_whatever_walks_came_before_a_continued_one_leaves_no_gap(
    seed: int, config: SandboxConfig, world: World, in_the_archive: Mapping[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(server, "THREADS_A_PAGE", 3)
    dice = random.Random(seed)
    begins = world.ends_at - 21 * DAY_S

    def options() -> dict[str, Any]:
        first, last = sorted(dice.choices(range(21), k=2))
        days: dict[str, Any] = {
            "from": day(begins + first * DAY_S),
            "to": day(begins + min(last, first + 2) * DAY_S),
        }
        limit: dict[str, Any] = {"pages": dice.choice([1, 3, None]), "max_posts": dice.choice([None, 40])}
        return dice.choice([days, days, limit | {"mode": "backfill"}, limit | {"mode": "continue"}, limit])

    async def use(scene: Scene) -> None:
        held = Held()
        await remembered(scene, held, **{"from": day(begins + 5 * DAY_S), "to": day(begins + 6 * DAY_S)})
        for share in (0.5, 0.7, 0.9, 1.0):
            await scene.at(begins + share * 21 * DAY_S)
            await remembered(scene, held, **options())
        tally = await remembered(scene, held, mode="continue")
        first = held.covered_[0].begins_s
        assert tally.finished
        assert len(held.covered_) == 1
        assert within(in_the_archive, first, 2**40) <= found(scene)
        again = await remembered(scene, held, mode="continue")
        assert again.posts == len(within(in_the_archive, held.covered_[0].ends_s, 2**40))

    visited(config, world, use, now=begins + 8 * DAY_S)


def test_a_later_walk_over_later_days_lets_no_days_between_be_skipped(
    config: SandboxConfig, world: World, in_the_archive: Mapping[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "THREADS_A_PAGE", 1)
    begins = world.ends_at - 21 * DAY_S
    early, late = (Stretch(begins + at * DAY_S, begins + (at + 2) * DAY_S) for at in (1, 10))

    async def use(scene: Scene) -> None:
        held = Held()
        for each in (early, late):
            days = {"from": day(each.begins_s), "to": day(each.ends_s - 1)}
            assert (await remembered(scene, held, **days)).covered == [each]
        asked = len(scene.visitor.pages)
        tally = await remembered(scene, held, mode="continue")
        assert tally.posts == len(within(in_the_archive, early.ends_s, 2**40)) - len(
            within(in_the_archive, *late)
        )
        assert len(held.covered_) == 1
        for page in scene.visitor.pages[asked:]:
            number = int(page.path.rpartition("/")[2]) if "/thread/" in page.path else None
            if number is not None:  # threads within the covered days alone are not asked for
                times = [post.posted_at for post in world.threads[number].posts]
                assert times[0] < late.begins_s or times[-1] >= late.ends_s

    visited(config, world, use)


def test_a_long_covered_stretch_is_leapt_over(
    config: SandboxConfig, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "THREADS_A_PAGE", 1)
    begins = world.ends_at - 21 * DAY_S
    covered = (Stretch(begins, begins + DAY_S), Stretch(begins + 3 * DAY_S, begins + 20 * DAY_S))
    options = {"mode": "continue", "thread_life_days": 1}

    async def use(scene: Scene) -> None:
        tally = await walk(scene, Held(covered_=covered), **options)
        assert tally.finished
        assert len(scene.visitor.indexes_asked()) < 0.7 * len(world.threads)
        needed = [
            no
            for no, thread in world.threads.items()
            if thread.posts[0].posted_at >= begins + 19 * DAY_S
            or begins <= thread.posts[0].posted_at < begins + 3 * DAY_S
        ]
        places = {no: len(world.threads) - at for at, no in enumerate(world.threads)}
        assert {places[no] for no in needed} <= set(scene.visitor.indexes_asked())

    visited(config, world, use)


def test_days_that_are_all_covered_cost_nothing(config: SandboxConfig, world: World) -> None:
    async def use(scene: Scene) -> None:
        held = Held(covered_=(Stretch(0, world.ends_at),))
        for words in (None, "the"):
            days = {"to": day(world.ends_at - 2 * DAY_S), "search": words}
            tally = await walk(scene, held, mode="continue", **days)
            assert tally.finished
        assert scene.visitor.pages == []

    visited(config, world, use)
