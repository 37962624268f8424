"""Each family of errors: asked again, this post given up, the run stopped, or in doubt."""

import asyncio
import socket
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from contextlib import closing as shutting
from typing import Any

import orjson
import pytest
from aiohttp import web

from bizmeme.errors import QuotaError, RefusedError, ServiceError
from bizmeme.labellers.openai import OpenAiLabeller
from tests.labellers.asking_openai import Handler, closing, labeller, question, run, scripted

KEY = "sk-planted-4711"
HOUR = {"Date": "Thu, 26 Nov 2026 00:00:00 GMT"}


@pytest.fixture(autouse=True)
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED_KEY", KEY)


def planted_labeller(base_url: str, **changes: Any) -> AbstractAsyncContextManager[OpenAiLabeller]:
    return closing(labeller(base_url, api_key_env="PLANTED_KEY", **changes))


def refusing(status: int, headers: Mapping[str, str] | None = None, **error: object) -> Handler:
    """A server that refuses in OpenAI's shape."""
    told = {"message": "no reason", "type": "invalid_request_error", "param": None, "code": None} | error

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response({"error": told}, status=status, headers=HOUR | dict(headers or {}))

    return answer


def raised(answer: Handler, **changes: Any) -> ServiceError:
    """What asking that server once raises; the server is asked once, and the key is in no words."""
    heard = 0

    async def ask() -> None:
        async def counted(request: web.Request) -> web.StreamResponse:
            nonlocal heard
            heard += 1
            return await answer(request)

        async with scripted(counted) as base_url, planted_labeller(base_url, **changes) as asked:
            await asked.ask(asked.body(question(), None))

    with pytest.raises(ServiceError) as told:
        run(ask())
    assert heard == 1
    error: BaseException | None = told.value
    while error is not None:
        assert KEY not in f"{error} {error!r} {getattr(error, 'reason', '')}"
        error = error.__cause__
    return told.value


@pytest.mark.parametrize("status", [409, 429, 500, 503, 529])
def test_a_busy_server_is_asked_again(status: int) -> None:
    error = raised(refusing(status))
    assert type(error) is RefusedError
    assert (error.again, error.after_s) == (True, None)


@pytest.mark.parametrize("mode", ["live", "decisions"])
@pytest.mark.parametrize("status", [408, 499, 502, 504, 520, 521, 522, 523, 524])
def test_a_gateway_that_gave_up_waiting_leaves_it_in_doubt(status: int, mode: str) -> None:
    error = raised(refusing(status, {"x-should-retry": "true"}, message="upstream timed out"), mode=mode)
    assert type(error) is ServiceError
    assert f"a gateway gave up waiting (status {status}): upstream timed out. Run" in str(error)


@pytest.mark.parametrize("before", range(150, 162))
def test_no_part_of_the_key_is_told_where_words_are_cut(before: int) -> None:
    error = raised(refusing(400, message="x" * before + KEY))
    assert isinstance(error, RefusedError)
    assert (
        error.reason == f"refused with status 400: {'x' * before}…"[: len("refused with status 400: ") + 160]
    )


def test_half_a_surrogate_pair_in_an_error_fits_in_a_table() -> None:
    error = raised(refusing(400, message="not \ud83d so"))
    assert isinstance(error, RefusedError)
    assert error.reason == "refused with status 400: not ? so"


@pytest.mark.parametrize("status", [400, 413, 418, 422])
def test_a_request_that_is_refused_for_itself_gives_up_its_post(status: int) -> None:
    error = raised(refusing(status, message="too much of it"))
    assert type(error) is RefusedError
    assert not error.again
    assert error.reason == f"refused with status {status}: too much of it"


@pytest.mark.parametrize(
    ("status", "told", "advice"),
    [
        (
            401,
            {"message": f"Incorrect API key provided: {KEY}."},
            r"provided: …\. Check the key in \$PLANTED_KEY",
        ),
        (402, {"code": "billing_not_active"}, "Add credit"),
        (403, {"message": "Country not supported"}, r"Check the rights of the key in \$PLANTED_KEY"),
        (404, {"code": "model_not_found"}, r"Check labeller\.openai\.model and base_url"),
        (429, {"code": "insufficient_quota"}, "Add credit"),
        (429, {"type": "insufficient_quota"}, "Add credit"),
        (429, {"message": "Rate limit reached on requests per day (RPD): Limit 10000"}, "again tomorrow"),
        (400, {"code": "unsupported_parameter", "param": "logprobs"}, r"change labeller\.openai\.logprobs"),
        (403, {"message": "You are not allowed to request logprobs from this model"}, r"openai\.logprobs"),
        (400, {"code": "unsupported_value", "param": "max_completion_tokens"}, r"openai\.max_output_tokens"),
        (
            400,
            {"code": "unsupported_parameter", "param": "response_format"},
            r"change labeller\.openai\.model",
        ),
    ],
)
def test_what_every_request_would_get_stops_the_run_and_says_what_to_do(
    status: int, told: dict[str, Any], advice: str
) -> None:
    error = raised(refusing(status, **told))
    assert isinstance(error, QuotaError)
    with pytest.raises(QuotaError, match=advice):
        raise error


@pytest.mark.parametrize(
    ("headers", "after_s"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0.25"}, 0.25),
        ({"retry-after-ms": "1500", "Retry-After": "7"}, 1.5),
        ({"Retry-After": "Thu, 26 Nov 2026 00:00:30 GMT"}, 30.0),
        ({"Retry-After": "Wed, 25 Nov 2026 00:00:00 GMT"}, None),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "-5"}, None),
        ({"retry-after-ms": "inf", "Retry-After": "7"}, 7.0),
        ({"Retry-After": "3600"}, 3600.0),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_the_servers_own_pause_is_told(headers: dict[str, str], after_s: float | None) -> None:
    error = raised(refusing(429, headers, message="slow down"))
    assert isinstance(error, RefusedError)
    assert error.after_s == after_s


def test_a_days_quota_that_lets_one_through_soon_is_waited_for() -> None:
    error = raised(refusing(429, {"Retry-After": "8.64"}, message="requests per day (RPD): Limit 10000"))
    assert type(error) is RefusedError
    assert (error.again, error.after_s) == (True, 8.64)


@pytest.mark.parametrize(("said", "again"), [("true", True), ("false", False)])
@pytest.mark.parametrize("status", [400, 503])
def test_the_vendors_word_on_trying_again_goes_first(status: int, said: str, again: bool) -> None:
    error = raised(refusing(status, {"x-should-retry": said}))
    assert isinstance(error, RefusedError)
    assert error.again is again


def test_an_error_page_instead_of_json_is_an_error_status_all_the_same() -> None:
    async def page(_: web.Request) -> web.StreamResponse:
        return web.Response(status=503, text=f"<html>Unavailable {KEY}</html>", content_type="text/html")

    error = raised(page)
    assert type(error) is RefusedError
    assert error.again


# --- no answer ----------------------------------------------------------------------------------------


async def hang_up(request: web.Request) -> web.StreamResponse:
    await request.read()
    assert request.transport
    request.transport.abort()
    return web.Response()


async def close_quietly(request: web.Request) -> web.StreamResponse:
    await request.read()
    assert request.transport
    request.transport.close()
    return web.Response()


async def cut_off(request: web.Request) -> web.StreamResponse:
    half = web.StreamResponse(headers={"Content-Type": "application/json"})
    half.content_length = 100
    await half.prepare(request)
    await half.write(b'{"answers": [')
    return await hang_up(request)


async def web_page(_: web.Request) -> web.StreamResponse:
    return web.Response(text="<html>Just a moment...</html>", content_type="text/html")


async def silence(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError("nobody sets it")


async def trickle(request: web.Request) -> web.StreamResponse:
    """Bytes that never end: each comes in time, the answer does not."""
    slow = web.StreamResponse(headers={"Content-Type": "application/json"})
    await slow.prepare(request)
    while True:
        await slow.write(b" ")
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("answer", [hang_up, close_quietly, cut_off, web_page])
def test_where_no_answer_came_it_is_in_doubt_whether_it_was_charged(answer: Handler) -> None:
    error = raised(answer)
    assert type(error) is ServiceError
    assert "did not answer" in str(error)


@pytest.mark.parametrize("answer", [silence, trickle])
def test_an_answer_has_so_many_seconds_in_all(answer: Handler) -> None:
    error = raised(answer, timeout_s=0.5)
    assert type(error) is ServiceError


def test_where_nobody_listens_nothing_was_sent() -> None:
    with shutting(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and deaf: connections are refused

        async def ask() -> None:
            async with closing(labeller(f"http://127.0.0.1:{taken.getsockname()[1]}/v1")) as asked:
                await asked.ask(asked.body(question(), None))

        with pytest.raises(RefusedError, match="cannot be reached") as refused:
            run(ask())
    assert refused.value.again


# --- an answer ----------------------------------------------------------------------------------------


def test_a_reply_is_returned_as_it_came() -> None:
    """Spaces, order of keys and unknown ones included: it is journalled before anybody reads it."""
    raw = b'{"z": 1,   "answers":[], "more": "\xc3\xa9"}'

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=raw, content_type="application/json")

    async def ask() -> str:
        async with scripted(answer) as base_url, closing(labeller(base_url)) as asked:
            return await asked.ask(asked.body(question(), None))

    assert run(ask()) == raw.decode()


def test_the_request_is_the_body_and_the_key() -> None:
    heard: list[tuple[str, str, object]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        heard.append((request.path, request.headers["Authorization"], orjson.loads(await request.read())))
        return web.json_response({"answers": []})

    async def ask() -> object:
        async with scripted(answer) as base_url, planted_labeller(base_url) as asked:
            body = asked.body(question(), None)
            await asked.ask(body)
            return body

    body = run(ask())
    assert heard == [("/v1/decisions", f"Bearer {KEY}", body)]


@pytest.mark.parametrize("card", [b'{"id": "gpt-6-luna"}', b'{"id": "gpt-6-luna", "shutdown_date": null}'])
def test_a_card_without_a_day_announces_none(card: bytes) -> None:
    assert shown(card) is None


@pytest.mark.parametrize("card", [b'{"shutdown_date": "soon"}', b"{"])
def test_a_card_that_cannot_be_read_is_no_card(card: bytes) -> None:
    with pytest.raises(ServiceError):
        shown(card)


def shown(card: bytes) -> object:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=card, content_type="application/json")

    async def ask() -> object:
        async with scripted(answer) as base_url, closing(labeller(base_url)) as asked:
            return (await asked.card()).shutdown

    return run(ask())
