"""Every family of errors, over a socket: ask again, give up this post, or stop."""

import asyncio
import gc
from collections.abc import Mapping
from typing import Any

import pytest

from bizmeme.errors import QuotaError, RefusedError, ServiceError
from tests.labellers.gemini.desk import (
    ENDPOINTS,
    KEY,
    Desk,
    Said,
    ask,
    behaving,
    failure,
    question,
    refusal,
    refused,
)

RPC = "type.googleapis.com/google.rpc."
RETRY = {"@type": RPC + "RetryInfo", "retryDelay": "7.5s"}
BAD_KEY = {"@type": RPC + "ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}


def quota(*names: str) -> Mapping[str, object]:
    return {"@type": RPC + "QuotaFailure", "violations": [{"quotaId": name} for name in names]}


@pytest.mark.parametrize("mode", ENDPOINTS)
@pytest.mark.parametrize("status", [409, 429, 500, 503, 529])
def test_a_busy_or_broken_server_is_asked_again(desk: Desk, mode: str, status: int) -> None:
    error = refused(desk, mode, refusal(status, "Try later.", "UNAVAILABLE"))
    assert error.again
    assert not isinstance(error, QuotaError)
    assert error.after_s is None
    assert error.reason == f"refused with status {status}: Try later"


@pytest.mark.parametrize("mode", ENDPOINTS)
@pytest.mark.parametrize("status", [408, 499, 502, 504, 520, 521, 522, 523, 524])
def test_a_gateway_that_gave_up_waiting_leaves_it_in_doubt(desk: Desk, mode: str, status: int) -> None:
    error, asked = failure(desk, mode, refusal(status, f"Deadline expired, {KEY}.", "DEADLINE_EXCEEDED"))
    assert type(error) is ServiceError
    assert asked == 1
    assert f"a gateway gave up waiting (status {status}): Deadline expired, …. Run" in str(error)


@pytest.mark.parametrize("mode", ENDPOINTS)
def test_an_error_of_which_nothing_can_be_read_leaves_it_in_doubt(desk: Desk, mode: str) -> None:
    error, _ = failure(desk, mode, Said(504, b'{"error": {"code": 5'))
    assert type(error) is ServiceError


@pytest.mark.parametrize("mode", ENDPOINTS)
@pytest.mark.parametrize(
    ("details", "headers", "after_s"),
    [
        ([RETRY], {}, 7.5),
        ([quota("GenerateRequestsPerMinutePerProjectPerModel"), RETRY], {"Retry-After": "3"}, 7.5),
        ([], {"Retry-After": "3"}, 3.0),
        ([], {"Retry-After": "0"}, 0.0),
        ([], {"Retry-After": "Thu, 26 Nov 2026 01:00:09 GMT", "Date": "Thu, 26 Nov 2026 01:00:00 GMT"}, 9.0),
        ([], {"Retry-After": "soon"}, None),
        ([], {"Retry-After": "inf"}, None),
        ([], {"Retry-After": "-5"}, None),
        ([], {"Retry-After": "Thu, 26 Nov 2026 00:59:59 GMT", "Date": "Thu, 26 Nov 2026 01:00:00 GMT"}, None),
        ([{"@type": RPC + "RetryInfo"}], {}, None),
        (["nonsense"], {}, None),
    ],
)
def test_the_pause_is_as_long_as_the_server_says(
    desk: Desk, mode: str, details: list[Any], headers: dict[str, str], after_s: float | None
) -> None:
    busy = refusal(429, "Busy.", "RESOURCE_EXHAUSTED", *details)
    error = refused(desk, mode, Said(429, busy.body, headers))
    assert (error.again, error.after_s) == (True, after_s)


@pytest.mark.parametrize("mode", ENDPOINTS)
@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        (refusal(400, f"API key not valid: {KEY}.", "INVALID_ARGUMENT", BAD_KEY), "the key in $BIZMEME"),
        (refusal(401, "Who?", "UNAUTHENTICATED"), "Check the key in $BIZMEME_SANDBOX_KEY"),
        (refusal(402, "Pay."), "its billing"),
        (refusal(403, "No.", "PERMISSION_DENIED"), "its rights"),
        (refusal(404, "models/x is not found.", "NOT_FOUND"), "Check labeller.gemini.model"),
        (refusal(400, "Location is not supported.", "FAILED_PRECONDITION"), "Wait for the next day, or"),
        (refusal(429, "Over.", "RESOURCE_EXHAUSTED", quota("RequestsPerMinute", "GenerateRequestsPerDay"),
                 RETRY), "Wait for the next day"),
        (refusal(429, "Your prepayment credits are depleted. Go.", "RESOURCE_EXHAUSTED"), "and billing"),
        (refusal(429, "The project is over its monthly spending cap.", "RESOURCE_EXHAUSTED"), "and billing"),
        (refusal(400, "Invalid JSON: Unknown name \"x\" at 'generation_config'.", "INVALID_ARGUMENT"),
         "change labeller.gemini"),
    ],
)  # fmt: skip
def test_what_every_request_would_get_stops_and_says_what_to_do(
    desk: Desk, mode: str, answer: Said, advice: str
) -> None:
    error = refused(desk, mode, answer)
    assert isinstance(error, QuotaError)
    assert not error.again
    assert advice in str(error)


@pytest.mark.parametrize("mode", ENDPOINTS)
@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_only_this_post_gets_gives_it_up_with_a_reason_that_names_no_address(
    desk: Desk, mode: str, status: int
) -> None:
    error = refused(desk, mode, refusal(status, "Unable to process input image.", "INVALID_ARGUMENT"))
    assert not error.again
    assert not isinstance(error, QuotaError)
    assert error.reason == f"refused with status {status}: Unable to process input image"
    assert "127.0.0.1" in str(error)


@pytest.mark.parametrize("mode", ENDPOINTS)
@pytest.mark.parametrize(
    "answer",
    [
        Said(503, b"<html>Unavailable</html>", content_type="text/html"),
        Said(503, b""),
        Said(500, [{"error": {"code": 500, "message": "As a list."}}]),
        Said(500, "a word"),
        Said(503, {"error": "a word"}),
    ],
)
def test_an_error_whose_body_is_broken_is_an_error_all_the_same(desk: Desk, mode: str, answer: Said) -> None:
    assert refused(desk, mode, answer).again


@pytest.mark.parametrize("mode", ENDPOINTS)
@pytest.mark.parametrize(
    "answer", [Said(200, b"<html>Welcome</html>", content_type="text/html"), Said(200, b"", content_type="")]
)
def test_a_page_in_place_of_json_leaves_it_in_doubt(desk: Desk, mode: str, answer: Said) -> None:
    error, _ = failure(desk, mode, answer)
    assert not isinstance(error, RefusedError)
    assert "a web page came" in str(error)


@pytest.mark.parametrize("mode", ENDPOINTS)
def test_a_host_that_cannot_be_reached_was_never_asked(desk: Desk, mode: str) -> None:
    with pytest.raises(RefusedError, match="cannot be reached") as raised:
        ask(desk.labeller(mode, base_url="http://127.0.0.1:1"))
    assert raised.value.again


def rude(desk: Desk, mode: str, answer: bytes | None) -> ServiceError:
    """What comes of a server that reads the request, and then says that; None: it stays silent."""

    async def do(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            await reader.read()
        else:
            writer.write(answer)
        writer.close()

    async def run() -> ServiceError:
        async with behaving(do) as address:
            labeller = desk.hasty(mode, address) if answer is None else desk.labeller(mode, base_url=address)
            try:
                with pytest.raises(ServiceError) as raised:
                    await labeller.ask(labeller.body(question(), None))
            finally:
                await labeller.close()
            return raised.value

    return asyncio.run(run())


@pytest.mark.parametrize("mode", ENDPOINTS)
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "did not answer"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
            "did not answer",
        ),
        (b"nonsense\r\n\r\n", "did not answer"),
        (None, "nothing came in time"),
    ],
)
def test_a_host_that_hangs_up_or_stays_silent_leaves_it_in_doubt(
    desk: Desk, mode: str, answer: bytes | None, words: str
) -> None:
    error = rude(desk, mode, answer)
    assert not isinstance(error, RefusedError)
    assert words in str(error)


@pytest.mark.parametrize("mode", ENDPOINTS)
def test_nobody_else_needs_to_hold_the_client(desk: Desk, mode: str) -> None:
    labeller = desk.labeller(mode)
    gc.collect()
    assert labeller.read(ask(labeller)).label == "bullish"
