"""Asking a host of strangers: spaced over all processes of this machine, named, patient, never redirected.

    async with visiting(manners, folder) as visit:
        host = visit.host("https://a.4cdn.org", timer)
        answer = await host.get("/biz/catalog.json", since="Tue, 25 Nov 2025 10:00:00 GMT", usable=is_json)

The budget of a host is a small locked file, so that two collectors side by side, or one that was killed and
started again, still ask once a second. A host that is busy, silent, or shows a challenge page is left alone
for a while, all of it, and then asked again; a challenge is never bypassed.
"""

import asyncio
import email.utils
import fcntl
import json
import os
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import aiohttp
from pydantic import Field

from bizmeme.core.settings import PositiveInt, Section
from bizmeme.errors import ConfigError, ServiceError, TooLongError
from bizmeme.ports.clocks import Timer

OK, NOT_MODIFIED, NOT_FOUND = 200, 304, 404
_FORBIDDEN, _TIMEOUT, _TOO_MANY, _SERVER_ERROR = 403, 408, 429, 500
_CHUNK = 2**16
_CONTACT = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+|https?://[^\s/]+\S*")
_OWN, _NOBODY = ("127.0.0.1", "localhost", "::1"), "nobody@localhost"


class Manners(Section):
    """How gently a host is asked."""

    name: Annotated[str, Field(pattern=r"\{contact\}")]
    """The User-Agent; {contact} is where who asks can be reached, since boards refuse the nameless."""

    contact_env: Annotated[str, Field(min_length=1)]
    """Environment variable that holds an e-mail address or the address of a page."""

    interval_s: Annotated[float, Field(ge=0)]
    """Seconds between two requests to one host, over all processes of this machine."""

    jitter_s: Annotated[float, Field(ge=0)]
    """Up to so many more, by chance."""

    first_pause_s: Annotated[float, Field(gt=0)]
    """How long a busy host is left alone where it names no time; doubles each time it is still busy."""

    longest_pause_s: Annotated[float, Field(gt=0)]
    """Where that ends."""

    tries: PositiveInt | None
    """After so many a busy host ends the run; null: never, for a collector that runs for days."""

    timeout_s: Annotated[float, Field(gt=0)]
    """Wall seconds for one answer."""

    max_bytes: PositiveInt
    """Longer bodies are refused."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a host said."""

    path: str
    status: int
    last_modified: str | None
    body: bytes


Usable = Callable[[Answer], bool]
"""Whether a 200 is what was asked for, and not a challenge or a maintenance page."""


class Budget:
    """One host's next free moment, in a file that all processes lock."""

    def __init__(self, folder: Path, host: str, manners: Manners) -> None:
        self._file = folder / f"{host.replace(':', '_')}.json"
        self.manners = manners
        self._chance = random.Random(host)

    async def wait(self, timer: Timer) -> None:
        """Return when the caller may send."""
        now_s = await timer.now()
        gap_s = self.manners.interval_s + self._chance.uniform(0, self.manners.jitter_s)
        start_s = self._changed(now_s, lambda free_s: max(now_s, free_s) + gap_s) - gap_s
        if start_s > now_s:
            await timer.sleep(start_s - now_s)

    async def pause(self, timer: Timer, seconds: float) -> None:
        """Let nobody send for `seconds`."""
        now_s = await timer.now()
        self._changed(now_s, lambda free_s: max(free_s, now_s + seconds))

    def _changed(self, now_s: float, change: Callable[[float], float]) -> float:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            free_s = change(self._read(file.read(), now_s))
            file.seek(0)
            file.truncate()
            file.write(json.dumps(free_s))
        return free_s

    def _read(self, text: str, now_s: float) -> float:
        """The moment in the file; what lies further off than any pause comes from another clock."""
        try:
            free_s = float(text)
        except ValueError:
            return now_s
        furthest_s = now_s + self.manners.longest_pause_s + self.manners.interval_s
        return free_s if free_s <= furthest_s else now_s


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

    async def get(self, path: str, *, usable: Usable, since: str | None = None) -> Answer:
        """A usable 200, a 304 or a 404; waits while the host is busy.

        Redirects are not followed: they count as busy. Raises ServiceError for another refusal and for a
        host that stays busy, as long as `tries` says; TooLongError for a long body.
        """
        tries, pause_s, problem = 0, self._manners.first_pause_s, ""
        while self._manners.tries is None or tries < self._manners.tries:
            tries += 1
            await self._budget.wait(self._timer)
            try:
                answer, named_s = await self._once(path, since)
            except (TimeoutError, aiohttp.ClientError) as error:
                problem, named_s = str(error) or type(error).__name__, None
            else:
                if answer.status in (NOT_MODIFIED, NOT_FOUND) or (answer.status == OK and usable(answer)):
                    return answer
                problem = self._busy(answer)
            self.counts["busy"] += 1
            await self._budget.pause(self._timer, min(named_s or pause_s, self._manners.longest_pause_s))
            pause_s = min(2 * pause_s, self._manners.longest_pause_s)
        raise ServiceError(
            f"{self._url}{path} did not answer ({problem}, {tries} tries). What was received is kept: "
            "run the same command again later."
        )

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
            answer = Answer(path, response.status, response.headers.get("Last-Modified"), body)
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
        if retry_after.strip().isdigit():
            return float(retry_after)
        at_s = http_seconds(retry_after)
        return None if at_s is None else max(0.0, at_s - await self._timer.now()) or None


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

    def host(self, url: str, timer: Timer) -> Host:
        """A host by its address; raises ConfigError where it would be asked without a contact."""
        agent = self._manners.name.format(contact=self._contact(url))
        budget = Budget(self._folder, urlsplit(url).netloc, self._manners)
        return Host(self._session, url, budget, timer, agent=agent)

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
    """A session without cookies; budgets lie in `folder`."""
    timeout = aiohttp.ClientTimeout(total=manners.timeout_s)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
        # Else aiohttp asks again by itself, at once, where a host hung up: past every budget.
        session._retry_connection = False
        yield Visit(session, manners, folder)
        await asyncio.sleep(0)  # lets closed connections go
