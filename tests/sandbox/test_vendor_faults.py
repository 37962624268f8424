"""The vision APIs' troubles, each in its vendor's shape, over a socket."""

import json
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from aiohttp import web

from bizmeme.sandbox.clockwork import Clockwork
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.moods import MOODS
from bizmeme.sandbox.process import running
from bizmeme.sandbox.servers.common import as_json
from bizmeme.sandbox.servers.faults import faulty
from tests.sandbox.test_faults import broken, fault
from tests.sandbox.web import Reply, chat, fetch_json, post_all, posted_to

SCHEMA = {"type": "object", "properties": {"label": {"enum": list(MOODS)}, "rationale": {"type": "string"}}}
FORMAT = {"type": "json_schema", "json_schema": {"name": "mood", "schema": SCHEMA}}
NOW = 1_762_732_800.0
GENERATED = {
    "candidates": [
        {
            "content": {"parts": [{"text": '{"label":"bullish"}'}], "role": "model"},
            "finishReason": "STOP",
            "index": 0,
        }
    ],
    "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 5, "totalTokenCount": 14},
}
DECIDED = {
    "openai": {
        "answers": [
            {
                "type": "choice",
                "name": "label",
                "choice": "bullish",
                "confidence": 0.9,
                "probabilities": [{"value": mood, "probability": 1 / 3} for mood in MOODS],
            }
        ]
    },
    "gemini": {
        "answers": {
            "label": {
                "type": "choice",
                "choice": "bullish",
                "confidence": 0.9,
                "probabilities": dict.fromkeys(MOODS, 1 / 3),
            }
        }
    },
}


ANSWERED = ("truncated", "wrong_schema", "off_vocabulary", "refusal", "filtered")
REFUSED = ("busy", "busy_after", "busy_until", "unavailable", "quota", "day_quota", "wrong_key")


def one_after_the_other(config: SandboxConfig, server: str) -> SandboxConfig:
    """Each trouble strikes one request, in turn."""
    troubles = enumerate((*REFUSED, *ANSWERED))
    return broken(config, *(fault(each, server=server, after=turn, times=1) for turn, each in troubles))


@pytest.fixture(scope="module")
def openai(hasty: SandboxConfig) -> Mapping[str, Reply]:
    """What becomes of the same question, trouble by trouble."""
    question = chat("<post>gm</post>", response_format=FORMAT)
    with running(one_after_the_other(hasty, "openai")) as addresses:
        url = addresses["openai"] + "/v1/chat/completions"
        replies = post_all(url, [question] * (len(REFUSED) + len(ANSWERED)), key="sk-mine")
    return dict(zip((*REFUSED, *ANSWERED), replies, strict=True))


@pytest.fixture(scope="module")
def gemini(hasty: SandboxConfig) -> Mapping[str, Reply]:
    """The same of Gemini's own server."""
    config = {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA}
    question = {
        "contents": [{"role": "user", "parts": [{"text": "<post>gm</post>"}]}],
        "generationConfig": config,
    }
    with running(one_after_the_other(hasty, "gemini")) as addresses:
        url = addresses["gemini"] + "/v1beta/models/gemini-2.5-flash-lite:generateContent"
        replies = post_all(url, [question] * (len(REFUSED) + len(ANSWERED)), key="AIza-mine")
    return dict(zip((*REFUSED, *ANSWERED), replies, strict=True))


def spoilt(server: str, trouble: str, answer: object) -> Reply:
    """What becomes of a server's answer."""

    async def say(_: web.Request) -> web.Response:
        return as_json(answer)

    app = web.Application(middlewares=[faulty(server, (fault(trouble, server=server),), Clockwork(NOW))])
    app.add_routes([web.post("/ask", say)])
    (reply,) = posted_to(app, "/ask", [{}], key="AIza-mine")
    return reply


@pytest.mark.parametrize(
    ("trouble", "status", "code", "headers"),
    [
        ("busy", 429, "rate_limit_exceeded", {}),
        ("busy_after", 429, "rate_limit_exceeded", {"Retry-After": "2", "retry-after-ms": "2000"}),
        ("unavailable", 503, None, {}),
        ("quota", 429, "insufficient_quota", {}),
        ("day_quota", 429, "rate_limit_exceeded", {"Retry-After": "9"}),
        ("wrong_key", 401, "invalid_api_key", {}),
    ],
)
def test_openai_refuses_in_its_own_shape(
    openai: Mapping[str, Reply], trouble: str, status: int, code: str | None, headers: dict[str, str]
) -> None:
    reply = openai[trouble]
    error = reply.json["error"]
    assert (reply.status, error["code"]) == (status, code)
    assert set(error) == {"message", "type", "param", "code"}
    assert {name: reply.headers.get(name) for name in headers} == headers
    assert ("Retry-After" in reply.headers) == bool(headers)
    assert ("per day" in error["message"]) == (trouble == "day_quota")
    assert ("sk-mine" in error["message"]) == (trouble == "wrong_key")


def test_a_date_to_come_back_at_is_two_seconds_after_the_servers_own(
    openai: Mapping[str, Reply], gemini: Mapping[str, Reply]
) -> None:
    for reply in (openai["busy_until"], gemini["busy_until"]):
        assert reply.status == 429
        later, asked = (parsedate_to_datetime(reply.headers[name]) for name in ("Retry-After", "Date"))
        assert (later - asked).total_seconds() == 2


@pytest.mark.parametrize(
    ("trouble", "status", "word"),
    [
        ("busy", 429, "RESOURCE_EXHAUSTED"),
        ("busy_after", 429, "RESOURCE_EXHAUSTED"),
        ("unavailable", 503, "UNAVAILABLE"),
        ("quota", 403, "PERMISSION_DENIED"),
        ("day_quota", 429, "RESOURCE_EXHAUSTED"),
        ("wrong_key", 400, "INVALID_ARGUMENT"),
    ],
)
def test_gemini_refuses_in_its_own_shape(
    gemini: Mapping[str, Reply], trouble: str, status: int, word: str
) -> None:
    reply = gemini[trouble]
    error = reply.json["error"]
    assert (reply.status, error["code"], error["status"]) == (status, status, word)
    assert ("AIza-mine" in error["message"]) == (trouble == "wrong_key")
    assert "Retry-After" not in reply.headers


def test_gemini_says_in_the_body_how_long_to_wait_and_which_quota_is_used_up(
    gemini: Mapping[str, Reply],
) -> None:
    found = {trouble: details(gemini[trouble]) for trouble in ("busy", "busy_after", "day_quota")}
    assert "RetryInfo" not in found["busy"]
    assert found["busy_after"]["RetryInfo"]["retryDelay"] == "2s"
    quotas = {trouble: each["QuotaFailure"]["violations"][0]["quotaId"] for trouble, each in found.items()}
    assert {trouble for trouble, quota in quotas.items() if "PerDay" in quota} == {"day_quota"}


def details(reply: Reply) -> dict[str, Any]:
    """A Google error's details by their type's last word."""
    return {each["@type"].rpartition(".")[2]: each for each in reply.json["error"]["details"]}


def test_an_answer_cut_in_the_middle_is_well_framed(openai: Mapping[str, Reply]) -> None:
    reply = openai["truncated"]
    assert reply.status == 200
    assert int(reply.headers["Content-Length"]) == len(reply.body) > 100
    with pytest.raises(json.JSONDecodeError):
        json.loads(reply.body)


@pytest.mark.parametrize(
    ("trouble", "content", "refused", "why"),
    [
        ("wrong_schema", '"score"', False, "stop"),
        ("off_vocabulary", '{"label":"nuetral"', False, "stop"),
        ("refusal", None, True, "stop"),
        ("filtered", "", False, "content_filter"),
    ],
)
def test_openais_chat_answers_are_paid_for_and_of_no_use(
    openai: Mapping[str, Reply], trouble: str, content: str | None, refused: bool, why: str
) -> None:
    reply = openai[trouble]
    choice = reply.json["choices"][0]
    said = choice["message"]["content"]
    assert reply.status == 200
    assert reply.json["usage"]["total_tokens"] > 0
    assert choice["finish_reason"] == why
    assert (choice["message"]["refusal"] is not None) == refused
    assert said is None if content is None else content in said


@pytest.mark.parametrize(
    ("trouble", "seen"),
    [
        ("wrong_schema", lambda body: '"score"' in body["candidates"][0]["content"]["parts"][0]["text"]),
        ("off_vocabulary", lambda body: "bulish" in body["candidates"][0]["content"]["parts"][0]["text"]),
        ("refusal", lambda body: "candidates" not in body and body["promptFeedback"]["blockReason"]),
        ("filtered", lambda body: body["candidates"][0]["finishReason"] == "SAFETY"),
    ],
)
def test_geminis_chat_answers_are_paid_for_and_of_no_use(
    gemini: Mapping[str, Reply], trouble: str, seen: Callable[[dict[str, Any]], bool]
) -> None:
    reply = gemini[trouble]
    assert reply.status == 200
    assert seen(reply.json)
    assert reply.json["usageMetadata"]["totalTokenCount"] > 0


@pytest.mark.parametrize("trouble", ["wrong_schema", "off_vocabulary", "refusal", "filtered"])
@pytest.mark.parametrize("vendor", ["openai", "gemini"])
def test_no_label_can_be_read_from_a_spoilt_decision(vendor: str, trouble: str) -> None:
    reply = spoilt(vendor, trouble, DECIDED[vendor])
    assert reply.status == 200
    assert "bullish" not in reply.body.decode()
    if trouble == "off_vocabulary":
        assert b'"choice":"bulish"' in reply.body
    elif trouble != "wrong_schema":
        assert (b"refusal" if vendor == "openai" else b"prohibited_content") in reply.body


def test_every_reply_of_a_batch_is_spoilt() -> None:
    line = {"response": GENERATED, "metadata": {"key": "a"}}
    reply = spoilt("gemini", "filtered", {"response": {"inlinedResponses": [line, line]}})
    assert reply.body.count(b"SAFETY") == 2


def test_a_share_of_the_requests_goes_wrong_the_same_ones_each_time(hasty: SandboxConfig) -> None:
    config = broken(hasty, fault("busy", server="openai", after=10, times=200, share=0.3))
    runs = []
    for _ in range(2):
        with running(config) as addresses:
            replies = post_all(
                addresses["openai"] + "/v1/chat/completions", [chat(str(k)) for k in range(230)]
            )
            assert sum(fetch_json(addresses["openai"] + "/_asked")["asked"].values()) == 230
        runs.append([reply.status for reply in replies])
    assert runs[0] == runs[1]
    struck = [number for number, status in enumerate(runs[0]) if status == 429]
    assert min(struck) >= 10
    assert max(struck) < 210
    assert 40 <= len(struck) <= 80  # of 200: three standard deviations about 60
