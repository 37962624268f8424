"""Strangers' hosts: spaced over processes, left alone while busy, never followed elsewhere."""

import asyncio
import multiprocessing
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError

from bizmeme.errors import ConfigError, ServiceError, TooLongError
from bizmeme.shell.budgets import Budget, Manners
from bizmeme.shell.hosts import Answer, Host, http_seconds, visiting

VALUES: dict[str, Any] = {
    "name": "bizmeme tests ({contact})",
    "contact_env": "BIZMEME_CONTACT",
    "interval_s": 1.0,
    "jitter_s": 0.0,
    "first_pause_s": 10.0,
    "longest_pause_s": 40.0,
    "tries": 4,
    "timeout_s": 20.0,
    "max_bytes": 1000,
}
START = 1_764_000_000.0
Handler = Callable[[web.Request], Awaitable[web.Response]]


class Timer:
    """Time that passes only in sleeps; remembers them."""

    def __init__(self, now: float = START) -> None:
        self.at = now
        self.slept: list[float] = []

    async def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.at += seconds


def asked(
    handler: Handler, folder: Path, use: Callable[[Host, Timer], Awaitable[Any]], **changes: Any
) -> tuple[Any, Timer]:
    """What `use` returns with a host that `handler` serves."""

    async def run() -> tuple[Any, Timer]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        timer = Timer()
        try:
            async with visiting(Manners(**VALUES | changes), folder) as visit:
                host = visit.host(f"http://127.0.0.1:{runner.addresses[0][1]}", timer)
                return await use(host, timer), timer
        finally:
            await runner.cleanup()

    return asyncio.run(run())


def replies(*responses: web.Response) -> Handler:
    left = list(responses)

    async def handler(_: web.Request) -> web.Response:
        return left.pop(0)

    return handler


async def get(host: Host, _: Timer) -> Answer:
    return await host.get("/1.json", usable=lambda answer: not answer.body.startswith(b"<"))


def test_a_name_without_a_place_for_the_contact_is_refused_by_the_configuration() -> None:
    with pytest.raises(ValidationError, match="name"):
        Manners(**VALUES | {"name": "a nameless collector"})


@pytest.mark.parametrize("contact", ["", "me", "me at example", "@", "ftp://example.org"])
def test_a_stranger_is_not_asked_by_somebody_who_cannot_be_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, contact: str
) -> None:
    monkeypatch.setenv("BIZMEME_CONTACT", contact)

    async def run() -> None:
        async with visiting(Manners(**VALUES), tmp_path) as visit:
            visit.host("https://board.example", Timer())

    with pytest.raises(ConfigError, match=r"\$BIZMEME_CONTACT .* wants to know whom to write to"):
        asyncio.run(run())


@pytest.mark.parametrize("contact", ["you@example.org", "https://example.org/about"])
def test_the_contact_stands_in_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, contact: str
) -> None:
    monkeypatch.setenv("BIZMEME_CONTACT", contact)
    seen: list[str | None] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.headers.get("User-Agent"))
        return web.Response(text="{}")

    asked(handler, tmp_path, get)
    assert seen == [f"bizmeme tests ({contact})"]


def test_requests_are_spaced_and_named_and_validators_go_back_verbatim(tmp_path: Path) -> None:
    seen: list[tuple[str | None, str | None]] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append((request.headers.get("User-Agent"), request.headers.get("If-Modified-Since")))
        return web.Response(text="{}")

    async def thrice(host: Host, _: Timer) -> None:
        for since in (None, "Tue, 25 Nov 2025 10:00:00 GMT", "not a date"):
            await host.get("/1.json", usable=lambda _: True, since=since)

    _, timer = asked(handler, tmp_path, thrice)
    assert timer.slept == [1.0, 1.0]
    agent = "bizmeme tests (nobody@localhost)"
    assert seen == [(agent, None), (agent, "Tue, 25 Nov 2025 10:00:00 GMT"), (agent, "not a date")]


@pytest.mark.parametrize(
    ("headers", "pause_s"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "Mon, 24 Nov 2025 16:00:20 GMT"}, 20.0),
        ({"Retry-After": "9999"}, 9999.0),
        ({"Retry-After": "99999"}, 21_600.0),
        ({"Retry-After": "²"}, 10.0),
        ({"Retry-After": "soon"}, 10.0),
        ({}, 10.0),
    ],
)
def test_a_busy_host_is_left_alone_as_long_as_it_says_within_reason(
    tmp_path: Path, headers: dict[str, str], pause_s: float
) -> None:
    handler = replies(web.Response(status=429, headers=headers), web.Response(text="{}"))
    answer, timer = asked(handler, tmp_path, get)
    assert answer.status == 200
    assert timer.slept == [pause_s]


def test_a_host_that_stays_busy_is_left_alone_longer_each_time_and_then_ends_the_run(tmp_path: Path) -> None:
    challenge = web.Response(text="<html>Just a moment", status=200)
    forbidden = web.Response(text="<html>Just a moment", status=403)
    handler = replies(
        forbidden, web.Response(status=503), challenge, web.Response(status=500), web.Response(text="{}")
    )

    async def hopeless(host: Host, timer: Timer) -> list[float]:
        with pytest.raises(ServiceError, match=r"did not answer \(status 500, 4 tries\)"):
            await get(host, timer)
        return timer.slept

    slept, _ = asked(handler, tmp_path, hopeless)
    assert slept == [10.0, 20.0, 40.0]


def test_a_collector_of_days_never_gives_up(tmp_path: Path) -> None:
    handler = replies(*[web.Response(status=503) for _ in range(9)], web.Response(text="{}"))
    answer, timer = asked(handler, tmp_path, get, tries=None)
    assert answer.body == b"{}"
    assert timer.slept == [10.0, 20.0, *[40.0] * 7]


def test_a_redirect_is_never_followed(tmp_path: Path) -> None:
    away = web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"})
    with pytest.raises(ServiceError, match="redirects elsewhere, which is refused"):
        asked(replies(away), tmp_path, get, tries=1)


def test_a_body_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TooLongError, match="longer than 1000 bytes"):
        asked(replies(web.Response(body=bytes(1001))), tmp_path, get)


def test_a_host_that_hangs_up_is_not_asked_again_at_once(tmp_path: Path) -> None:
    asked_at: list[float] = []

    async def handler(request: web.Request) -> web.Response:
        asked_at.append(timers[0].at)
        if len(asked_at) == 2:  # the first one left a connection to use again
            assert request.transport is not None
            request.transport.abort()
        return web.Response(text="{}")

    timers: list[Timer] = []

    async def twice(host: Host, timer: Timer) -> None:
        timers.append(timer)
        await get(host, timer)
        await get(host, timer)

    asked(handler, tmp_path, twice)
    assert [moment - START for moment in asked_at] == [0, 1, 11]


def test_one_page_that_stays_spoilt_ends_its_own_question_and_the_pause_holds(tmp_path: Path) -> None:
    challenge = [web.Response(text="<html>Just a moment") for _ in range(2)]

    async def others(host: Host, timer: Timer) -> list[float]:
        with pytest.raises(ServiceError, match="2 tries"):
            await host.get("/1.json", usable=lambda _: False, patience=2)
        await get(host, timer)
        return timer.slept

    slept, _ = asked(replies(*challenge, web.Response(text="{}")), tmp_path, others, tries=None)
    assert slept == [10.0, 20.0]


def test_a_304_to_an_open_question_is_no_answer(tmp_path: Path) -> None:
    answer, _ = asked(replies(web.Response(status=304), web.Response(text="{}")), tmp_path, get)
    assert answer.status == 200


def test_a_validator_that_cannot_be_sent_back_is_none(tmp_path: Path) -> None:
    odd = web.Response(text="{}", headers={"Last-Modified": "Tué"})
    answer, _ = asked(replies(odd), tmp_path, get)
    assert answer.last_modified is None


def test_another_refusal_ends_the_run_at_once(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="answered 401"):
        asked(replies(web.Response(status=401)), tmp_path, get)


class Wall:
    """Time as it is, for processes that share nothing else."""

    async def now(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def reserve(folder: Path, count: int, queue: Any) -> None:
    async def run() -> list[float]:
        budget = Budget(folder, "a.example", Manners(**VALUES | {"interval_s": 0.02}))
        moments = []
        for _ in range(count):
            await budget.wait(Wall())
            moments.append(time.time())
        return moments

    queue.put(asyncio.run(run()))


def test_processes_share_one_budget(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    workers = [context.Process(target=reserve, args=(tmp_path, 15, queue)) for _ in range(2)]
    for worker in workers:
        worker.start()
    moments = sorted(moment for _ in workers for moment in queue.get(timeout=60))
    for worker in workers:
        worker.join(60)
    assert len(moments) == 30
    # Nobody is early by more than one late neighbour; all together take as long as one would have.
    assert moments[-1] - moments[0] >= 28 * 0.02


def test_a_killed_ones_slot_stays_spent(tmp_path: Path) -> None:
    asyncio.run(Budget(tmp_path, "a.example", Manners(**VALUES)).wait(Timer()))
    timer = Timer()
    asyncio.run(Budget(tmp_path, "a.example", Manners(**VALUES)).wait(timer))
    assert timer.slept == [1.0]


def test_a_strangers_budget_is_the_machines_and_no_checkouts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    async def folders() -> list[Path]:
        async with visiting(Manners(**VALUES), tmp_path / "home") as visit:
            return [visit.budgets(url) for url in ("https://board.example", "http://127.0.0.1:8000")]

    assert asyncio.run(folders()) == [tmp_path / "cache" / "bizmeme" / "hosts", tmp_path / "home"]


def test_a_clock_that_was_set_back_takes_the_pause_with_it_and_no_more(tmp_path: Path) -> None:
    async def run() -> list[float]:
        budget = Budget(tmp_path, "a.example", Manners(**VALUES))
        await budget.pause(Timer(START + 86_400), 30)
        timer = Timer()
        await budget.wait(timer)
        await budget.wait(timer)
        return timer.slept

    assert asyncio.run(run()) == [30.0, 1.0]


def test_a_slow_connection_does_not_shorten_the_interval(tmp_path: Path) -> None:
    async def run() -> list[float]:
        budget, timer = Budget(tmp_path, "a.example", Manners(**VALUES)), Timer()
        await budget.wait(timer)
        timer.at += 0.9  # until the request was there and answered
        await budget.spent(timer)
        await budget.wait(timer)
        return timer.slept

    assert asyncio.run(run()) == [1.0]


def test_a_pause_that_another_process_declares_meanwhile_holds(tmp_path: Path) -> None:
    other = Budget(tmp_path, "a.example", Manners(**VALUES))

    class Interrupted(Timer):
        async def sleep(self, seconds: float) -> None:
            if not self.slept:
                await other.pause(Timer(self.at), 60)
            await super().sleep(seconds)

    async def run() -> float:
        await other.wait(Timer())
        timer = Interrupted()
        await Budget(tmp_path, "a.example", Manners(**VALUES)).wait(timer)
        return timer.at

    assert asyncio.run(run()) == START + 60


def test_a_budget_file_with_rubbish_in_it_is_a_free_host(tmp_path: Path) -> None:
    (tmp_path / "a.example.txt").write_text("rubbish")
    timer = Timer()
    asyncio.run(Budget(tmp_path, "a.example", Manners(**VALUES)).wait(timer))
    assert timer.slept == []


@pytest.mark.parametrize("date", [None, "", "soon", "Tue, 99 Nov 2025 10:00:00 GMT", "\0"])
def test_what_is_no_date_has_no_moment(date: str | None) -> None:
    assert http_seconds(date) is None
