"""The board and its media host over the wire."""

import asyncio
import base64
import hashlib
import io
import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import aiohttp
import pytest
from PIL import Image

from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.process import running, serve
from bizmeme.sandbox.state import Addresses
from bizmeme.sandbox.world import World
from tests.sandbox.web import Reply, fetch, fetch_json, get

Fields = Mapping[str, Any]


@pytest.fixture(scope="module")
def threads(addresses: Addresses, world: World) -> list[list[Fields]]:
    """Every thread's posts as the board tells them."""
    return [fetch_json(f"{addresses['board']}/biz/thread/{no}.json")["posts"] for no in world.threads]


@pytest.fixture(scope="module")
def posts(threads: list[list[Fields]]) -> list[Fields]:
    return [post for thread in threads for post in thread]


def test_the_catalog_holds_the_live_threads_and_the_archive_the_others(
    addresses: Addresses, world: World
) -> None:
    catalog = fetch_json(f"{addresses['board']}/biz/catalog.json")
    archive = fetch_json(f"{addresses['board']}/biz/archive.json")
    live = [thread["no"] for page in catalog for thread in page["threads"]]
    assert sorted([*live, *archive]) == sorted(world.threads)
    assert len(live) == len(world.live)
    assert archive != sorted(archive)


def test_a_thread_and_its_files_are_gone_days_after_it_was_archived(
    small: SandboxConfig, world: World
) -> None:
    serving = small.serving.model_copy(update={"min_interval_s": 0.0, "archive_days": 7})
    gone = min(world.archived, key=lambda each: each.archived_on or 0)
    tim = next(post.tim for post in gone.posts if post.picture)
    with running(small.model_copy(update={"serving": serving})) as addresses:
        archive = fetch_json(f"{addresses['board']}/biz/archive.json")
        paths = [f"/biz/thread/{no}.json" for no in (gone.no, *archive)]
        found = [reply.status for reply in visits(addresses["board"], *paths)]
        files = [reply.status for reply in visits(addresses["media"], f"/biz/{tim}s.jpg")]
    assert 0 < len(archive) < len(world.archived)
    assert all(world.ends_at - (world.threads[no].archived_on or 0) <= 7 * 86_400 for no in archive)
    assert found == [404] + [200] * len(archive)
    assert files == [404]


def test_the_catalog_counts_replies_as_real_catalogs_do(addresses: Addresses) -> None:
    catalog = fetch_json(f"{addresses['board']}/biz/catalog.json")
    index = fetch_json(f"{addresses['board']}/biz/threads.json")
    entries = [thread for page in catalog for thread in page["threads"]]
    rows = [row for page in index for row in page["threads"]]
    for entry, row in zip(entries, rows, strict=True):
        last = entry.get("last_replies", [])
        assert entry["replies"] == entry.get("omitted_posts", 0) + len(last) == row["replies"]
        newest = last[-1]["time"] if last else entry["time"]
        assert newest == entry["last_modified"] == row["last_modified"]


def test_a_thread_is_its_opening_post_and_its_replies_in_order(threads: list[list[Fields]]) -> None:
    for thread in threads:
        numbers = [post["no"] for post in thread]
        assert numbers == sorted(numbers)
        assert [post["resto"] for post in thread] == [0] + [numbers[0]] * (len(thread) - 1)
        assert thread[0]["replies"] == len(thread) - 1
        assert thread[0]["images"] == sum("tim" in post for post in thread[1:])


def test_an_archived_thread_is_closed_and_has_lost_its_poster_ids(threads: list[list[Fields]]) -> None:
    for thread in threads:
        archived = "archived" in thread[0]
        assert archived == ("closed" in thread[0]) == ("archived_on" in thread[0])
        assert all(("id" in post) != archived for post in thread)


def test_a_flag_is_one_or_absent(posts: list[Fields]) -> None:
    for flag in ("archived", "closed", "filedeleted"):
        assert {post[flag] for post in posts if flag in post} <= {1}


def test_about_a_third_of_the_opening_posts_has_a_subject(threads: list[list[Fields]]) -> None:
    subjects = ["sub" in thread[0] for thread in threads]
    assert 0.2 < sum(subjects) / len(subjects) < 0.55
    assert not any("sub" in post for thread in threads for post in thread[1:])


def test_a_deleted_file_leaves_only_the_flag(posts: list[Fields]) -> None:
    (post,) = (post for post in posts if "filedeleted" in post)
    assert not post.keys() & {"tim", "ext", "md5", "filename", "w", "h", "tn_w", "tn_h", "fsize"}


def test_comments_hold_every_kind_of_markup(posts: list[Fields]) -> None:
    markup = "".join(post.get("com", "") for post in posts)
    kinds = ['class="quote"', 'class="quotelink"', 'href="/biz/thread/', 'class="deadlink"', "<wbr>", "<br>"]
    assert [kind for kind in kinds if kind not in markup] == []
    assert {"&gt;", "&lt;", "&amp;", "&quot;", "&#039;"} == set(re.findall(r"&[#\w]+;", markup))


def test_one_post_tries_to_close_its_fence(posts: list[Fields]) -> None:
    (com,) = (post["com"] for post in posts if "ignore all previous" in post.get("com", ""))
    assert unescape(com.replace("<br>", "\n")).count("</post>") == 1


def test_a_file_is_the_bytes_that_the_board_describes(addresses: Addresses, posts: list[Fields]) -> None:
    for post in [post for post in posts if "tim" in post][:80]:
        data = fetch(f"{addresses['media']}/biz/{post['tim']}{post['ext']}")
        assert base64.b64decode(post["md5"]) == hashlib.md5(data).digest()
        assert post["fsize"] == len(data)


def test_a_thumbnail_has_the_size_that_the_board_says(addresses: Addresses, posts: list[Fields]) -> None:
    for post in [post for post in posts if "tim" in post][:80]:
        thumbnail = Image.open(io.BytesIO(fetch(f"{addresses['media']}/biz/{post['tim']}s.jpg")))
        assert thumbnail.size == (post["tn_w"], post["tn_h"])
        assert max(thumbnail.size) <= (250 if post["resto"] == 0 else 125)


def test_a_file_posted_again_has_the_same_md5_and_another_name(posts: list[Fields]) -> None:
    names: dict[str, set[int]] = {}
    for post in posts:
        if "md5" in post:
            names.setdefault(post["md5"], set()).add(post["tim"])
    assert any(len(tims) > 1 for tims in names.values())


def test_the_media_host_knows_no_file_under_another_extension(
    addresses: Addresses, posts: list[Fields]
) -> None:
    post = next(post for post in posts if post.get("ext") == ".jpg")
    replies = visits(addresses["media"], f"/biz/{post['tim']}.gif", f"/biz/{post['tim'] + 1}.jpg")
    assert [reply.status for reply in replies] == [404, 404]


def test_what_is_unknown_is_a_404_in_html(addresses: Addresses) -> None:
    paths = ["/biz/thread/1.json", "/g/catalog.json", "/biz/0.json", "/nothing"]
    for reply in visits(addresses["board"], *paths):
        assert reply.status == 404
        assert reply.headers["Content-Type"].startswith("text/html")
        assert reply.body.startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize("path", ["/boards.json", "/biz/catalog.json", "/biz/threads.json"])
def test_only_the_very_same_date_is_not_modified(addresses: Addresses, path: str) -> None:
    async def visit() -> tuple[Reply, Reply, Reply]:
        async with aiohttp.ClientSession() as session:
            first = await get(session, addresses["board"] + path)
            stamp = first.headers["Last-Modified"]
            later = stamp.replace("2025", "2035")
            again = await get(session, addresses["board"] + path, If_Modified_Since=stamp)
            return first, again, await get(session, addresses["board"] + path, If_Modified_Since=later)

    first, again, later = asyncio.run(visit())
    assert (first.status, again.status, later.status) == (200, 304, 200)
    assert again.body == b""
    assert later.body == first.body


def test_a_visitor_without_a_name_is_turned_away(addresses: Addresses) -> None:
    async def visit() -> Reply:
        async with aiohttp.ClientSession(skip_auto_headers=["User-Agent"]) as session:
            return await get(session, addresses["board"] + "/boards.json")

    assert asyncio.run(visit()).status == 429


def test_two_requests_within_a_simulated_second_are_one_too_many(small: SandboxConfig) -> None:
    async def visit() -> list[int]:
        async with serve(small) as at, aiohttp.ClientSession() as session:
            statuses = [(await get(session, at["board"] + "/boards.json")).status]
            refused = await get(session, at["board"] + "/biz/threads.json")
            statuses.append(refused.status)
            assert refused.headers["Retry-After"] == "1"
            # The media host has a budget of its own; an unknown file spends it, too.
            statuses.append((await get(session, at["media"] + "/biz/1.jpg")).status)
            statuses.append((await get(session, at["media"] + "/biz/1.jpg")).status)
            async with session.ws_connect(at["clock"] + "/task") as clock:
                await clock.send_json({"sleep": 1.0})
                await clock.receive_json()
            statuses.append((await get(session, at["board"] + "/biz/threads.json")).status)
            return statuses

    assert asyncio.run(visit()) == [200, 429, 404, 429, 200]


def test_no_header_tells_the_wall_clock(addresses: Addresses) -> None:
    (reply,) = visits(addresses["board"], "/boards.json")
    assert reply.headers["Date"].endswith("2025 00:00:00 GMT")


def test_answers_are_the_same_bytes_whatever_the_order_of_requests(
    hasty: SandboxConfig, world: World
) -> None:
    paths = ["/biz/catalog.json", *(f"/biz/thread/{no}.json" for no in list(world.threads)[:12])]
    forwards = asyncio.run(_bodies(hasty, paths))
    backwards = asyncio.run(_bodies(hasty, paths[::-1]))
    assert forwards == backwards[::-1]


async def _bodies(config: SandboxConfig, paths: list[str]) -> list[bytes]:
    async with serve(config) as at, aiohttp.ClientSession() as session:
        return [(await get(session, at["board"] + path)).body for path in paths]


def visits(base: str, *paths: str) -> list[Reply]:
    async def visit() -> list[Reply]:
        async with aiohttp.ClientSession() as session:
            return [await get(session, base + path) for path in paths]

    return asyncio.run(visit())
