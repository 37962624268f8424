"""Walks through the sandbox's archive over real HTTP: what they find, and how little they ask for."""

from collections.abc import Mapping

import pytest

from bizmeme.ports.sources import RawPost
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.fuuka.archive import LAST_REPLIES, THREADS_A_PAGE
from bizmeme.sandbox.world import World
from tests.sources.warosu.visiting import (
    DAY_S,
    Held,
    Scene,
    archive,
    day,
    found,
    visited,
    walk,
    within,
)

# --- everything ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("generation", ["every", "A", "B1", "B2", "C", "B3"])
def test_every_post_of_the_archive_is_found_once_and_is_what_the_board_says(
    generation: str, config: SandboxConfig, world: World,
    on_the_board: Mapping[int, RawPost], in_the_archive: Mapping[int, int],
) -> None:  # fmt: skip
    async def use(scene: Scene) -> list[RawPost]:
        tally = await walk(scene)
        pages = -(-len(world.threads) // THREADS_A_PAGE) + 1  # the last one is empty
        long = {no for no, thread in world.threads.items() if len(thread.posts) > 1 + LAST_REPLIES}
        assert scene.visitor.indexes_asked() == list(range(1, pages + 1))
        assert (tally.pages, tally.probes, tally.finished) == (pages, 0, True)
        assert (
            len(scene.visitor.threads_asked())
            == tally.thread_pages
            == len(set(scene.visitor.threads_asked()))
        )
        assert long <= set(scene.visitor.threads_asked())
        assert tally.posts == len(in_the_archive)
        assert tally.ghosts > 0
        assert tally.unreadable == tally.capped_days == 0
        assert len(scene.visitor.media_paths) == len(set(scene.visitor.media_paths)) == tally.files
        assert scene.visitor.missing == []
        return list(archive().read((), scene.visitor.pages))

    posts = visited(config, world, use, generation=generation)
    assert [post.no for post in posts] == sorted(in_the_archive)
    lost = [post for post in posts if post.no not in on_the_board]
    assert lost
    assert all(post.deleted and "write to " in post.text and "@" in post.text for post in lost)
    told = [post for post in posts if post.no in on_the_board]
    for post in told:
        same = on_the_board[post.no]
        assert (post.thread_no, post.posted_at, post.subject) == (
            same.thread_no,
            same.posted_at,
            same.subject,
        )
        assert (post.text, post.banned, post.deleted) == (same.text, same.banned, False)
        assert (post.media_md5, post.media_ext) == (same.media_md5, same.media_ext)
        assert post.file_deleted == same.file_deleted
        if post.media_path:
            assert same.media_path
            assert post.media_path.rpartition("/")[2] == same.media_path.rpartition("/")[2]
    unarchived = [post for post in told if on_the_board[post.no].media_path and not post.media_path]
    assert 0 < len(unarchived) < 0.1 * len(told)


def test_the_board_and_the_archive_count_the_same_replies(
    config: SandboxConfig, world: World, on_the_board: Mapping[int, RawPost]
) -> None:
    """But for those that the archive alone still has."""

    async def use(scene: Scene) -> list[RawPost]:
        await walk(scene)
        return list(archive().read((), scene.visitor.pages))

    posts = visited(config, world, use)
    lost = [post.thread_no for post in posts if post.deleted]
    for post in posts:
        if post.no == post.thread_no:
            assert post.replies == (on_the_board[post.no].replies or 0) + lost.count(post.no)


# --- limits -------------------------------------------------------------------------------------------


def test_pages_and_posts_have_limits_and_a_walk_that_meets_one_is_not_finished(
    config: SandboxConfig, world: World
) -> None:
    async def pages(scene: Scene) -> None:
        tally = await walk(scene, pages=2)
        assert scene.visitor.indexes_asked() == [1, 2]
        assert not tally.finished
        assert found(scene) >= {
            post.no for no in list(world.threads)[-40:] for post in world.threads[no].posts
        }

    async def posts(scene: Scene) -> None:
        tally = await walk(scene, max_posts=50)
        assert (tally.posts, tally.finished) == (50, False)
        assert scene.visitor.indexes_asked() == [1]

    visited(config, world, pages)
    visited(config, world, posts)


def test_a_thread_held_whole_is_passed_over(config: SandboxConfig, world: World) -> None:
    async def use(scene: Scene) -> None:
        held = Held(complete_=set(list(world.threads)[:60]))
        tally = await walk(scene, held)
        assert tally.passed_over == 60
        assert set(scene.visitor.threads_asked()) <= set(list(world.threads)[60:])
        assert tally.posts >= sum(len(world.threads[no].posts) for no in list(world.threads)[60:])

    visited(config, world, use)


def test_a_thread_that_nobody_answers_any_more_is_asked_for_once_ever(
    config: SandboxConfig, world: World
) -> None:
    async def use(scene: Scene) -> None:
        await walk(scene)
        old = {f"/biz/thread/{no}" for no, thread in world.threads.items()
               if thread.posts[-1].posted_at < world.ends_at - 4 * DAY_S}  # fmt: skip
        new = {f"/biz/thread/{no}" for no, thread in world.threads.items()
               if thread.posts[-1].posted_at > world.ends_at - 2 * DAY_S}  # fmt: skip
        asked = {page.path for page in scene.visitor.pages}
        assert old & asked <= set(scene.visitor.frozen_paths)
        assert not new & set(scene.visitor.frozen_paths)

    visited(config, world, use)


# --- days ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "last"), [(0, 0), (3, 5), (8, 8), (20, 20), (0, 20)])
def test_both_days_of_a_range_are_included_and_little_else_is_asked_for(
    first: int, last: int, config: SandboxConfig, world: World, in_the_archive: Mapping[int, int]
) -> None:
    begins = world.ends_at - 21 * DAY_S + first * DAY_S
    ends = world.ends_at - 20 * DAY_S + last * DAY_S

    async def use(scene: Scene) -> None:
        tally = await walk(scene, None, **{"from": day(begins), "to": day(ends - 1)})
        assert found(scene, begins, ends) == within(in_the_archive, begins, ends)
        assert tally.posts == len(within(in_the_archive, begins, ends))
        for no in scene.visitor.threads_asked():
            assert world.threads[no].posts[0].posted_at < ends
            assert world.threads[no].posts[-1].posted_at >= begins
        assert tally.probes + tally.pages == len(scene.visitor.indexes_asked()) <= 8
        assert tally.finished

    visited(config, world, use)


def test_days_after_the_newest_post_and_before_the_oldest_are_empty(
    config: SandboxConfig, world: World
) -> None:
    async def use(scene: Scene) -> None:
        for days in ({"from": "2090-01-01"}, {"to": "2009-01-01"}):
            tally = await walk(scene, None, **days)
            assert (tally.posts, tally.files, tally.thread_pages, tally.finished) == (0, 0, 0, True)

    visited(config, world, use)
