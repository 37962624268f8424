"""Polite HTTP: one request at a time to a host, spaced, named, conditional, journalled before it is used.

Validators go back verbatim (`If-Modified-Since` must match exactly on the board's hosts); 429 and 503 pause
the whole host; redirects are an error, since no host but the configured one is ever asked.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import aiohttp
from pydantic import Field

from bizmeme.core.settings import PositiveInt, Section
from bizmeme.errors import ServiceError
from bizmeme.ports.clocks import Clock, Timer
from bizmeme.ports.sources import Page
from bizmeme.shell.journal import Journal
from bizmeme.shell.limiter import Limiter

_NOT_MODIFIED, _NOT_FOUND, _OK = 304, 404, 200
_BUSY = (429, 500, 502, 503, 504)


class Politeness(Section):
    """How gently a source is asked."""

    user_agent: Annotated[str, Field(min_length=8)]
    """Who asks and how to reach them; boards answer 429 to requests without one."""

    interval_s: Annotated[float, Field(ge=0)]
    """Seconds between two requests to one host."""

    retries: PositiveInt
    """Further tries where a host is busy (429, 5xx) or silent, with growing pauses."""

    retry_pause_s: Annotated[float, Field(gt=0)]
    """The first pause where the host names none; it doubles."""

    timeout_s: Annotated[float, Field(gt=0)]
    """Wall seconds for one answer."""

    max_bytes: PositiveInt
    """Longer bodies are refused."""


class PoliteFetch:
    """ports.Fetch over aiohttp, the journal and a clock."""

    def __init__(self, source: str, pages: "Host", media: "Host", *, journal: Journal, timer: Timer) -> None:
        self._source = source
        self._pages = pages
        self._media = media
        self._journal = journal
        self._timer = timer

    async def page(self, path: str) -> Page | None:
        """A page, conditionally on the one held; None on 404."""
        return await self._fetch(self._pages, path, frozen=False)

    async def frozen(self, path: str) -> Page | None:
        """A page that never changes again: from the journal where it is held as such."""
        return await self._once(self._pages, path)

    async def media(self, path: str) -> Page | None:
        """A file of the media host, asked for once ever."""
        return await self._once(self._media, path)

    async def _once(self, host: "Host", path: str) -> Page | None:
        if self._journal.frozen(self._source, path):
            held = self._journal.page(self._source, path)
            return held if held and held.status == _OK else None
        return await self._fetch(host, path, frozen=True)

    async def _fetch(self, host: "Host", path: str, *, frozen: bool) -> Page | None:
        held = self._journal.page(self._source, path)
        page = await host.get(path, since=held.last_modified if held else None, timer=self._timer)
        if held is not None and page.status in (_NOT_MODIFIED, _NOT_FOUND):
            page = held  # what was received once stays, even where it is gone by now
        if page.status == _OK and path.endswith(".json"):
            page.json()  # a web page with status 200 stops the run before it takes the place of what is held
        if page.status == _OK or frozen:
            self._journal.keep(self._source, page, frozen=frozen)
        return page if page.status == _OK else None


class Host:
    """One host behind its own limiter."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, politeness: Politeness) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._politeness = politeness
        self._limiter = Limiter(interval_s=politeness.interval_s)

    async def get(self, path: str, *, since: str | None, timer: Timer) -> Page:
        """GET until the host is no longer busy; 200, 304 and 404 return, anything else is a ServiceError."""
        pause_s = self._politeness.retry_pause_s
        problem = ""
        for _ in range(self._politeness.retries + 1):
            await self._limiter.wait(timer)
            try:
                page, retry_after_s = await self._once(path, since)
            except (TimeoutError, aiohttp.ClientError) as error:
                problem, retry_after_s = str(error) or type(error).__name__, None
            else:
                if page.status not in _BUSY:
                    return self._checked(page)
                problem = f"status {page.status}"
            await self._limiter.pause(timer, seconds=retry_after_s or pause_s)
            pause_s *= 2
        raise ServiceError(
            f"{self._base_url}{path} did not answer ({problem}, {self._politeness.retries + 1} tries). "
            "What was received is kept: run the same command again later."
        )

    async def _once(self, path: str, since: str | None) -> tuple[Page, float | None]:
        headers = {"If-Modified-Since": since} if since else {}
        async with self._session.get(self._base_url + path, headers=headers, allow_redirects=False) as answer:
            body = await answer.content.read(self._politeness.max_bytes + 1)
            while chunk := await answer.content.read(self._politeness.max_bytes + 1):
                body += chunk
                if len(body) > self._politeness.max_bytes:
                    break
            page = Page(path, answer.status, answer.headers.get("Last-Modified"), body)
            return page, _seconds(answer.headers.get("Retry-After"))

    def _checked(self, page: Page) -> Page:
        where = self._base_url + page.path
        if page.status not in (_OK, _NOT_MODIFIED, _NOT_FOUND):
            raise ServiceError(f"{where} answered {page.status}. Check the source's base_url.")
        if len(page.body) > self._politeness.max_bytes:
            raise ServiceError(f"{where} is longer than {self._politeness.max_bytes} bytes: refused.")
        return page


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after and retry_after.isdigit() else None


@asynccontextmanager
async def polite_fetch(
    source: str, *, urls: tuple[str, str], politeness: Politeness, journal: Journal, clock: Clock
) -> AsyncIterator[PoliteFetch]:
    """A PoliteFetch for `source` with its (page host, media host) addresses, closed at the end."""
    timeout = aiohttp.ClientTimeout(total=politeness.timeout_s)
    headers = {"User-Agent": politeness.user_agent}
    async with (
        aiohttp.ClientSession(headers=headers, timeout=timeout) as session,
        clock.session() as timer,
    ):
        pages, media = (Host(session, url, politeness) for url in urls)
        yield PoliteFetch(source, pages, media, journal=journal, timer=timer)
