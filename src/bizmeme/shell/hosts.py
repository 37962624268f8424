"""Asking a host of strangers: spaced over all processes of this machine, named, patient, never redirected.

    async with visiting(manners, folder) as visit:
        host = visit.host("https://a.4cdn.org", timer)
        answer = await host.get("/biz/catalog.json", since="Tue, 25 Nov 2025 10:00:00 GMT", usable=is_json)

A host's budget is shared (budgets.py). A host that is busy, silent, or shows a challenge page is left alone
for a while, all of it, and then asked again; a challenge is never bypassed.
"""

import asyncio
import email.utils
import os
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from bizmeme.errors import ConfigError, ServiceError, TooLongError
from bizmeme.ports.clocks import Timer
from bizmeme.shell.budgets import Budget, Manners

OK, NOT_MODIFIED, NOT_FOUND = 200, 304, 404
_FORBIDDEN, _TIMEOUT, _TOO_MANY, _SERVER_ERROR = 403, 408, 429, 500
_CHUNK = 2**16
_LONGEST_NAMED_S = 21_600.0  # of a Retry-After: six hours
_CONTACT = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+|https?://[^\s/]+\S*")
_OWN, _NOBODY = ("127.0.0.1", "localhost", "::1"), "nobody@localhost"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a host said."""

    path: str
    status: int
    last_modified: str | None
    body: bytes


Usable = Callable[[Answer], bool]
"""Whether a 200 is what was asked for, and not a challenge or a maintenance page."""


def is_a_file(answer: Answer) -> bool:
    """Whether a 200 of a media host is no web page: a challenge stands in the place of every file."""
    return answer.body.lstrip()[:1] != b"<"


class Host:
    """One host behind its budget; `counts` says what came of the requests."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, budget: Budget, timer: Timer, *, agent: str
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._agent = {"User-Agent": agent}
        self._session = session
        self._url = url.rstrip("/")
        self._budget = budget
        self._timer = timer
        self._manners = budget.manners
        self._pause_s = budget.manners.first_pause_s  # the next one; back to the first after a good answer

    async def get(
        self,
        path: str,
        *,
        usable: Usable,
        since: str | None = None,
        patience: int | None = None,
        gap_s: float = 0.0,
    ) -> Answer:
        """A usable 200, a 304 or a 404; waits while the host is busy.

        Redirects are not followed: they count as busy. `patience` is how often this one page may be asked for
        where it alone may be at fault, null as often as the manners say; `gap_s` is the least time between.
        Raises ServiceError once that is spent, and for another refusal; TooLongError for a long body. The
        pause that the last answer asked for holds all the same.
        """
        most = self._manners.tries if patience is None else patience
        tries, problem = 0, ""
        while most is None or tries < most:
            tries += 1
            await self._budget.wait(self._timer)
            answer, problem, named_s = await self._tried(path, since, usable)
            if answer is not None:
                self._pause_s = self._manners.first_pause_s
                return answer
            self.counts["busy"] += 1
            pause_s = self._pause_s if named_s is None else min(named_s, _LONGEST_NAMED_S)
            await self._budget.pause(self._timer, max(pause_s, gap_s))
            self._pause_s = min(2 * self._pause_s, self._manners.longest_pause_s)
        raise ServiceError(
            f"{self._url}{path} did not answer ({problem}, {tries} tries). What was received is kept: "
            "run the same command again later."
        )

    async def _tried(
        self, path: str, since: str | None, usable: Usable
    ) -> tuple[Answer | None, str, float | None]:
        """One request: a good answer, or what is wrong and how long the host wants to be left alone."""
        try:
            answer, named_s = await self._once(path, since)
        except (TimeoutError, aiohttp.ClientError) as error:
            return None, str(error) or type(error).__name__, None
        finally:
            await self._budget.spent(self._timer)
        good = answer.status in (NOT_MODIFIED, NOT_FOUND) or (answer.status == OK and usable(answer))
        if answer.status == NOT_MODIFIED and since is None:
            return None, "304 to a question that was not conditional", None
        return (answer, "", None) if good else (None, self._busy(answer), named_s)

    def _busy(self, answer: Answer) -> str:
        """What is wrong with an answer that may be right later; ServiceError where it never will be."""
        if answer.status == OK:
            return "a challenge or a maintenance page"
        if answer.status in (_FORBIDDEN, _TIMEOUT, _TOO_MANY) or answer.status >= _SERVER_ERROR:
            return f"status {answer.status}"
        if 300 <= answer.status < 400:  # noqa: PLR2004
            return "it redirects elsewhere, which is refused"
        raise ServiceError(
            f"{self._url}{answer.path} answered {answer.status}. Check the source's addresses."
        )

    async def _once(self, path: str, since: str | None) -> tuple[Answer, float | None]:
        self.counts["requests"] += 1
        headers = self._agent | ({"If-Modified-Since": since} if since else {})
        async with self._session.get(self._url + path, headers=headers, allow_redirects=False) as response:
            body = await self._body(response)
            self.counts["bytes"] += len(body)
            self.counts[f"status {response.status}"] += 1
            answer = Answer(path, response.status, _plain(response.headers.get("Last-Modified")), body)
            return answer, await self._seconds(response.headers.get("Retry-After"))

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            body += chunk
            if len(body) > self._manners.max_bytes:
                raise TooLongError(f"{response.url} is longer than {self._manners.max_bytes} bytes: refused.")
        return bytes(body)

    async def _seconds(self, retry_after: str | None) -> float | None:
        """Retry-After, in seconds or as a date."""
        if retry_after is None:
            return None
        if retry_after.isascii() and retry_after.strip().isdigit():
            return float(retry_after)
        at_s = http_seconds(retry_after)
        return None if at_s is None else max(0.0, at_s - await self._timer.now()) or None


def _plain(header: str | None) -> str | None:
    """A header that can be sent back as it came; None where it cannot."""
    return header if header and header.isascii() and header.isprintable() else None


def http_seconds(date: str | None) -> float | None:
    """Seconds since 1970 of a date as HTTP writes it; None where it is none."""
    try:
        return email.utils.parsedate_to_datetime(date).timestamp() if date else None
    except (TypeError, ValueError, OverflowError):
        return None


class Visit:
    """An open session; hosts made from it share nothing but their manners."""

    def __init__(self, session: aiohttp.ClientSession, manners: Manners, folder: Path) -> None:
        self._session = session
        self._manners = manners
        self._folder = folder

    def host(self, url: str, timer: Timer, *, least_interval_s: float = 0.0) -> Host:
        """A host by its address; raises ConfigError where it would be asked without a contact."""
        agent = self._manners.name.format(contact=self._contact(url))
        netloc = urlsplit(url).netloc
        budget = Budget(self.budgets(url), netloc, self._manners, least_interval_s=least_interval_s)
        return Host(self._session, url, budget, timer, agent=agent)

    def budgets(self, url: str) -> Path:
        """The folder for a host's budget: one for all processes of this machine, but for its own servers."""
        if urlsplit(url).hostname in _OWN:
            return self._folder
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        return Path(cache) / "bizmeme" / "hosts"

    def _contact(self, url: str) -> str:
        contact = os.environ.get(self._manners.contact_env, "").strip()
        if _CONTACT.fullmatch(contact):
            return contact
        if urlsplit(url).hostname in _OWN:
            return _NOBODY
        said = (
            f"holds '{contact}', which is neither an e-mail address nor a page" if contact else "is not set"
        )
        raise ConfigError(
            f"${self._manners.contact_env} {said}. {url} wants to know whom to write to: run "
            f"`export {self._manners.contact_env}=you@example.org` with an address of yours."
        )


@asynccontextmanager
async def visiting(manners: Manners, folder: Path) -> AsyncIterator[Visit]:
    """A session without cookies; budgets of servers on this machine lie in `folder`."""
    timeout = aiohttp.ClientTimeout(total=manners.timeout_s)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
        # Else aiohttp asks again by itself, at once, where a host hung up: past every budget.
        session._retry_connection = False
        yield Visit(session, manners, folder)
        await asyncio.sleep(0)  # lets closed connections go
