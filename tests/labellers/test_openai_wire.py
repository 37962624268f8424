"""Answers in odd wrappings: charsets, packed bodies, endless ones, addresses that point elsewhere."""

import contextlib
import gzip
import json
from collections.abc import Mapping

import pytest
from aiohttp import web

from bizmeme.errors import QuotaError, RefusedError, ServiceError
from tests.labellers.asking_openai import Handler, closing, labeller, question, run, scripted

CONTENT = '{"label":"bullish","rationale":"x"}'
CHAT = json.dumps({"choices": [{"message": {"content": CONTENT}, "finish_reason": "stop"}]}).encode()
MIB = 2**20


def saying(body: bytes, *, status: int = 200, **headers: str) -> Handler:
    sent = {"Content-Type": "application/json"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }

    async def answer(request: web.Request) -> web.StreamResponse:
        await request.read()
        return web.Response(body=body, status=status, headers=sent)

    return answer


def asked(answer: Handler) -> str:
    """What a paid question to that server returns."""

    async def ask() -> str:
        async with scripted(answer) as base_url, closing(labeller(base_url, mode="live")) as one:
            return await one.ask(one.body(question(), None))

    return run(ask())


def doubtful(answer: Handler) -> str:
    """What is said of a question of which it is in doubt whether it was charged."""
    with pytest.raises(ServiceError) as raised:
        asked(answer)
    assert type(raised.value) is ServiceError
    return str(raised.value)


@pytest.mark.parametrize(
    "charset", ["utf-8", "hex", "utf-7", "idna", "unicode_escape", "utf-16", "latin-1", "moon", '""', "rot13"]
)
def test_a_reply_is_utf_8_whatever_its_header_says(charset: str) -> None:
    body = b'{"choices": "+2D0- \\ud83d \xc3\xa9 \xed\xa0\x80 \xff"}'
    reply = asked(saying(body, Content_Type=f"application/json; charset={charset}"))
    assert reply == body.decode(errors="replace")
    reply.encode()  # a journal takes it


@pytest.mark.parametrize(
    "told", [b"{}", b'{"error": {"message": "x"}, "usage": "see plans"}', b"[]", b'"choices"']
)
def test_json_of_a_stranger_is_no_reply(told: bytes) -> None:
    assert "JSON came that is no chat completion" in doubtful(saying(told))


@pytest.mark.parametrize("charset", ["hex", "utf-7", "idna"])
def test_a_refusal_is_one_whatever_its_header_says(charset: str) -> None:
    body = json.dumps({"error": {"message": "too much +2D0- of it"}}).encode()
    with pytest.raises(RefusedError) as refused:
        asked(saying(body, status=400, Content_Type=f"application/json; charset={charset}"))
    assert refused.value.reason == "refused with status 400: too much +2D0- of it"


@pytest.mark.parametrize("kind", ["Application/JSON", "APPLICATION/JSON;charset=UTF-8"])
def test_json_is_json_in_capitals(kind: str) -> None:
    assert asked(saying(CHAT, Content_Type=kind)) == CHAT.decode()


def test_a_packed_reply_is_unpacked_once() -> None:
    assert asked(saying(gzip.compress(CHAT), Content_Encoding="gzip")) == CHAT.decode()


def test_a_reply_of_four_mib_is_kept_and_a_byte_more_is_in_doubt() -> None:
    assert len(asked(saying(CHAT.ljust(4 * MIB)))) == 4 * MIB
    assert "its answer is longer than 4194304 bytes" in doubtful(saying(CHAT.ljust(4 * MIB + 1)))


def test_a_small_reply_that_unpacks_to_a_large_one_is_in_doubt() -> None:
    packed = gzip.compress(bytes(64 * MIB))
    assert len(packed) < MIB
    assert "is longer than" in doubtful(saying(packed, Content_Encoding="gzip"))


@pytest.mark.parametrize("status", [200, 400, 503])
def test_an_endless_reply_is_not_read_to_its_end(status: int) -> None:
    sent_bytes = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent_bytes
        await request.read()
        response = web.StreamResponse(status=status, headers={"Content-Type": "application/json"})
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(bytes(MIB))
                sent_bytes += MIB
        return response

    assert "is longer than" in doubtful(endless)
    assert sent_bytes < 64 * MIB  # what lies in the sockets included


@pytest.mark.parametrize("status", [301, 303, 307])
@pytest.mark.parametrize("headers", [{"Location": "/v1/x"}, {"Location": "http://[::1"}, {}])
def test_an_address_that_only_points_elsewhere_answers_nothing(
    status: int, headers: Mapping[str, str]
) -> None:
    assert "it points elsewhere" in doubtful(saying(b"", status=status, **headers))


def test_a_server_that_points_elsewhere_once_is_followed() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/v1/new"):
            assert await request.json()
            return web.Response(body=CHAT, content_type="application/json")
        raise web.HTTPTemporaryRedirect("/v1/new" + request.path)

    assert asked(answer) == CHAT.decode()


DEEP = "[" * 1_005 + "]" * 1_005


@pytest.mark.parametrize("field", ["message", "type", "param", "code"])
@pytest.mark.parametrize(("status", "code"), [(400, "odd"), (400, "unsupported_value"), (404, "odd")])
def test_a_refusal_nested_however_deep_is_no_crash(status: int, code: str, field: str) -> None:
    for depth in (500, 900, 980, 1_005, 5_000):
        fields = {"message": '"no"', "code": f'"{code}"', field: "[" * depth + "]" * depth}
        body = ",".join(f'"{name}": {value}' for name, value in fields.items())
        with pytest.raises(ServiceError):
            asked(saying(f'{{"error": {{{body}}}}}'.encode(), status=status))


def test_words_that_are_no_words_are_no_reason() -> None:
    with pytest.raises(RefusedError) as refused:
        asked(saying(b'{"error": {"message": [["no"]]}}', status=400))
    assert refused.value.reason == "refused with status 400: no reason given"
    with pytest.raises(QuotaError, match=r"labeller\.openai\.model"):
        asked(saying(b'{"error": {"code": "unsupported_value", "param": ["model"]}}', status=400))


@pytest.mark.parametrize("told", [DEEP, "20261231", "true", '["2026-12-31"]', '{"day": 1}', '"\\ud83d"'])
def test_a_day_of_shutdown_that_is_none_is_no_card(told: str) -> None:
    async def card() -> None:
        answer = saying(f'{{"shutdown_date": {told}}}'.encode())
        async with scripted(answer) as base_url, closing(labeller(base_url)) as one:
            await one.card()

    with pytest.raises(ServiceError, match="shutdown_date is no day"):
        run(card())
