"""The SDK's client with its own retries off: raw JSON goes out, raw JSON comes in.

Bodies skip the SDK's types, whose walk over every value costs more than all the rest: with 64 requests at
once against a server of 200 ms, a bare aiohttp loop does 290 a second, this 255, the typed methods 155.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import orjson

from bizmeme.core.values import matching, parsed
from bizmeme.labellers.openai.config import Config
from bizmeme.labellers.openai.errors import Troubles, is_missing
from bizmeme.shell.keys import Key

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

_IN_FLIGHT = 4_096  # connections: how many are used is the caller's to say, and none must wait for one
_KEPT_S = 4.0  # idle connections: many servers hang up on those after 5 s, and what was just sent is in doubt
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,199}")  # of a batch or a file, and no way out of its path
_FILE_TIMES = 20  # as patient with a file of 200 MB as with so many answers
_UNREADABLE = (ValueError, LookupError, RuntimeError)
"""What the SDK makes of headers that name no encoding, and of values nested too deep."""


class Wire:
    """One account's connections."""

    def __init__(self, config: Config, key: Key, *, section: str) -> None:
        self._config = config
        self._key = key
        # Whole addresses: the SDK parses a relative one twice as often.
        self._base_url = config.base_url.rstrip("/")
        self._client: AsyncOpenAI | None = None
        self.troubles = Troubles(config, key, section=section)

    @property
    def client(self) -> "AsyncOpenAI":
        """The SDK's client, made at first use: it belongs to the event loop that runs."""
        if self._client is None:
            import httpx2
            from openai import AsyncOpenAI

            from bizmeme.labellers.openai.client import BoundedClient

            limits = httpx2.Limits(
                max_connections=_IN_FLIGHT, max_keepalive_connections=_IN_FLIGHT, keepalive_expiry=_KEPT_S
            )
            self._client = AsyncOpenAI(
                api_key=self._key.read(),
                base_url=self._config.base_url,
                max_retries=0,
                timeout=self._config.timeout_s,
                http_client=BoundedClient(timeout=self._config.timeout_s, limits=limits),
            )
        return self._client

    async def post(self, path: str, body: Mapping[str, object]) -> str:
        """Send what is paid, once; the reply's JSON text. Raises RefusedError, QuotaError, ServiceError."""
        import httpx2

        async with self._bounded(self._config.timeout_s, paid=True):
            reply: httpx2.Response = await self.client.post(
                self._base_url + path, cast_to=httpx2.Response, content=orjson.dumps(body)
            )
        return self._json(reply)

    async def get(self, path: str) -> dict[str, Any]:
        """The JSON object at a path. Raises as `post` does."""
        told = await self._looked_up(path, missing_ok=False)
        assert told is not None
        return told

    async def find(self, path: str) -> dict[str, Any] | None:
        """The same; None where the vendor says that it has no such thing."""
        return await self._looked_up(path, missing_ok=True)

    async def _looked_up(self, path: str, *, missing_ok: bool) -> dict[str, Any] | None:
        import httpx2
        import openai

        async with self._bounded(self._config.timeout_s):
            try:
                reply: httpx2.Response = await self.client.get(path, cast_to=httpx2.Response)
            except openai.NotFoundError as error:
                if missing_ok and is_missing(error):
                    return None
                raise
        told = parsed(self._json(reply).encode())
        if not isinstance(told, dict):
            raise self.troubles.nonsense("its JSON cannot be read")
        return told

    async def lines(self, path: str) -> list[bytes] | None:
        """A file's lines but the empty ones; None where the vendor says that it has no such file."""
        import httpx2
        import openai

        patience_s = _FILE_TIMES * self._config.timeout_s
        async with self._bounded(patience_s):
            try:
                reply: httpx2.Response = await self.client.get(path, cast_to=httpx2.Response)
            except openai.NotFoundError as error:
                if is_missing(error):
                    return None
                raise
        if _kind(reply) == "text/html" or reply.content.lstrip().startswith(b"<"):
            raise self.troubles.nonsense("a web page came instead of lines of JSON")
        return [line for line in reply.content.splitlines() if line.strip()]

    async def upload(self, filename: str, data: bytes) -> str:
        """The vendor's name of a file of requests, now that it has it. Raises as `post` does."""
        patience_s = _FILE_TIMES * self._config.timeout_s
        async with self._bounded(patience_s):
            raw = await self.client.files.with_raw_response.create(
                file=(filename, data), purpose="batch", timeout=patience_s
            )
        file = parsed(raw.content)
        return self.named(file.get("id") if isinstance(file, dict) else None, "file")

    def named(self, told: object, what: str) -> str:
        """The vendor's name of a batch or a file; raises ServiceError where it is none."""
        name = matching(_NAME, told)
        if name is None:
            raise self.troubles.nonsense(f"it named no {what}")
        return name

    @asynccontextmanager
    async def _bounded(self, seconds: float, *, paid: bool = False) -> AsyncIterator[None]:
        """Bounds what happens inside, and turns its errors into ours; the SDK's own may repeat the key."""
        import aiohttp
        import httpx2
        import openai

        try:
            async with asyncio.timeout(seconds):
                yield
        except openai.APIStatusError as error:
            raise self.troubles.refusal(error, paid=paid) from None
        except TimeoutError:
            raise self.troubles.nonsense(f"nothing came in {seconds:g} s") from None
        except (openai.OpenAIError, httpx2.HTTPError, aiohttp.ClientError, OSError, *_UNREADABLE) as error:
            raise self.troubles.silence(error) from None

    def _json(self, reply: "httpx2.Response") -> str:
        if _kind(reply) != "application/json":  # a captive portal, a proxy's page
            raise self.troubles.nonsense("a web page came instead of JSON")
        return reply.content.decode(errors="replace")  # whatever its header says

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()


def _kind(reply: "httpx2.Response") -> str:
    """What its header says that it is."""
    return str(reply.headers.get("content-type", "")).partition(";")[0].strip().lower()
