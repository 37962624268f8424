"""The archive over the wire: its pages and its files."""

import asyncio
import re

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from bizmeme.sandbox.board_json import thumbnail_px
from bizmeme.sandbox.clockwork import Clockwork
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.fuuka.archive import Archive, kept
from bizmeme.sandbox.fuuka.dialects import Generation
from bizmeme.sandbox.servers import warosu
from bizmeme.sandbox.servers.common import Backstage
from bizmeme.sandbox.state import Addresses
from bizmeme.sandbox.strangers.people import Reader
from bizmeme.sandbox.world import Post, World
from tests.sandbox.archive import GALLERY, asked, opened
from tests.sandbox.web import Reply, fetch_json, get


@pytest.fixture(scope="module")
def archive(hasty: SandboxConfig, world: World) -> Archive:
    return Archive(hasty, world, GALLERY)


@pytest.fixture(scope="module")
def pictured(world: World, archive: Archive) -> Post:
    """A post whose file the archive has."""
    return next(post for post in world.pictured if archive.excerpt(post.thread_no, world.ends_at)
                and post.oddity == "" and kept(post.no) == "here")  # fmt: skip


# --- pages --------------------------------------------------------------------------------------------


def test_index_pages_show_twenty_threads_each_by_number_and_then_none(
    hasty: SandboxConfig, world: World
) -> None:
    pages = asked(hasty, world, *(f"/biz/?task=page&page={number}" for number in range(1, 7)))
    assert [page.status for page in pages] == [200] * 6
    assert [len(opened(page)) for page in pages] == [20, 20, 20, 10, 0, 0]
    assert [no for page in pages for no in opened(page)] == sorted(world.threads, reverse=True)


def test_the_index_has_three_addresses(hasty: SandboxConfig, world: World) -> None:
    pages = asked(hasty, world, "/biz/", "/biz/page/1", "/biz/?task=page&page=1")
    assert {tuple(opened(page)) for page in pages} == {tuple(sorted(world.threads, reverse=True)[:20])}


def test_a_thread_on_the_index_shows_its_last_five_replies_and_counts_the_others(
    hasty: SandboxConfig, world: World, archive: Archive
) -> None:
    longest = max(world.threads.values(), key=lambda thread: len(thread.posts))
    place = sorted(world.threads, reverse=True).index(longest.no)
    index, thread = asked(
        hasty, world, f"/biz/?task=page&page={place // 20 + 1}", f"/biz/thread/{longest.no}"
    )
    replies = [entry.no for entry in archive.excerpt(longest.no, world.ends_at).entries if not entry.ghost][
        1:
    ]
    (block,) = re.findall(rf"<div class=comment id=p{longest.no}>.*?<hr>".encode(), index.body, re.DOTALL)
    assert [int(no) for no in re.findall(rb'"comment reply" id=p(\d+)>', block)] == replies[-5:]
    assert f"{len(replies) - 5} replies omitted".encode() in block
    assert [int(no) for no in re.findall(rb'"comment reply" id=p(\d+)>', thread.body)] == replies


def test_what_is_not_there_is_a_404_with_an_error(hasty: SandboxConfig, world: World) -> None:
    paths = ["/biz/thread/1", "/biz/post/1", "/x/thread/1", "/x/", "/x/?task=search2&search_text=gm"]
    for page in asked(hasty, world, *paths):
        assert page.status == 404
        assert b"<div class=error>" in page.body
    assert b"Board x does not exist" in asked(hasty, world, "/x/")[0].body


def test_a_post_redirects_into_its_thread(hasty: SandboxConfig, world: World) -> None:
    reply = next(thread for thread in world.threads.values() if len(thread.posts) > 1).posts[1]
    for path in (f"/biz/post/{reply.no}", f"/biz/post/S{reply.no}"):
        (page,) = asked(hasty, world, path)
        assert (page.status, page.headers["Location"]) == (302, f"/biz/thread/{reply.thread_no}#p{reply.no}")


def test_what_has_not_happened_yet_is_not_there(hasty: SandboxConfig, world: World) -> None:
    first = min(world.threads)
    then = world.threads[first].posts[-1].posted_at
    page, thread, later = asked(
        hasty, world, "/biz/", f"/biz/thread/{first}", f"/biz/thread/{max(world.threads)}", now=then
    )
    assert opened(page) == sorted(
        (no for no, each in world.threads.items() if each.posts[0].posted_at <= then), reverse=True
    )
    assert (thread.status, later.status) == (200, 404)


@pytest.mark.parametrize(
    ("generation", "marks"),
    [
        ("A", [b'<td class="reply" id="p', b"itemprop=", b'src="//i.warosu.org/data/biz/thumb/', b"<br />"]),
        ("B1", [b"<td class=reply id=p", b"<span>File: ", b"<a rel=noreferrer href=/data/biz/img/"]),
        ("B2", [b"<td class=reply id=p", b"<span class=fileinfo>File: ", b"href=https://i.warosu.org/data/"]),
        (
            "C",
            [b'<td class="comment reply" id="p', b'class="postername "', b'property="og:title"', b"<br />"],
        ),
        ("B3", [b'<td class="comment reply" id=p', b"<td class=doubledash>>>", b'"fileinfo break-all"']),
    ],
)
def test_each_generation_has_marks_of_its_own(
    generation: Generation, marks: list[bytes], hasty: SandboxConfig, world: World
) -> None:
    (page,) = asked(hasty, world, "/biz/", generation=generation)
    assert [mark for mark in marks if mark not in page.body] == []


def test_old_stamps_are_new_yorks_but_in_fuukas_own_pages(hasty: SandboxConfig, world: World) -> None:
    old, new = min(world.threads), max(world.threads)
    for generation, hours in (("A", 0), ("B1", -4), ("B2", -4), ("C", -4), ("B3", -4)):
        pages = asked(hasty, world, f"/biz/thread/{old}", f"/biz/thread/{new}", generation=generation)  # type: ignore[arg-type]
        stamps = [int(found[1]) for page in pages if (found := re.search(rb'title="?(\d{13})', page.body))]
        expected = [world.threads[no].posts[0].posted_at * 1000 for no in (old, new)]
        assert stamps == [expected[0] + hours * 3_600_000, expected[1]]


def test_an_address_is_hidden_under_another_key_on_every_fetch(
    hasty: SandboxConfig, world: World, archive: Archive
) -> None:
    lost = next(entry for entry in archive.posts(world.ends_at, files=False) if entry.deleted)
    path = f"/biz/thread/{lost.thread_no}"
    first, second = (
        re.findall(rb"data-cfemail=(\w+)", page.body) for page in asked(hasty, world, path, path)
    )
    assert first
    assert set(first).isdisjoint(second)
    assert [_shown(code) for code in first] == [_shown(code) for code in second]
    assert lost.text.rpartition(" ")[2] in [_shown(code) for code in first]


def _shown(code: bytes) -> str:
    key, *hidden = bytes.fromhex(code.decode())
    return bytes(each ^ key for each in hidden).decode()


def test_a_deleted_post_is_kept_and_marked_and_ghosts_stand_behind_some_threads(
    hasty: SandboxConfig, world: World, archive: Archive
) -> None:
    entries = archive.posts(world.ends_at, files=False)
    lost = {entry.no for entry in entries if entry.deleted}
    assert 0 < len(lost) < len(world.deleted)
    assert lost < {each.no for each in world.deleted}
    pages = asked(hasty, world, *(f"/biz/thread/{no}" for no in world.threads))
    marked = {
        int(no)
        for page in pages
        for no in re.findall(rb"id=p(\d+)>(?:(?!id=p).)*?alt=\[DELETED\]", page.body, re.DOTALL)
    }
    assert marked == lost
    ghosts = [re.findall(rb'class="subreply comment reply" id=p\d+_\d', page.body) for page in pages]
    assert 0 < sum(bool(each) for each in ghosts) < len(pages) / 2


# --- files --------------------------------------------------------------------------------------------


def test_a_file_lies_in_its_threads_folder_and_nowhere_else(
    hasty: SandboxConfig, world: World, pictured: Post
) -> None:
    assert pictured.picture
    thread_no = pictured.thread_no
    folder = f"{thread_no // 100_000:04d}/{thread_no // 1_000 % 100:02d}"
    name = f"{pictured.tim}{pictured.picture.ext}"
    file, thumbnail, elsewhere, renamed, other = asked(
        hasty, world,
        f"/data/biz/img/{folder}/{name}",
        f"/data/biz/thumb/{folder}/{pictured.tim}s.jpg",
        f"/data/biz/img/0000/00/{name}",
        f"/data/biz/img/{folder}/{pictured.tim}.bmp",
        f"/data/x/img/{folder}/{name}",
    )  # fmt: skip
    assert file.body == GALLERY.file(pictured.picture).data
    assert thumbnail.body == GALLERY.thumbnail(pictured.picture, longest_px=thumbnail_px(pictured))
    assert thumbnail.headers["Content-Type"] == "image/jpeg"
    assert [elsewhere.status, renamed.status, other.status] == [404] * 3


def test_some_files_are_missing_or_lie_on_another_host(hasty: SandboxConfig, world: World) -> None:
    whereabouts = {kept(post.no) for post in world.pictured}
    assert whereabouts == {"here", "elsewhere", "redirect", "nowhere"}
    missing = [post for post in world.pictured if kept(post.no) != "here"]
    assert len(missing) < 0.06 * len(world.pictured)
    for post in missing[:4]:
        assert post.picture
        folder = f"{post.thread_no // 100_000:04d}/{post.thread_no // 1_000 % 100:02d}"
        page, file = asked(
            hasty,
            world,
            f"/biz/thread/{post.thread_no}",
            f"/data/biz/img/{folder}/{post.tim}{post.picture.ext}",
        )
        assert f"/data/biz/img/{folder}/{post.tim}".encode() not in page.body
        assert f"/data/biz/thumb/{folder}/{post.tim}s.jpg".encode() in page.body
        assert file.status == 404


# --- in the sandbox's process -------------------------------------------------------------------------


def test_pages_and_files_have_budgets_of_their_own(
    small: SandboxConfig, world: World, pictured: Post
) -> None:
    assert pictured.picture
    folder = f"{pictured.thread_no // 100_000:04d}/{pictured.thread_no // 1_000 % 100:02d}"
    file = f"/data/biz/img/{folder}/{pictured.tim}{pictured.picture.ext}"

    async def visit(address: str) -> list[int]:
        async with aiohttp.ClientSession() as session:
            return [(await get(session, address + path)).status for path in ("/biz/", file, "/biz/", file)]

    async def serve() -> list[int]:
        backstage = Backstage(small, world, GALLERY, Reader(small, world), Clockwork(float(world.ends_at)))
        async with TestServer(warosu.app(backstage)) as server:
            return await visit(str(server.make_url("")).rstrip("/"))

    assert asyncio.run(serve()) == [200, 200, 429, 429]


def test_the_sandbox_serves_the_archive_and_counts_its_visits(addresses: Addresses) -> None:
    async def visit() -> Reply:
        async with aiohttp.ClientSession() as session:
            return await get(session, addresses["warosu"] + "/biz/?task=page&page=2")

    page = asyncio.run(visit())
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert fetch_json(addresses["warosu"] + "/_counts")["routes"] == {"GET /{board}/": 1}
