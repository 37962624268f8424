"""Accounts that may not ask more than their quota, by the sandbox's clock, over a socket."""

import asyncio
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bizmeme.sandbox.clockwork import Clockwork
from bizmeme.sandbox.config import SandboxConfig, origin
from bizmeme.sandbox.config_serving import Quota
from bizmeme.sandbox.process import running
from bizmeme.sandbox.servers.common import as_json
from bizmeme.sandbox.servers.quotas import limited
from tests.sandbox.web import Reply, chat, fetch_json, post, post_all, posted_to


def metered(config: SandboxConfig, **quota: Any) -> SandboxConfig:
    own = Quota.model_validate({"requests_per_s": None, "tokens_per_s": None, "burst_s": 1} | quota)
    quotas = config.serving.quotas.model_copy(update={"openai": own})
    return config.model_copy(update={"serving": config.serving.model_copy(update={"quotas": quotas})})


def completions(addresses: Any) -> str:
    return str(addresses["openai"]) + "/v1/chat/completions"


def test_a_burst_passes_and_the_next_request_is_told_when_to_come_again(hasty: SandboxConfig) -> None:
    config = metered(hasty, requests_per_s=20)
    assert origin(config) == origin(hasty)
    with running(config) as addresses:
        replies = post_all(completions(addresses), [chat(str(k)) for k in range(21)])
        paid = fetch_json(addresses["openai"] + "/_asked")["paid"]
    assert [reply.status for reply in replies] == [200] * 20 + [429]
    assert replies[-1].json["error"]["code"] == "rate_limit_exceeded"
    assert (replies[-1].headers["Retry-After"], replies[-1].headers["retry-after-ms"]) == ("1", "50")
    assert [reply.headers["x-ratelimit-remaining-requests"] for reply in replies[:3]] == ["19", "18", "17"]
    assert replies[0].headers["x-ratelimit-limit-requests"] == "20"
    assert replies[0].headers["x-ratelimit-reset-requests"] == "50ms"
    assert len(paid) == 20  # what is refused costs nothing


def test_whoever_waits_on_the_sandboxs_clock_as_told_is_served(hasty: SandboxConfig) -> None:
    async def run(addresses: Any) -> tuple[list[int], float]:
        async with aiohttp.ClientSession() as session:
            clock = await session.ws_connect(addresses["clock"] + "/task")
            await clock.send_json({"now": True})
            began = (await clock.receive_json())["now"]
            statuses, now = [], began
            for number in range(100):
                reply = await post(session, completions(addresses), chat(str(number)))
                statuses.append(reply.status)
                if reply.status == 429:
                    await clock.send_json({"sleep": int(reply.headers["retry-after-ms"]) / 1000})
                    now = (await clock.receive_json())["now"]
            await clock.close()
        return statuses, now - began

    with running(metered(hasty, requests_per_s=20)) as addresses:
        statuses, took_s = asyncio.run(run(addresses))
    served = statuses.count(200)
    assert statuses[:20] == [200] * 20
    assert served == 20 + 40  # then one in two is told to wait, for one request's time
    assert took_s == pytest.approx((served - 20) / 20, abs=0.06)


def test_tokens_are_counted_as_the_usage_block_counts_them(hasty: SandboxConfig) -> None:
    with running(hasty) as addresses:
        (free,) = post_all(completions(addresses), [chat("gm")])
    each = free.json["usage"]["total_tokens"]
    assert "x-ratelimit-limit-tokens" not in free.headers
    with running(metered(hasty, tokens_per_s=each * 3 + 1)) as addresses:
        replies = post_all(completions(addresses), [chat("gm")] * 4)
    assert [reply.status for reply in replies] == [200, 200, 200, 429]
    assert replies[2].headers["x-ratelimit-remaining-tokens"] == "1"
    assert replies[3].json["error"]["type"] == "tokens"


def test_gemini_says_it_in_the_body_and_has_no_such_headers() -> None:
    first, second = ask_gemini(Quota(requests_per_s=0.5, tokens_per_s=None, burst_s=2))
    assert (first.status, second.status) == (200, 429)
    kinds = {each["@type"].rpartition(".")[2]: each for each in second.json["error"]["details"]}
    assert kinds["RetryInfo"]["retryDelay"] == "2s"
    assert "PerMinute" in kinds["QuotaFailure"]["violations"][0]["quotaId"]
    assert not any(name.lower().startswith(("x-ratelimit", "retry-after")) for name in second.headers)
    (_, short) = ask_gemini(Quota(requests_per_s=None, tokens_per_s=14, burst_s=1))
    assert "Tokens" in short.json["error"]["details"][0]["violations"][0]["quotaId"]


def ask_gemini(quota: Quota) -> list[Reply]:
    """Two requests to a stand-in of its chat."""

    async def say(_: web.Request) -> web.Response:
        return as_json({"candidates": [], "usageMetadata": {"totalTokenCount": 14}})

    path = "/v1beta/models/m:generateContent"
    app = web.Application(middlewares=[limited("gemini", quota, Clockwork(1_762_732_800.0))])
    app.add_routes([web.post(path, say)])
    return posted_to(app, path, [{}, {}])
