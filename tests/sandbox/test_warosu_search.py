"""The archive's search over the wire, with the real one's limits."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.fuuka.archive import Archive
from bizmeme.sandbox.world import World
from tests.sandbox.archive import GALLERY, NO_POSTS, asked, found, numbers


@pytest.fixture(scope="module")
def archive(hasty: SandboxConfig, world: World) -> Archive:
    return Archive(hasty, world, GALLERY)


def test_a_search_shows_24_rows_a_page_the_newest_first(hasty: SandboxConfig, world: World) -> None:
    pages = asked(hasty, world, *(f"/biz/?task=search2&search_text=the&offset={at}" for at in (0, 24, 9_600)))
    assert [len(numbers(page)) for page in pages] == [24, 24, 0]
    shown = [no for page in pages for no in numbers(page)]
    assert shown == sorted(shown, reverse=True)
    assert NO_POSTS in pages[2].body
    assert pages[2].status == 200


def test_no_query_shows_more_than_its_most_rows(hasty: SandboxConfig, world: World) -> None:
    assert len(found(hasty, world, "search_text=the", most_rows=100)) == 100


def test_words_are_joined_by_and_with_or_not_and_phrases(
    hasty: SandboxConfig, world: World, archive: Archive
) -> None:
    entries = archive.posts(world.ends_at, files=False)
    words = {entry.no: re.findall(r"\w+", entry.text.lower()) for entry in entries}
    sets = {word: {no for no in words if word in words[no]} for word in ("the", "is", "gold")}
    told = {no: " ".join(each) for no, each in words.items()}
    wanted = {
        "the+is": sets["the"] & sets["is"],
        "is|gold": sets["is"] | sets["gold"],
        "is+|+gold": sets["is"] | sets["gold"],
        "the+-is": sets["the"] - sets["is"],
        "%22in+the%22": {no for no in told if re.search(r"\bin the\b", told[no])},
    }
    assert all(wanted.values())
    for query, expected in wanted.items():
        assert set(found(hasty, world, f"search_text={query}")) == expected, query


def test_the_last_day_of_a_range_is_left_out_and_old_posts_stand_under_new_yorks_date(
    hasty: SandboxConfig, world: World, archive: Archive
) -> None:
    first = hasty.world.first_day
    hits = {entry.no: entry for entry in archive.posts(world.ends_at, files=False)
            if re.search(r"\bthe\b", entry.text.lower())}  # fmt: skip
    for begins in (first + timedelta(days=5), first + timedelta(days=16)):
        days = f"search_datefrom={begins}&search_dateto={begins + timedelta(days=2)}"
        shown = found(hasty, world, f"search_text=the&{days}")
        expected = {
            no for no, entry in hits.items()
            if begins <= _stored_day(entry.posted_at, first) < begins + timedelta(days=2)
        }  # fmt: skip
        assert shown
        assert set(shown) == expected


def _stored_day(posted_at: int, first: date) -> date:
    """The world's first two weeks are in summer time, and stored so."""
    moment = datetime.fromtimestamp(posted_at, UTC)
    old = moment.date() < first + timedelta(days=14)
    return (moment - timedelta(hours=4 if old else 0)).date()


def test_a_range_of_days_alone_finds_nothing(hasty: SandboxConfig, world: World) -> None:
    days = "search_datefrom=2025-10-14&search_dateto=2025-10-20"
    assert found(hasty, world, f"search_text=&{days}") == []
    assert found(hasty, world, f"search_text=&search_filename=image&{days}")
    assert found(hasty, world, f"search_text=&search_op=op&{days}")


def test_the_simple_search_heeds_words_alone(hasty: SandboxConfig, world: World) -> None:
    simple, advanced = asked(
        hasty, world,
        "/biz/?task=search&search_text=the&search_dateto=2009-01-01",
        "/biz/?task=search2&search_text=the&search_dateto=2009-01-01",
    )  # fmt: skip
    assert len(numbers(simple)) == 24
    assert NO_POSTS in advanced.body


def test_filters_and_orders(hasty: SandboxConfig, world: World, archive: Archive) -> None:
    entries = archive.posts(world.ends_at, files=False)
    lost = {entry.no for entry in entries if entry.deleted}
    assert set(found(hasty, world, "search_text=&search_del=yes")) == lost
    ops = found(hasty, world, "search_text=&search_op=op")
    assert set(ops) == set(world.threads)
    threads = found(hasty, world, "search_text=the&search_res=op")
    assert set(threads) < set(world.threads)
    old = found(hasty, world, "search_text=the&search_ord=old")
    assert old == found(hasty, world, "search_text=the")[::-1]


def test_a_files_other_posts_are_found_by_its_hash(hasty: SandboxConfig, world: World) -> None:
    by_md5: dict[str, list[int]] = {}
    for post in world.pictured:
        assert post.picture
        by_md5.setdefault(GALLERY.file(post.picture).md5, []).append(post.no)
    md5, posts = max(by_md5.items(), key=lambda each: len(each[1]))
    assert len(posts) > 1
    code = md5.rstrip("=").translate(str.maketrans("+/", "-_"))
    (page,) = asked(hasty, world, f"/biz/image/{code}")
    assert numbers(page) == sorted(posts, reverse=True)[: len(numbers(page))]
    assert found(hasty, world, f"search_text=&search_media_hash={code}") == sorted(posts, reverse=True)
