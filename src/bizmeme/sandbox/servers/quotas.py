"""What a vision API lets an account ask: `sandbox.serving.quotas`, by the sandbox's clock.

Two buckets, requests and tokens, fill at their rates and hold `burst_s` seconds of them. A request that finds
too little in one gets 429 in its vendor's shape, with the simulated seconds to wait, and takes nothing.
OpenAI's answers say how full the buckets are (x-ratelimit-*), as the real ones do; Gemini's say nothing.
"""

import json
import math
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bizmeme.sandbox.clockwork import Clockwork
from bizmeme.sandbox.config_serving import Quota
from bizmeme.sandbox.servers.receipts import is_paid
from bizmeme.sandbox.servers.refusals import Refusal, gemini_busy, openai_busy

_ROUNDING_S = 1e-6  # a float of today's seconds is exact to a quarter of that
_OK = 200


@dataclass(slots=True)
class Bucket:
    """What is left of one allowance."""

    per_s: float
    most: float
    left: float
    at: float  # simulated seconds since 1970

    def fill(self, now: float) -> None:
        """Let the time since the last look count."""
        self.left = min(self.most, self.left + (now - self.at) * self.per_s)
        self.at = now

    def missing_s(self, amount: float) -> float:
        """Seconds until `amount` may be taken, 0 if now; what the bucket never holds waits for a full one."""
        return max(0.0, (min(amount, self.most) - self.left) / self.per_s)


def limited(vendor: str, quota: Quota, clockwork: Clockwork) -> Middleware:
    """A middleware that holds an account to its quota; a reply that is refused is none, and costs nothing."""
    buckets = _buckets(quota, clockwork.now)

    @web.middleware
    async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        if not buckets or not is_paid(request) or response.status != _OK:
            return response
        assert isinstance(response, web.Response)
        amounts = {"requests": 1.0, "tokens": float(tokens(response))}
        for bucket in buckets.values():
            bucket.fill(clockwork.now)
        waits = {what: bucket.missing_s(amounts[what]) for what, bucket in buckets.items()}
        scarce = max(waits, key=lambda what: waits[what])
        if waits[scarce] > _ROUNDING_S:
            response = _refusal(vendor, scarce, after_s=waits[scarce]).response()
        else:
            for what, bucket in buckets.items():
                bucket.left -= amounts[what]
        if vendor == "openai":
            response.headers.update(_headers(buckets))
        return response

    return admit


def _buckets(quota: Quota, now: float) -> dict[str, Bucket]:
    rates = {"requests": quota.requests_per_s, "tokens": quota.tokens_per_s}
    return {
        what: Bucket(rate, most=max(1.0, rate * quota.burst_s), left=max(1.0, rate * quota.burst_s), at=now)
        for what, rate in rates.items()
        if rate is not None
    }


def tokens(response: web.Response) -> int:
    """Prompt and answer, as the usage block of a reply counts them; 0 where it has none."""
    assert isinstance(response.body, bytes)
    body = json.loads(response.body)
    usage = body.get("usage") or body.get("usageMetadata") or {}
    return int(usage.get("total_tokens") or usage.get("totalTokenCount") or 0)


def _refusal(vendor: str, what: str, *, after_s: float) -> Refusal:
    if vendor == "openai":
        return openai_busy(what, after_s=after_s)
    quota = (
        "GenerateContentInputTokensPerModelPerMinute"
        if what == "tokens"
        else ("GenerateRequestsPerMinutePerProjectPerModel")
    )
    return gemini_busy(quota, after_s=after_s)


def _headers(buckets: dict[str, Bucket]) -> dict[str, str]:
    headers = {}
    for what, bucket in buckets.items():
        headers[f"x-ratelimit-limit-{what}"] = str(math.floor(bucket.most))
        headers[f"x-ratelimit-remaining-{what}"] = str(max(0, math.floor(bucket.left)))
        full_s = (bucket.most - bucket.left) / bucket.per_s
        headers[f"x-ratelimit-reset-{what}"] = f"{math.ceil(full_s * 1000)}ms"
    return headers
