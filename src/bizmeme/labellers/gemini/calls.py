"""Requests to Gemini over the real SDK, answered with bodies as they came.

The SDK's own retries are off: the stage owns waiting and paying. Replies are not parsed into the SDK's types
either: they are journalled first, and a field that this version does not know must not cost a paid answer. So
requests go through the client's own low-level door: its decisions would take seven times the processor.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from bizmeme.core.values import parsed
from bizmeme.labellers.gemini.refusals import Teller, families, missing

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from google.genai import Client

Headers = Mapping[str, str]


class Calls:
    """One client, and what its errors mean."""

    def __init__(self, made: "Callable[[], tuple[Client, ClientSession]]", teller: Teller) -> None:
        self._made = made
        self._held: tuple[Client, ClientSession] | None = None
        self._teller = teller

    @property
    def _client(self) -> "Client":
        """Made at first use, and held: the SDK ends the requests of a client that nobody holds."""
        if self._held is None:
            self._held = self._made()
        return self._held[0]

    @property
    def teller(self) -> Teller:
        """Says what went wrong."""
        return self._teller

    async def post(self, path: str, body: Mapping[str, object]) -> str:
        """The body of a reply that is paid. Raises ServiceError, RefusedError, QuotaError."""
        return await self._request("post", path, body)

    async def get(self, path: str) -> Mapping[str, Any]:
        """A resource that is always there. Raises as `post` does."""
        return self.parsed(await self._request("get", path, {}))

    async def sought(self, path: str) -> Mapping[str, Any] | None:
        """A resource; None where the vendor itself says that it has no such one. Raises as `post` does."""
        from google.genai import errors

        try:
            return self.parsed(await self._request("get", path, {}, let_through=errors.ClientError))
        except errors.ClientError as error:
            if missing(error):
                return None
            raise self._teller.meaning(error, paid=False) from None

    async def close(self) -> None:
        """Close the connections."""
        if self._held is not None:
            (client, session), self._held = self._held, None
            await client.aio.aclose()
            client.close()
            await session.close()

    def parsed(self, text: str) -> Mapping[str, Any]:
        """A body that must be JSON's object. Raises ServiceError."""
        value = parsed(text.encode())
        if not isinstance(value, dict):
            raise self._teller.silence("something else came than JSON")
        return value

    async def _request(
        self,
        method: str,
        path: str,
        body: Mapping[str, object],
        *,
        let_through: type[Exception] | tuple[()] = (),
    ) -> str:
        try:
            reply = await self._client._api_client.async_request(method, path, dict(body))
        except let_through:
            raise
        except families() as error:  # the SDK's own words may repeat the key
            raise self._teller.meaning(error, paid=method == "post") from None
        return self._json(reply.body or "", reply.headers or {})

    def _json(self, text: str, headers: Headers) -> str:
        kinds = [value for name, value in headers.items() if name.lower() == "content-type"]
        if not kinds or kinds[0].partition(";")[0].strip().lower() != "application/json":
            raise self._teller.silence("a web page came instead of JSON")  # a captive portal, a proxy's page
        if not text.strip():
            raise self._teller.silence("an empty reply came")
        return text
