"""Everything that may go wrong on the wire does, where and when the configuration says, and is logged."""

import json
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from bizmeme.sandbox.live.config import LiveConfig
from bizmeme.sandbox.live.process import load
from tests.sandbox.live.conftest import DAY, SMALL, small
from tests.sandbox.live.visitor import Visitor, visit
from tests.sandbox.web import Reply

CATALOG = "/biz/catalog.json"
WIRE = ("rollback", "empty", "page", "torn", "hang_up", "redirect")
FILES = ("null", "late", "cut", "polished", "page_file")


def troubled(*overrides: str) -> LiveConfig:
    """The small world with no trouble but what is named."""
    quiet = [f"trouble.{share}_share=0" for share in (*WIRE, *FILES)]
    return load(DAY, [*SMALL, *quiet, "trouble.bursts=[]", *overrides])


def catalogs(kind: str, number: int, check: Callable[[list[Reply | None], Visitor], Awaitable[None]]) -> None:
    """Ask for the catalog every two minutes while that trouble has a share of a half."""

    async def play(visitor: Visitor) -> None:
        replies = [await visitor.get(CATALOG, pause=120) for _ in range(number)]
        troubles = (await visitor.truth("/_troubles"))[f"board {kind}"]
        logged = Counter(row[5] for row in await visitor.truth("/_log"))
        assert 0.2 * number < troubles == logged[kind] < 0.8 * number
        await check(replies, visitor)
        assert (await visitor.truth("/_violations"))["total"] == 0

    visit(troubled(f"trouble.{kind}_share=0.5"), play)


def test_an_edge_may_answer_with_an_older_copy_and_its_older_date() -> None:
    async def check(replies: list[Reply | None], visitor: Visitor) -> None:
        sound: list[bytes] = []
        for reply, (at, _, _, status, state_at, trouble) in zip(
            replies, await visitor.truth("/_log"), strict=True
        ):
            assert reply is not None
            assert reply.status == status == 200
            if trouble:
                assert reply.body in sound
                assert 0 < at - state_at <= 300
            else:
                assert reply.body not in sound
                assert state_at == at
                sound.append(reply.body)

    catalogs("rollback", 40, check)


def test_an_index_may_come_empty() -> None:
    async def check(replies: list[Reply | None], _: Visitor) -> None:
        empty = {reply.body for reply in replies if reply and len(reply.body) < 100}
        assert empty == {b"[]", b'[{"page":1,"threads":[]}]'}

    catalogs("empty", 30, check)


def test_a_web_page_may_come_with_status_200_also_under_the_name_of_json() -> None:
    async def check(replies: list[Reply | None], _: Visitor) -> None:
        pages = [reply for reply in replies if reply and reply.body.startswith(b"<!DOCTYPE html>")]
        assert {reply.status for reply in pages} == {200}
        types = {reply.headers["Content-Type"].partition(";")[0] for reply in pages}
        assert types == {"text/html", "application/json"}

    catalogs("page", 30, check)


def test_json_may_be_torn_under_a_length_that_fits() -> None:
    async def check(replies: list[Reply | None], _: Visitor) -> None:
        torn = 0
        for reply in replies:
            assert reply is not None
            assert int(reply.headers["Content-Length"]) == len(reply.body)
            try:
                json.loads(reply.body)
            except ValueError:
                torn += 1
        assert torn > 5

    catalogs("torn", 30, check)


def test_a_connection_may_be_closed_without_an_answer() -> None:
    async def check(replies: list[Reply | None], visitor: Visitor) -> None:
        statuses = [row[3] for row in await visitor.truth("/_log")]
        assert [reply is None for reply in replies] == [status == 0 for status in statuses]

    catalogs("hang_up", 30, check)


def test_a_redirect_leads_where_nobody_may_go() -> None:
    async def check(replies: list[Reply | None], visitor: Visitor) -> None:
        places = {reply.headers["Location"] for reply in replies if reply and reply.status == 302}
        assert places == {visitor.at["elsewhere"] + CATALOG}

    catalogs("redirect", 30, check)


@pytest.mark.parametrize(
    ("trouble", "status", "retry_after_s", "words"),
    [
        ("busy", 429, 40, b"Please wait"),
        ("busy", 503, None, b"Please wait"),
        ("challenge", 403, None, b"Just a moment..."),
        ("challenge", 503, 20, b"Just a moment..."),
    ],
)
def test_a_burst_refuses_everybody_in_its_time_and_not_before_or_after(
    trouble: str, status: int, retry_after_s: int | None, words: bytes
) -> None:
    after = "null" if retry_after_s is None else retry_after_s
    when = "at_min: 10, for_s: 60"
    burst = f"{{host: board, trouble: {trouble}, status: {status}, {when}, retry_after_s: {after}}}"

    async def play(visitor: Visitor) -> None:
        begins_at = visitor.stage.config.begins_at_s
        await visitor.until(begins_at + 599)
        assert (await visitor.whole(CATALOG, pause=0)).status == 200
        refused = await visitor.whole(CATALOG)
        assert (refused.status, words in refused.body) == (status, True)
        assert refused.headers.get("Retry-After") == (str(retry_after_s) if retry_after_s else None)
        assert (await visitor.whole("/biz/1s.jpg", host="media")).status == 404  # the other host goes on
        await visitor.until(begins_at + 660)
        assert (await visitor.whole(CATALOG, pause=0)).status == 200
        assert (await visitor.truth("/_violations"))["total"] == 0
        assert await visitor.truth("/_troubles") == {f"board {trouble}": 1}

    visit(troubled(f"trouble.bursts=[{burst}]"), play)


def test_asking_again_before_a_burst_allows_it_is_a_violation() -> None:
    burst = "{host: board, trouble: busy, status: 429, at_min: 1, for_s: 9, retry_after_s: 30}"

    async def play(visitor: Visitor) -> None:
        await visitor.sleep(60)
        assert (await visitor.whole(CATALOG)).status == 429
        assert (await visitor.whole(CATALOG, pause=29)).status == 429  # the burst is over, the rest is not
        assert (await visitor.whole(CATALOG, pause=1)).status == 200
        assert (await visitor.truth("/_violations"))["by_host"]["board"] == {"impatient": 1}

    visit(troubled(f"trouble.bursts=[{burst}]"), play)


async def pictured(visitor: Visitor, suffix: str = "s.jpg") -> tuple[Reply, bytes]:
    """A young post's file from the media host, and the file as it should be."""
    board, files = visitor.stage.board, visitor.stage.files
    post = max(
        (visitor.stage.timeline.posts[no] for no in board.live if board.has_file(no)),
        key=lambda post: post.at,
    )
    assert post.upload is not None
    if suffix == "s.jpg":
        whole = files.thumbnail(post.upload, longest_px=250)
    else:
        suffix, whole = files.facts(post.upload).ext, files.data(post.upload)
    return await visitor.whole(f"/biz/{post.tim}{suffix}", host="media"), whole


@pytest.mark.parametrize("kind", FILES)
def test_a_file_may_be_bad_in_its_own_way(kind: str) -> None:
    async def play(visitor: Visitor) -> None:
        reply, whole = await pictured(visitor, ".full")
        assert reply.status == 200
        assert reply.body != whole
        if kind in ("null", "late"):
            assert reply.body == bytes(len(whole))
        elif kind == "cut":
            assert reply.body == whole[: len(whole) // 2]
        elif kind == "polished":
            assert abs(len(reply.body) - len(whole)) < 30
            assert (await pictured(visitor))[0].body == (await pictured(visitor))[1]  # the thumbnail is whole
        else:
            assert reply.body.startswith(b"<!DOCTYPE html>")
        assert f"media {kind}" in await visitor.truth("/_troubles")

    visit(all_of(kind), play)


def all_of(kind: str) -> LiveConfig:
    """A world in which every file is bad in that way: a share above what a configuration may say."""
    config = troubled()
    assert config.trouble is not None
    trouble = config.trouble.model_copy(update={f"{kind}_share": 1.0})
    return config.model_copy(update={"trouble": trouble})


def test_a_late_file_comes_ten_minutes_after_its_post() -> None:
    async def play(visitor: Visitor) -> None:
        board = visitor.stage.board
        post = max((visitor.stage.timeline.posts[no] for no in board.live), key=lambda post: post.at)
        path = f"/biz/{post.tim}s.jpg"
        early = await visitor.whole(path, host="media")
        await visitor.until(post.at + 600)
        late = await visitor.whole(path, host="media")
        assert (set(early.body), late.body[:2]) == ({0}, b"\xff\xd8")

    visit(all_of("late"), play)


def test_without_trouble_nothing_goes_wrong() -> None:
    async def play(visitor: Visitor) -> None:
        for _ in range(60):
            reply = await visitor.whole(CATALOG, pause=30)
            assert reply.status == 200
            assert len(reply.json) >= 3
        assert await visitor.truth("/_troubles") == {}

    visit(small(), play)
