"""Bodies as no server should send them: a paid reply is kept, and what is none leaves the charge in doubt."""

import asyncio
import gzip
import json
from typing import Any

import pytest

from bizmeme.core.prices import Usage
from bizmeme.errors import ServiceError
from tests.labellers.gemini.desk import ENDPOINTS, Desk, Said, deep, failure, refused, saying, told

MIB = 2**20
CHAT = {
    "candidates": [{"content": {"parts": [{"text": '{"label": "bearish", "rationale": "Fällt."}'}]}}],
    "usageMetadata": {"promptTokenCount": 600},
}
CHARSETS = [
    "hex",
    "utf-7",
    "unicode_escape",
    "raw_unicode_escape",
    "idna",
    "utf-16",
    "latin-1",
    '""',
    "no such",
]


def replied(desk: Desk, answer: Said) -> str:
    """What is journalled of a server's answer to a live question."""

    async def run() -> str:
        async with saying(answer) as (address, _):
            labeller = desk.labeller(base_url=address)
            try:
                return await labeller.ask({"contents": []})
            finally:
                await labeller.close()

    return asyncio.run(run())


@pytest.mark.parametrize("charset", CHARSETS)
def test_a_paid_reply_is_utf_8_whatever_its_header_says(desk: Desk, charset: str) -> None:
    raw = json.dumps(CHAT, ensure_ascii=False)
    reply = replied(desk, Said(200, raw.encode(), content_type=f"application/json; charset={charset}"))
    assert reply == raw
    answer = desk.labeller().read(reply)
    assert (answer.label, answer.rationale, answer.usage) == ("bearish", "Fällt.", Usage(600, 0))


@pytest.mark.parametrize(
    ("charset", "raw"),
    [
        ("utf-7", b'{"candidates": "+2D0-"}'),
        ("unicode_escape", b'{"candidates": "\\ud83d"}'),
        ("utf-8", b'{"candidates": "\xff\xed\xa0\x80"}'),
    ],
)
def test_a_paid_reply_fits_in_a_journal_whatever_its_bytes_are(desk: Desk, charset: str, raw: bytes) -> None:
    reply = replied(desk, Said(200, raw, content_type=f"application/json; charset={charset}"))
    assert reply.encode() == raw.decode("utf-8", "replace").encode()


def test_a_content_type_is_read_whatever_its_case(desk: Desk) -> None:
    assert json.loads(replied(desk, Said(200, CHAT, content_type="Application/JSON"))) == CHAT


@pytest.mark.parametrize("mode", ENDPOINTS)
@pytest.mark.parametrize("status", [201, 204, 304, 600])
def test_a_status_that_is_neither_an_answer_nor_an_error_leaves_it_in_doubt(
    desk: Desk, mode: str, status: int
) -> None:
    error, asked = failure(desk, mode, Said(status, b""))
    assert type(error) is ServiceError
    assert asked == 1
    assert f"status {status} in place of an answer" in str(error)


@pytest.mark.parametrize("mode", ENDPOINTS)
@pytest.mark.parametrize("raw", [b"", b" \n"])
def test_an_empty_reply_leaves_it_in_doubt(desk: Desk, mode: str, raw: bytes) -> None:
    error, _ = failure(desk, mode, Said(200, raw))
    assert type(error) is ServiceError
    assert "an empty reply came" in str(error)


def test_an_error_is_utf_8_whatever_its_header_says(desk: Desk) -> None:
    told = {"error": {"code": 400, "message": "Fällt.", "status": "INVALID_ARGUMENT"}}
    for charset in CHARSETS:
        error = refused(desk, "live", Said(400, told, content_type=f"application/json; charset={charset}"))
        assert error.reason == "refused with status 400: Fällt"


def padded(size: int) -> bytes:
    return b'{"candidates": "' + b"a" * (size - 18) + b'"}'


@pytest.mark.parametrize("packed", [False, True])
def test_a_live_reply_has_at_most_four_mib(desk: Desk, packed: bool) -> None:
    def said(raw: bytes) -> Said:
        return Said(200, gzip.compress(raw), {"Content-Encoding": "gzip"}) if packed else Said(200, raw)

    assert len(replied(desk, said(padded(4 * MIB)))) == 4 * MIB
    error, _ = failure(desk, "live", said(padded(4 * MIB + 1)))
    assert type(error) is ServiceError
    assert "more than 4 MiB" in str(error)


def test_a_batch_may_have_more_to_tell_than_an_answer(desk: Desk) -> None:
    line = {"response": {"x": "a" * 6 * MIB}, "metadata": {"key": "a"}}
    whole = Said(body={"response": {"inlinedResponses": {"inlinedResponses": [line]}}})
    outcomes, _ = told(desk, lambda batches: batches.fetch("batches/one"), whole)
    assert [len(each.reply) // MIB for each in outcomes] == [6]


@pytest.mark.parametrize("mode", ENDPOINTS)
@pytest.mark.parametrize("levels", [980, 1010, 100_000])
def test_an_error_nested_too_deeply_is_no_traceback(desk: Desk, mode: str, levels: int) -> None:
    error, _ = failure(desk, mode, Said(400, b'{"error": {"message": %s}}' % deep(levels).encode()))
    assert type(error) is ServiceError
    assert "its error cannot be read" in str(error)


NO_WORDS: list[Any] = [["Oops"], {"a": 1}, 7, None, True]


@pytest.mark.parametrize("mode", ENDPOINTS)
@pytest.mark.parametrize("message", NO_WORDS)
def test_an_error_without_words_gives_no_reason(desk: Desk, mode: str, message: object) -> None:
    details = [{"@type": ["RetryInfo"], "retryDelay": "1s"}, {"@type": "a.RetryInfo", "retryDelay": message},
               {"@type": "a.QuotaFailure", "violations": [message, {"quotaId": message}]}]  # fmt: skip
    answer = Said(429, {"error": {"code": 429, "message": message, "details": details}})
    error = refused(desk, mode, answer)
    assert (error.reason, error.after_s) == ("refused with status 429: no reason given", None)


@pytest.mark.parametrize("mode", ENDPOINTS)
@pytest.mark.parametrize(
    "told", [{}, {"error": {"message": "x"}}, {"status": "ok"}, [], "a candidate"], ids=str
)
def test_json_of_a_stranger_is_no_reply(desk: Desk, mode: str, told: Any) -> None:
    error, asked = failure(desk, mode, Said(200, told))
    assert type(error) is ServiceError
    assert asked == 1
    assert "JSON came that is no answer of a model" in str(error)
