"""Polite HTTP against a server that can be told to misbehave."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bizmeme.errors import ServiceError
from bizmeme.ports.sources import Page
from bizmeme.shell.http import PoliteFetch, Politeness, polite_fetch
from bizmeme.shell.journals import open_journal
from tests.shell.jumping import JumpingClock

HOW = Politeness(
    user_agent="bizmeme-tests/1.0", interval_s=1, retries=2, retry_pause_s=10, timeout_s=20, max_bytes=1000
)


class Server:
    """Answers in turn, and remembers what it was asked."""

    def __init__(self, *answers: web.Response) -> None:
        self.answers = list(answers)
        self.asked: list[web.Request] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        return self.answers.pop(0)


def with_fetch(
    server: Server, home: Path, use: Callable[[PoliteFetch, JumpingClock], Awaitable[Page | None]]
) -> Page | None:
    """Start the server, run `use` with a PoliteFetch on it, stop it."""

    async def run() -> Page | None:
        app = web.Application()
        app.router.add_get("/{path:.*}", server.handle)
        clock = JumpingClock()
        async with TestServer(app) as served:
            url = str(served.make_url("")).rstrip("/")
            with open_journal(home, "real") as journal:
                async with polite_fetch(
                    "board", urls=(url, url), politeness=HOW, journal=journal, clock=clock
                ) as fetch:
                    return await use(fetch, clock)

    return asyncio.run(run())


def test_validators_go_back_verbatim_and_304_keeps_the_page(tmp_path: Path) -> None:
    stamp = "Mon, 06 Oct 2025 00:00:00 GMT"
    server = Server(web.Response(text="one", headers={"Last-Modified": stamp}), web.Response(status=304))

    async def twice(fetch: PoliteFetch, _: JumpingClock) -> Page | None:
        assert await fetch.page("/a.html") is not None
        return await fetch.page("/a.html")

    page = with_fetch(server, tmp_path, twice)
    assert page == Page("/a.html", 200, stamp, b"one")
    assert "If-Modified-Since" not in server.asked[0].headers
    assert server.asked[1].headers["If-Modified-Since"] == stamp
    assert {request.headers["User-Agent"] for request in server.asked} == {"bizmeme-tests/1.0"}


def test_a_frozen_page_and_a_medium_are_asked_for_once_ever_even_where_they_are_gone(tmp_path: Path) -> None:
    server = Server(web.Response(text="old thread"), web.Response(body=b"png"), web.Response(status=404))

    async def all_twice(fetch: PoliteFetch, _: JumpingClock) -> Page | None:
        for _round in range(2):
            assert await fetch.frozen("/t.html") is not None
            assert await fetch.media("/m.png") is not None
            assert await fetch.media("/gone.png") is None
        return None

    with_fetch(server, tmp_path, all_twice)
    assert [request.path for request in server.asked] == ["/t.html", "/m.png", "/gone.png"]


def test_a_page_that_is_gone_by_now_keeps_what_was_received(tmp_path: Path) -> None:
    server = Server(web.Response(text="live thread"), web.Response(status=404))

    async def twice(fetch: PoliteFetch, _: JumpingClock) -> Page | None:
        await fetch.page("/t.html")
        page = await fetch.frozen("/t.html")
        return page if page == await fetch.frozen("/t.html") else None

    page = with_fetch(server, tmp_path, twice)
    assert page is not None
    assert page.body == b"live thread"
    assert len(server.asked) == 2


def test_a_busy_host_is_given_the_time_it_asks_for_and_then_growing_pauses(tmp_path: Path) -> None:
    server = Server(
        web.Response(status=429, headers={"Retry-After": "33"}),
        web.Response(status=503),
        web.Response(text="ok"),
    )
    slept: list[float] = []

    async def once(fetch: PoliteFetch, clock: JumpingClock) -> Page | None:
        page = await fetch.page("/a.html")
        slept.extend(clock.timer.slept)
        return page

    assert with_fetch(server, tmp_path, once) is not None
    assert slept == [33.0, 20.0]


def test_requests_to_one_host_keep_their_distance(tmp_path: Path) -> None:
    server = Server(*(web.Response(text="ok") for _ in range(4)))
    slept: list[float] = []

    async def four(fetch: PoliteFetch, clock: JumpingClock) -> Page | None:
        for number in range(4):
            await fetch.page(f"/{number}.html")
        slept.extend(clock.timer.slept)
        return None

    with_fetch(server, tmp_path, four)
    assert slept == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([web.Response(status=500) for _ in range(3)], "did not answer (status 500, 3 tries)"),
        ([web.Response(status=302, headers={"Location": "http://elsewhere/"})], "answered 302"),
        ([web.Response(text="x" * 2000)], "longer than 1000 bytes"),
        ([web.Response(status=403)], "answered 403"),
    ],
)
def test_what_cannot_be_used_is_one_clear_error(
    answers: list[web.Response], message: str, tmp_path: Path
) -> None:
    async def once(fetch: PoliteFetch, _: JumpingClock) -> Page | None:
        return await fetch.page("/a.html")

    with pytest.raises(ServiceError) as raised:
        with_fetch(Server(*answers), tmp_path, once)
    assert message in str(raised.value)
    with open_journal(tmp_path, "real") as journal:
        assert journal.page("board", "/a.html") is None


def test_a_page_with_status_200_that_is_no_json_says_so() -> None:
    with pytest.raises(ServiceError, match="a challenge or a maintenance page"):
        Page("/catalog.html", 200, None, b"<html>just a moment</html>").json()


def test_a_web_page_in_the_place_of_json_stops_the_run_and_replaces_nothing(tmp_path: Path) -> None:
    server = Server(web.Response(text='{"posts": []}'), web.Response(text="<html>Just a moment"))

    async def twice(fetch: PoliteFetch, _: JumpingClock) -> Page | None:
        assert await fetch.page("/1.json") is not None
        return await fetch.page("/1.json")

    with pytest.raises(ServiceError, match="a challenge or a maintenance page"):
        with_fetch(server, tmp_path, twice)
    with open_journal(tmp_path, "real") as journal:
        held = journal.page("board", "/1.json")
    assert held is not None
    assert held.body == b'{"posts": []}'
