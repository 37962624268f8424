"""The board's JSON, also where strangers have a hand in it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bizmeme.collectors.board.pages import (
    Listing,
    SpoiltError,
    digest,
    merged,
    read_catalog,
    read_numbers,
    read_thread,
)

NOW = 1_764_000_000

OPENING: dict[str, Any] = {"no": 7, "time": 1, "resto": 0, "replies": 2, "images": 1, "com": "gm"}


def reply(no: int, **more: Any) -> dict[str, Any]:
    return {"no": no, "time": no, "resto": 7} | more


def thread(*replies: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"posts": [OPENING | more, *replies]}).encode()


def catalog(*threads: dict[str, Any]) -> bytes:
    return json.dumps([{"page": 1, "threads": list(threads)}]).encode()


def listings(body: bytes) -> tuple[Listing, ...]:
    page = read_catalog(body, now=NOW)
    return page.listings if page else ()


def test_a_page_gives_its_posts_by_number_each_once_and_none_of_another_thread() -> None:
    others = (reply(10, resto=6), reply(11) | {"no": True})
    page = read_thread(thread(reply(9), reply(8), reply(9, com="again"), *others), 7)
    assert page is not None
    assert [shown.glimpse.no for shown in page.posts] == [7, 8, 9]


def test_an_entry_counts_neither_its_opening_post_nor_another_threads_among_its_replies() -> None:
    window = [reply(9), reply(8), OPENING, reply(12, resto=6)]
    (listing,) = listings(catalog(OPENING | {"last_replies": window, "last_modified": 9}))
    assert [post.no for post in listing.entry.window] == [8, 9]
    assert listing.entry.complete


def test_a_shell_without_a_number_is_all_that_a_removed_thread_leaves() -> None:
    shell = {"resto": 0, "replies": 0, "images": 0, "unique_ips": 1, "semantic_url": None}
    assert read_thread(json.dumps({"posts": [shell]}).encode(), 7) is None


@pytest.mark.parametrize(
    "body",
    [
        b"7", b"null", b"[]", b"{}", b'{"message": "try again"}', b'{"posts": 7}', b'{"posts": []}',
        b'{"posts": [7]}', b"[" * 100_000, thread(no=8), thread(replies="2"), thread(no=True),
    ],
)  # fmt: skip
def test_any_other_page_says_nothing_about_its_thread(body: bytes) -> None:
    with pytest.raises(SpoiltError):
        read_thread(body, 7)
    with pytest.raises(SpoiltError):
        read_thread(body, 7, tail=True)


def test_a_tail_is_one_only_where_it_was_asked_for() -> None:
    body = thread(reply(9), reply(10), tail_id=8)
    whole, tail = read_thread(body, 7), read_thread(body, 7, tail=True)
    assert whole is not None
    assert tail is not None
    assert (whole.tail_id, len(whole.posts)) == (None, 3)
    assert (tail.tail_id, len(tail.posts)) == (8, 2)


def test_a_post_that_cannot_be_used_is_counted() -> None:
    deep = json.loads("[" * 900 + "]" * 900)
    page = read_thread(thread(reply(8), reply(9, time="now"), reply(10, extra=deep)), 7)
    assert page is not None
    assert page.dropped >= 1
    assert {shown.glimpse.no for shown in page.posts} >= {7, 8}


@pytest.mark.parametrize(
    "change", [{"replies": "2"}, {"replies": None}, {"omitted_posts": -1}, {"time": 2.5}]
)
def test_an_entry_without_its_counts_is_listed_and_tells_nothing(change: dict[str, Any]) -> None:
    page = read_catalog(catalog(OPENING | change, {"time": 1}), now=NOW)
    assert page is not None
    assert (page.numbers, page.listings) == (frozenset({7}), ())


def test_a_moment_to_come_is_now() -> None:
    (listing,) = listings(catalog(OPENING | {"last_modified": 2**32}))
    assert listing.entry.last_modified == NOW
    assert read_catalog(b'{"threads": []}', now=NOW) is None
    assert read_numbers(b'[3, "4", true, -1, 5]') == frozenset({3, 5})
    assert read_numbers(b"{}") is None


def test_what_was_read_before_is_not_read_again_and_every_change_is() -> None:
    entries = [
        OPENING | {"no": no, "last_modified": 9, "last_replies": [reply(no + 1, resto=no)]}
        for no in (7, 20, 30)
    ]
    first = read_catalog(catalog(*entries), now=NOW)
    assert first is not None
    entries[1]["last_replies"][0]["com"] = "edited"
    entries[2]["replies"] = True  # equal to 1 in Python, and no number of replies
    second = read_catalog(catalog(*entries), now=NOW, before=first.read)
    assert second is not None
    assert second.listings == listings(catalog(*entries))
    assert [listing in first.listings for listing in second.listings] == [True, False]
    assert second.listings[0] is first.listings[0]
    assert second.numbers == {7, 20, 30}


def test_a_moment_that_was_to_come_is_read_again() -> None:
    ahead = catalog(OPENING | {"last_modified": NOW + 50}, OPENING | {"no": 20, "last_modified": NOW - 50})
    first = read_catalog(ahead, now=NOW)
    assert first is not None
    for now in (NOW + 90, NOW - 90):  # and where the clock was set back
        later, fresh = read_catalog(ahead, now=now, before=first.read), read_catalog(ahead, now=now)
        assert later is not None
        assert fresh is not None
        assert later.listings == fresh.listings


def test_an_edit_changes_the_digest_and_the_threads_state_does_not() -> None:
    same: list[dict[str, Any]] = [
        {"replies": 9},
        {"archived": 1},
        {"last_modified": 3},
        {"unique_ips": 4},
        {"id": "abc"},
    ]
    assert {digest(OPENING | change, 7) for change in same} == {digest(OPENING, 7)}
    edits: list[dict[str, Any]] = [{"com": "gn"}, {"filedeleted": 1}, {"name": "x"}, {"sub": "y"}]
    assert len({digest(OPENING | change, 7) for change in [{}, *edits]}) == 5


def test_a_link_within_the_thread_is_the_same_however_the_catalog_writes_it() -> None:
    written = '<a href="{}" class="quotelink">&gt;&gt;8</a>'
    short, long = ({"com": written.format(at)} for at in ("#p8", "/biz/thread/7#p8"))
    assert digest(short, 7) == digest(long, 7)
    assert digest(short, 6) != digest(long, 6)


def test_an_archived_thread_does_not_take_the_posters_id_away() -> None:
    held = {"no": 8, "id": "abc"}
    assert merged(held, {"no": 8, "com": "banned"}) == {"no": 8, "com": "banned", "id": "abc"}
    assert merged(held, {"no": 8, "id": "xyz"})["id"] == "xyz"


def test_a_real_catalog_and_a_real_thread_are_read_whole() -> None:
    if "BIZMEME_REAL_CAPTURES" not in os.environ:
        pytest.skip("BIZMEME_REAL_CAPTURES is not set: real captures are not part of the repository")
    captures = Path(os.environ["BIZMEME_REAL_CAPTURES"]) / "fourchan"
    found = listings((captures / "catalog_vg_pretty.json").read_bytes())
    assert len(found) > 100
    assert all(each.entry.replies == each.entry.omitted + len(each.entry.window) for each in found)
    page = read_thread((captures / "thread_v_456354102_2019-03.json").read_bytes(), 456354102)
    assert page is not None
    assert len(page.posts) == page.replies + 1
