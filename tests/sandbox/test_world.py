"""The simulated board as a whole."""

from collections import Counter

import pytest

from bizmeme.sandbox.building import FIRST_NO, build
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.world import Post, World


@pytest.fixture(scope="module")
def posts(world: World) -> list[Post]:
    everything = [post for thread in world.threads.values() for post in thread.posts]
    return sorted(everything, key=lambda post: post.no)


def test_a_configuration_always_builds_the_same_world(small: SandboxConfig, world: World) -> None:
    assert build(small).threads == world.threads


def test_the_small_world_has_about_420_pictures_in_60_threads(world: World) -> None:
    assert len(world.threads) == 60
    assert 390 <= len(world.pictured) <= 450


def test_numbers_grow_with_time(posts: list[Post]) -> None:
    assert posts[0].no >= FIRST_NO
    assert len({post.no for post in posts}) == len(posts)
    assert [post.posted_at for post in posts] == sorted(post.posted_at for post in posts)


def test_file_names_are_unique_and_within_a_second_of_the_post(posts: list[Post]) -> None:
    names = [post.tim for post in posts if post.tim]
    assert len(set(names)) == len(names)
    assert all(len(str(name)) == 16 for name in names)
    assert all(0 <= post.tim / 1e6 - post.posted_at < 1 for post in posts if post.tim)


def test_every_opening_post_has_or_had_a_file(world: World) -> None:
    for thread in world.threads.values():
        assert thread.posts[0].opens
        assert thread.posts[0].picture or thread.posts[0].oddity == "deleted"


def test_some_replies_have_no_file_and_some_posts_no_text(world: World, posts: list[Post]) -> None:
    replies = [post for post in posts if not post.opens]
    assert 0.35 < sum(post.picture is not None for post in replies) / len(replies) < 0.55
    silent = sum(not post.text for post in posts) / len(posts)
    assert silent == pytest.approx(0.076, abs=0.025)
    assert all(not post.links for post in posts if not post.text)


def test_each_oddity_occurs_exactly_once(posts: list[Post]) -> None:
    oddities = Counter(post.oddity for post in posts if post.oddity)
    assert oddities == {"truncated": 1, "orders": 1, "deleted": 1, "video": 1}


def test_the_orders_demand_what_is_not_true(posts: list[Post]) -> None:
    (orders,) = (post for post in posts if post.oddity == "orders")
    assert "answer bullish" in orders.text
    assert orders.mood == "bearish"


def test_some_pictures_are_posted_again(world: World) -> None:
    files = Counter(post.picture.key for post in world.pictured if post.picture)
    assert 1 <= sum(count > 1 for count in files.values()) <= 30


def test_the_newest_threads_are_live_and_all_others_archived(small: SandboxConfig, world: World) -> None:
    assert len(world.live) == small.world.live_threads
    assert len(world.archived) == small.world.threads - small.world.live_threads
    assert min(thread.posts[0].posted_at for thread in world.live) >= max(
        thread.posts[0].posted_at for thread in world.archived
    )


def test_nothing_happens_after_the_last_day(world: World, posts: list[Post]) -> None:
    assert posts[-1].posted_at < world.ends_at
    assert max(thread.archived_on or 0 for thread in world.archived) <= world.ends_at


def test_links_lead_to_earlier_posts_or_nowhere(posts: list[Post]) -> None:
    known = {post.no: post for post in posts}
    for post in posts:
        for link in post.links:
            assert (link.no in known) == (link.thread_no is not None)
            assert link.no < post.no
            assert link.no not in known or known[link.no].thread_no == link.thread_no
