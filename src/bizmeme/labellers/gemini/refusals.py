"""What Gemini's errors mean: ask again, give up this post, or stop.

    400 INVALID_ARGUMENT, reason API_KEY_INVALID                stop: the key
    400 FAILED_PRECONDITION                                     stop: no billing, or not in this country
    400 about the generation's settings                         stop: every post would get it
    400, 413, 422                                               give up this post
    401, 402, 403, 404                                          stop: no right, or no such model
    429 with a quota of a day, or without credit                stop
    409, 429, 500, 503, …                                       ask again, after RetryInfo's delay
    408, 499, 502, 504, 520 … 524 to what is paid               in doubt: a gateway gave up waiting
    the same to what is not                                     ask again
    204, 302, 600, an error that cannot be read                 in doubt

Google's SDK lets through what its transports raise: errors of aiohttp, httpx2 and the standard library.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from bizmeme.core.replies import printable
from bizmeme.core.values import objects
from bizmeme.errors import QuotaError, RefusedError, ServiceError
from bizmeme.ports.labellers import GAVE_UP
from bizmeme.shell.keys import Key

_NO_RIGHT = (401, 402, 403)
_BAD, _NOT_FOUND, _TOO_MANY, _SERVER_ERROR = 400, 404, 429, 500
_NO_STATUS = 600  # from here on
_BUSY = (408, 409, _TOO_MANY, 499)
_NO_CREDIT = ("prepayment credits are depleted", "monthly spending cap", "billing account")
_SETTINGS = ("generation_config", "Unknown name", "response_json_schema", "Logprobs")
_UNTOLD = "no reason given"
_SECONDS = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s?")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error status and its body."""

    status: int
    body: Any  # as it came: {"error": {…}}, its inner part, or no JSON at all
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def error(self) -> Mapping[str, Any]:
        """The error itself."""
        body = self.body[0] if isinstance(self.body, list) and self.body else self.body
        inner = body.get("error", body) if isinstance(body, dict) else {}
        return inner if isinstance(inner, dict) else {}

    @property
    def missing(self) -> bool:
        """Whether the vendor itself says that it has no such thing; anybody's 404 may mean the address."""
        inner = self.body.get("error") if isinstance(self.body, dict) else None
        word = (inner.get("code"), inner.get("status")) if isinstance(inner, dict) else None
        return self.status == _NOT_FOUND and word == (_NOT_FOUND, "NOT_FOUND")

    @property
    def message(self) -> str:
        """The vendor's own words."""
        return _text(self.error.get("message")) or _UNTOLD

    def details(self, kind: str) -> Iterator[Mapping[str, Any]]:
        """Details of a kind, as RetryInfo."""
        listed = self.error.get("details")
        for each in listed if isinstance(listed, list) else []:
            if isinstance(each, dict) and _text(each.get("@type")).endswith(f".{kind}"):
                yield each

    @property
    def after_s(self) -> float | None:
        """When to ask again, where the server says so."""
        told = [each.get("retryDelay") for each in self.details("RetryInfo")]
        told.append(self.headers.get("retry-after"))
        seconds = (_seconds(_text(each)) for each in told)
        named = next((each for each in seconds if each is not None), None)
        return self._until_s() if named is None else named

    def _until_s(self) -> float | None:
        """An hour to come back at, against the answer's own Date: no clock of ours has a say."""
        try:
            until, now = (parsedate_to_datetime(self.headers[name]) for name in ("retry-after", "date"))
            left_s = (until - now).total_seconds()
        except (KeyError, ValueError, TypeError, OverflowError):
            return None
        return left_s if left_s >= 0 else None

    @property
    def every_post(self) -> bool:
        """Whether it is about how an answer is asked for, which no other post would change."""
        return self.status == _BAD and any(words in self.message for words in _SETTINGS)

    @property
    def bad_key(self) -> bool:
        """Whether the key is none."""
        reasons = [each.get("reason") for each in self.details("ErrorInfo")]
        return "API_KEY_INVALID" in reasons or self.status in _NO_RIGHT

    @property
    def spent(self) -> bool:
        """Whether waiting a minute does not help: a day's quota, no credit, no billing."""
        violations = [each.get("violations") for each in self.details("QuotaFailure")]
        quotas = [quota for listed in violations for quota in objects(listed)]
        words = [_text(value) for quota in quotas for value in quota.values()]
        if self.status == _TOO_MANY and any("PerDay" in word for word in words):
            return True
        no_credit = any(words in self.message.lower() for words in _NO_CREDIT)
        return no_credit or self.error.get("status") == "FAILED_PRECONDITION"


@dataclass(frozen=True, slots=True)
class Teller:
    """Says what went wrong with the API at an address, and never says the key."""

    base_url: str
    key: Key
    section: str  # whose settings messages name

    def meaning(self, error: Exception, *, paid: bool) -> ServiceError:
        """What an error that came out of the SDK means; `paid`: whether an answer would have been charged."""
        if (refusal := _refusal(error)) is not None:
            return self.refused(refusal, paid=paid)
        if _unread(error):  # of an error's body: the SDK parses no other here
            return self.silence("its error cannot be read, nor of what status it was")
        cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
        if _never_sent(error) or _never_sent(cause):
            told = self._safe(str(cause))
            return RefusedError(f"{self.base_url} cannot be reached: {told}. Try again.", again=True)
        if _timed_out(cause):
            return self.silence("nothing came in time")
        return self.silence(str(cause) or type(cause).__name__)

    def refused(self, refusal: Refusal, *, paid: bool) -> ServiceError:
        """What an error status means."""
        told = self.told(refusal.message)
        if not _BAD <= refusal.status < _NO_STATUS:
            return self.silence(f"it sent status {refusal.status} in place of an answer")
        if paid and refusal.status in GAVE_UP:
            return self.silence(f"a gateway gave up waiting (status {refusal.status}): {told}")
        reason = f"refused with status {refusal.status}: {told}"
        text = f"{self.base_url} {reason}."
        if (advice := self._stopping(refusal)) is not None:
            return QuotaError(f"{text} {advice}", again=False, reason=reason)
        return RefusedError(
            f"{text} Everything paid for is kept: run the same command again later.",
            again=refusal.status in _BUSY or refusal.status >= _SERVER_ERROR,
            after_s=refusal.after_s,
            reason=reason,
        )

    def _stopping(self, refusal: Refusal) -> str | None:
        """What to do about an error that every other request would get as well; None where it is not."""
        if refusal.bad_key:
            return f"Check the key in ${self.key.variable}, its rights and its billing."
        if refusal.status == _NOT_FOUND:
            return f"Check {self.section}.model and base_url in conf/labeller/."
        if refusal.every_post:
            return f"Every post would be refused so: change {self.section} in conf/labeller/."
        if refusal.spent:
            return "Wait for the next day, or see to quota and billing there; everything paid for is kept."
        return None

    def told(self, words: object) -> str:
        """The vendor's own words, short, without the key, and not with a part of it either."""
        return self._safe(_text(words) or _UNTOLD)[:160].rstrip(".")

    def silence(self, problem: str) -> ServiceError:
        """No answer came, or none that can be one: whether it was charged is in doubt."""
        told = self._safe(problem).rstrip(".")
        return ServiceError(f"{self.base_url} did not answer: {told}. Run the same command again later.")

    def _safe(self, words: str) -> str:
        """Without the key, and fit for any table."""
        return printable(self.key.hide(words))


def families() -> tuple[type[Exception], ...]:
    """Everything that the SDK lets out where a request fails."""
    import aiohttp
    import httpx2
    from google.genai import errors

    return (
        errors.APIError,
        aiohttp.ClientError,
        httpx2.HTTPError,
        OSError,  # TimeoutError is one
        ValueError,
        RecursionError,  # of an error's body that is nested too deep
    )


def missing(error: Exception) -> bool:
    """Whether an error that came out of the SDK is the vendor's word that it has no such thing."""
    refusal = _refusal(error)
    return refusal is not None and refusal.missing


def _refusal(error: Exception) -> Refusal | None:
    """The error status behind an error; None where there was none."""
    from google.genai import errors

    if isinstance(error, errors.APIError):
        headers = getattr(error.response, "headers", None) or {}
        return Refusal(int(error.code), error.details, headers)
    return None


def _unread(error: Exception) -> bool:
    return isinstance(error, RecursionError) or type(error).__name__ == "JSONDecodeError"


def _never_sent(error: Exception) -> bool:
    """Whether no connection came about."""
    import aiohttp
    import httpx2

    return isinstance(error, aiohttp.ClientConnectorError | httpx2.ConnectError | httpx2.ConnectTimeout)


def _timed_out(error: Exception) -> bool:
    import httpx2

    return isinstance(error, TimeoutError | httpx2.TimeoutException)


def _seconds(value: str) -> float | None:
    """Seconds of "22s", "0.5s" or "22"."""
    found = _SECONDS.fullmatch(value.strip())
    return float(found[1]) if found else None


def _text(value: object) -> str:
    """A text; of what is none, nothing: to write it out may take more levels than there are."""
    return value if isinstance(value, str) else ""
