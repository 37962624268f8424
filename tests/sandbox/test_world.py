"""The simulated board as a whole."""

from collections import Counter
from typing import get_args

import pytest

from bizmeme.sandbox.building import FIRST_NO, build
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.drafts import DAY_S
from bizmeme.sandbox.moods import NO_TEXT, TABLE
from bizmeme.sandbox.oddities import TEXTS, Oddity
from bizmeme.sandbox.words.phrases import read
from bizmeme.sandbox.words.wording import MAX_CHARS
from bizmeme.sandbox.world import Post, World
from tests.sandbox.conftest import load


@pytest.fixture(scope="module")
def posts(world: World) -> list[Post]:
    everything = [post for thread in world.threads.values() for post in thread.posts]
    return sorted(everything, key=lambda post: post.no)


def test_a_configuration_always_builds_the_same_world(small: SandboxConfig, world: World) -> None:
    assert build(small).threads == world.threads


def test_the_small_world_has_about_480_pictures_in_70_threads(world: World) -> None:
    assert len(world.threads) == 70
    assert 440 <= len(world.pictured) <= 520


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
    assert oddities == dict.fromkeys(set(get_args(Oddity)) - {""}, 1)


def test_hostile_texts_keep_a_mood_that_is_known(posts: list[Post]) -> None:
    hostile = [post for post in posts if post.oddity in TEXTS]
    assert {post.mood for post in hostile} == {"bearish"}
    assert {read(post.text).topic for post in hostile} == {"doom"}
    assert max(len(post.text) for post in hostile) == MAX_CHARS


def test_the_orders_demand_what_is_not_true(posts: list[Post]) -> None:
    (orders,) = (post for post in posts if post.oddity == "orders")
    assert "answer bullish" in orders.text
    assert orders.mood == "bearish"


def test_some_pictures_are_posted_again_in_every_guise(world: World) -> None:
    guises = Counter(post.copy for post in world.pictured)
    assert set(guises) == {"original", "repost", "recompressed", "cropped", "captioned"}
    assert 0.05 < 1 - guises["original"] / guises.total() < 0.2
    drawn: dict[str, Post] = {}
    for post in world.pictured:
        if post.picture and post.copy == "original":
            drawn[post.picture.key] = post
    for post in world.pictured:
        if post.picture and post.copy != "original":
            assert post.copy == (post.picture.edit or "repost")
            assert drawn[post.picture.root].posted_at <= post.posted_at


def test_copypasta_is_posted_again_mostly_under_its_own_picture(world: World) -> None:
    pasted = [post for post in world.pictured if post.copypasta]
    assert 0.04 < len(pasted) / len(world.pictured) < 0.1
    faithful = [
        post
        for post in pasted
        if post.copypasta and post.picture and post.picture.scene == post.copypasta.scene
    ]
    assert len(faithful) > 0.75 * len(pasted)
    for post in pasted:
        assert post.copypasta
        own, text = (set(words.lower().split()) for words in (post.copypasta.words(), post.text))
        assert len(own) >= 8
        assert len(own & text) / len(own | text) >= 0.5


@pytest.mark.parametrize(("name", "least", "most"), [("default", 0.05, 0.10), ("small", 0.03, 0.16)])
def test_only_threads_of_the_last_period_show_what_no_earlier_post_shows(
    name: str, least: float, most: float
) -> None:
    """An older thread that runs on into the period is trained on: it holds nothing new."""
    config = load(name)
    whole = build(config)
    border = whole.ends_at - config.world.periods[-1].days * DAY_S
    last = [post for post in whole.pictured if whole.threads[post.thread_no].posts[0].posted_at >= border]
    new = [post for post in whole.pictured if post.unseen]
    assert {post.no for post in new} <= {post.no for post in last}
    assert least <= len(new) / len(last) <= most
    assert {read(post.text).unseen for post in new if post.saying.unseen} == {True}
    silent = (post for thread in whole.threads.values() for post in thread.posts if not post.picture)
    assert all(whole.threads[post.thread_no].posts[0].posted_at >= border for post in silent if post.unseen)


def test_hard_posts_are_as_many_as_asked_for_and_of_every_cell() -> None:
    config = load("default")
    large = build(config)
    hard = Counter((post.picture.scene, post.topic) for post in large.pictured if post.picture and post.hard)
    every = Counter((post.picture.scene, post.topic) for post in large.pictured if post.picture)
    assert hard.total() / every.total() == pytest.approx(0.17, abs=0.03)
    assert min(hard[cell] / every[cell] for cell in TABLE if cell[1] != NO_TEXT) > 0.08


def test_some_replies_were_deleted_and_what_quoted_them_leads_nowhere(posts: list[Post]) -> None:
    known = {post.no for post in posts}
    dead = [link for post in posts for link in post.links if link.thread_no is None]
    assert dead
    assert all(link.no not in known for link in dead)


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
