"""How the vision APIs refuse: status, headers and body, each vendor's own.

    OpenAI   {"error": {"message": "Rate limit reached …", "type": "requests", "param": null,
                        "code": "rate_limit_exceeded"}}
    Gemini   {"error": {"code": 429, "message": "…", "status": "RESOURCE_EXHAUSTED", "details": [
                 {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2s"}]}}

Gemini says how long to wait in the body, and has no header for it; of a day's quota it too says some seconds,
after which nothing is any better: only the quota's name tells.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from aiohttp import web

from bizmeme.sandbox.config_serving import Trouble
from bizmeme.sandbox.servers.common import as_json, http_date

WAIT_S = 2.0  # simulated; what a busy server asks for
_TYPES = "type.googleapis.com/google.rpc."
_BUSY, _FORBIDDEN, _UNAVAILABLE = 429, 403, 503
_NO_CREDIT = "You exceeded your current quota, please check your plan and billing details."


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error answer."""

    status: int
    body: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        """As it is sent."""
        response = as_json(self.body, status=self.status)
        response.headers.update(self.headers)
        return response


@dataclass(frozen=True, slots=True)
class Asked:
    """What a refusal may repeat of a request: its key, and the hour it came at."""

    key: str
    now: float  # seconds since 1970, simulated


# --- OpenAI -------------------------------------------------------------------------------------------


def openai_busy(what: str, *, after_s: float | None) -> Refusal:
    """Too many of `what`, requests or tokens; with `after_s` it says how long to wait, to the second up."""
    headers = {}
    if after_s is not None:
        headers = {
            "Retry-After": str(math.ceil(after_s)),
            "retry-after-ms": str(math.ceil(after_s * 1000)),
        }
    return _openai(
        _BUSY,
        f"Rate limit reached on {what} per min.",
        kind=what,
        code="rate_limit_exceeded",
        headers=headers,
    )


def _openai(
    status: int, message: str, *, kind: str, code: str | None, headers: Mapping[str, str] | None = None
) -> Refusal:
    error = {"message": message, "type": kind, "param": None, "code": code}
    return Refusal(status, {"error": error}, headers or {})


def _openai_until(asked: Asked) -> Refusal:
    busy = openai_busy("requests", after_s=None)
    return Refusal(busy.status, busy.body, {"Retry-After": http_date(asked.now + WAIT_S)})


_OPENAI: Mapping[Trouble, Callable[[Asked], Refusal]] = MappingProxyType(
    {
        "busy": lambda _: openai_busy("requests", after_s=None),
        "busy_after": lambda _: openai_busy("requests", after_s=WAIT_S),
        "busy_until": _openai_until,
        "unavailable": lambda _: _openai(
            _UNAVAILABLE, "The engine is currently overloaded, please try again later.",
            kind="server_error", code=None,
        ),
        "quota": lambda _: _openai(_BUSY, _NO_CREDIT, kind="insufficient_quota", code="insufficient_quota"),
        "day_quota": lambda _: _openai(
            _BUSY,
            "Rate limit reached for requests per day (RPD): Limit 10000, Used 10000, Requested 1. "
            "Please try again in 8.64s.",
            kind="requests", code="rate_limit_exceeded", headers={"Retry-After": "9"},
        ),
        # It repeats the key, as careless services do.
        "wrong_key": lambda asked: _openai(
            401, f"Incorrect API key provided: {asked.key}.",
            kind="invalid_request_error", code="invalid_api_key",
        ),
    }
)  # fmt: skip

# --- Gemini -------------------------------------------------------------------------------------------


def gemini_busy(quota: str, *, after_s: float | None, headers: Mapping[str, str] | None = None) -> Refusal:
    """The quota of that name is used up; with `after_s` a RetryInfo says how long to wait."""
    details: list[Mapping[str, object]] = [
        {"@type": _TYPES + "QuotaFailure", "violations": [{"quotaMetric": _metric(quota), "quotaId": quota}]}
    ]
    if after_s is not None:
        details.append(
            {"@type": _TYPES + "RetryInfo", "retryDelay": f"{after_s:.9f}".rstrip("0").rstrip(".") + "s"}
        )
    return _gemini(_BUSY, _NO_CREDIT, word="RESOURCE_EXHAUSTED", details=details, headers=headers)


def _metric(quota: str) -> str:
    kind = "input_token_count" if "Token" in quota else "requests"
    return f"generativelanguage.googleapis.com/generate_content_{kind}"


def _gemini(
    status: int,
    message: str,
    *,
    word: str,
    details: Sequence[Mapping[str, object]] = (),
    headers: Mapping[str, str] | None = None,
) -> Refusal:
    error = {"code": status, "message": message, "status": word}
    return Refusal(status, {"error": error | ({"details": list(details)} if details else {})}, headers or {})


def _because(reason: str) -> Mapping[str, object]:
    return {"@type": _TYPES + "ErrorInfo", "reason": reason, "domain": "googleapis.com"}


_A_MINUTE = "GenerateRequestsPerMinutePerProjectPerModel"
_A_DAY = "GenerateRequestsPerDayPerProjectPerModel"
_GEMINI: Mapping[Trouble, Callable[[Asked], Refusal]] = MappingProxyType(
    {
        "busy": lambda _: gemini_busy(_A_MINUTE, after_s=None),
        "busy_after": lambda _: gemini_busy(_A_MINUTE, after_s=WAIT_S),
        "busy_until": lambda asked: gemini_busy(
            _A_MINUTE, after_s=None, headers={"Retry-After": http_date(asked.now + WAIT_S)}
        ),
        "unavailable": lambda _: _gemini(
            _UNAVAILABLE, "The model is overloaded. Please try again later.", word="UNAVAILABLE"
        ),
        "quota": lambda _: _gemini(
            _FORBIDDEN, "This API method requires billing to be enabled.",
            word="PERMISSION_DENIED", details=[_because("BILLING_DISABLED")],
        ),
        "day_quota": lambda _: gemini_busy(_A_DAY, after_s=39),
        "wrong_key": lambda asked: _gemini(
            400, f"API key not valid: {asked.key}. Please pass a valid API key.",
            word="INVALID_ARGUMENT", details=[_because("API_KEY_INVALID")],
        ),
    }
)  # fmt: skip

REFUSALS: Mapping[str, Mapping[Trouble, Callable[[Asked], Refusal]]] = MappingProxyType(
    {"openai": _OPENAI, "gemini": _GEMINI}
)
