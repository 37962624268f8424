"""What went wrong with a request: whether to try again, to give up this post, or to stop asking.

400 422 413 …                 RefusedError             this post is given up
400, 403 about a parameter    QuotaError               every post would get it: the setting is named
401 403 404                   QuotaError               key, rights, model
429 no credit, day is full    QuotaError
409 429 500 503 …             RefusedError(again=True) after as long as the server says
408 499 502 504 520 … 524     ServiceError             a gateway gave up waiting for a paid answer
                              RefusedError(again=True) where nothing was to be paid
301 303 307 …                 ServiceError             it points elsewhere, and nobody answers there
no connection                 RefusedError(again=True) nothing was sent
silence, a cut-off answer     ServiceError             whether it was charged is in doubt
"""

import math
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

import aiohttp

from bizmeme.core.replies import printable
from bizmeme.core.values import parsed
from bizmeme.errors import QuotaError, RefusedError, ServiceError
from bizmeme.labellers.openai.config import Config
from bizmeme.ports.labellers import GAVE_UP
from bizmeme.shell.keys import Key

if TYPE_CHECKING:
    from openai import APIStatusError

_BUSY = (408, 409, 429)
_REFUSED, _TOO_MANY, _SERVER_ERROR = 400, 429, 500
_MISSING = ("batch_not_found", "file_not_found")
_NO_CREDIT = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")
_LONGEST_PAUSE_S = 600.0  # of a full day's quota: who waits longer should stop
_TOLD = 160  # characters of the vendor's words that are kept
_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""The SDK takes these, and a server that hangs up, for the same time-out."""
_ADVICE: Mapping[int, str] = MappingProxyType(
    {
        401: "Check the key in ${variable}.",
        402: "Add credit there; everything paid for is kept.",
        403: "Check the rights of the key in ${variable}.",
        404: "Check {section}.model and base_url in conf/labeller/.",
    }
)
_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "logprobs": "logprobs",
        "top_logprobs": "logprobs",
        "max_completion_tokens": "max_output_tokens",
        "detail": "image_detail",
        "response_format": "model",
        "questions": "model",
        "model": "model",
    }
)
"""Which setting a parameter comes from."""


class Troubles:
    """Turns the SDK's errors into ours; keeps the key out of all of them."""

    def __init__(self, config: Config, key: Key, *, section: str) -> None:
        self._config = config
        self._key = key
        self._section = section

    def told(self, words: object) -> str:
        """The vendor's own words, short, without the key, and not with a part of it either."""
        text = words if isinstance(words, str) and words else "no reason given"
        return printable(self._key.hide(text))[:_TOLD]

    def refusal(self, error: "APIStatusError", *, paid: bool) -> ServiceError:
        """What an answer with an error status means; `paid`: whether an answer would have been charged."""
        status, told = error.status_code, self.told(_message(error))
        if status < _REFUSED:
            return self.nonsense(f"it points elsewhere (status {status})")
        if paid and status in GAVE_UP:
            return self.nonsense(f"a gateway gave up waiting (status {status}): {told}")
        text = f"{self._config.base_url} refused with status {status}: {told.rstrip('.')}."
        if (advice := self._stopping(error, told)) is not None:
            return QuotaError(f"{text} {advice}", again=False)
        return RefusedError(
            f"{text} Everything paid for is kept: run the same command again later.",
            again=_may_succeed(error),
            after_s=pause_s(error.response.headers),
            reason=f"refused with status {status}: {told}",
        )

    def _stopping(self, error: "APIStatusError", told: str) -> str | None:
        """What to do about an error that every other request would get as well; None where it is not."""
        if (setting := _setting(error, told)) is not None:
            return f"Every post would be refused so: change {self._section}.{setting} in conf/labeller/."
        if error.status_code in _ADVICE:
            advice = _ADVICE[error.status_code].replace("{section}", self._section)
            return advice.replace("{variable}", self._config.api_key_env)
        if error.code in _NO_CREDIT or error.type in _NO_CREDIT:
            return _ADVICE[402]
        if error.status_code == _TOO_MANY and ("per day" in told or "PD)" in told):
            after_s = pause_s(error.response.headers)
            if after_s is None or after_s > _LONGEST_PAUSE_S:
                return (
                    "The day's quota is used up: run the same command again tomorrow; nothing is paid twice."
                )
        return None

    def silence(self, error: BaseException) -> ServiceError:
        """What it means that no answer came, or not all of it."""
        told = self.told(_deepest(error))
        if any(isinstance(each, _NEVER_SENT) for each in _behind(error)):
            text = f"{self._config.base_url} cannot be reached: {told.rstrip('.')}. Try again."
            return RefusedError(text, again=True)
        return self.nonsense(told)

    def nonsense(self, problem: str) -> ServiceError:
        """An answer that is none."""
        told = problem.rstrip(".")
        return ServiceError(
            f"{self._config.base_url} did not answer: {told}. Run the same command again later."
        )


def _message(error: "APIStatusError") -> object:
    """What stands where the vendor's own words should."""
    return error.body.get("message") if isinstance(error.body, dict) else None


def is_missing(error: "APIStatusError") -> bool:
    """Whether the vendor itself says that it has no such batch or file.

        {"error": {"message": "No such File object: file-1", "type": "invalid_request_error",
                   "param": "id", "code": null}}

    A gateway before it and a wrong address, which have none of anything, say so in other words.
    """
    match parsed(error.response.content):
        case {"error": {"message": str(words), "type": "invalid_request_error", **more}}:
            code = more.get("code")
            return (code is None or code in _MISSING) and not words.startswith("Invalid URL")
    return False


def _setting(error: "APIStatusError", told: str) -> str | None:
    """The setting behind a parameter that this model does not take, whatever the post."""
    param = error.param if isinstance(error.param, str) else ""  # the SDK lets any type through
    if error.status_code in (400, 403) and "logprobs" in f"{param} {told}":
        return "logprobs"
    if error.code in ("unsupported_parameter", "unsupported_value", "unknown_parameter", "unsupported_model"):
        return _SETTINGS.get(param.partition(".")[0], "model")
    return None


def _may_succeed(error: "APIStatusError") -> bool:
    """Whether the same request may be answered later; the vendor's own word on it goes first."""
    said = error.response.headers.get("x-should-retry")
    if said in ("true", "false"):
        return said == "true"
    return error.status_code in _BUSY or error.status_code >= _SERVER_ERROR


def pause_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait; None where it names none that can be waited.

        retry-after-ms: 1500        Retry-After: 1.5        Retry-After: Thu, 26 Nov 2026 01:00:00 GMT

    An hour is compared with the answer's own Date, so that no clock of ours has a say.
    """
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            named_s = float(headers.get(name, "")) * unit_s
        except ValueError:
            continue
        if 0 <= named_s < math.inf:
            return named_s
    try:
        until, now = (parsedate_to_datetime(headers[name]) for name in ("retry-after", "date"))
        left_s = (until - now).total_seconds()
    except (LookupError, ValueError, TypeError, OverflowError):
        return None
    return left_s if left_s >= 0 else None


def _behind(error: BaseException) -> Iterator[BaseException]:
    """The error and everything that led to it."""
    at: BaseException | None = error
    while at is not None:
        yield at
        at = at.__cause__


def _deepest(error: BaseException) -> str:
    """The words nearest to what happened: the SDK's own say no more than "Connection error."."""
    *_, last = _behind(error)
    return str(last) or type(last).__name__
