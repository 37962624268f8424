"""Requests to Gemini over the real SDK, answered with bodies as they came.

The SDK's own retries are off: the stage owns waiting and paying. Replies are not parsed into the SDK's types
either: they are journalled first, and a field that this version does not know must not cost a paid answer. So
requests go through the client's own low-level door: its decisions would take seven times the processor.
"""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from bizmeme.labellers.gemini.refusals import Teller, families

if TYPE_CHECKING:
    from google.genai import Client

_NOT_FOUND = 404
Headers = Mapping[str, str]


class Calls:
    """One client, and what its errors mean."""

    def __init__(self, client: "Callable[[], Client]", teller: Teller) -> None:
        self._made = client
        self._held: Client | None = None
        self._teller = teller

    @property
    def _client(self) -> "Client":
        """Made at first use, and held: the SDK ends the requests of a client that nobody holds."""
        if self._held is None:
            self._held = self._made()
        return self._held

    @property
    def teller(self) -> Teller:
        """Says what went wrong."""
        return self._teller

    async def post(self, path: str, body: Mapping[str, object]) -> str:
        """The body of a reply that is paid. Raises ServiceError, RefusedError, QuotaError."""
        return await self._request("post", path, body)

    async def get(self, path: str) -> Any | None:
        """A resource; None where there is no such one. Raises as `post` does."""
        from google.genai import errors

        try:
            return self.parsed(await self._request("get", path, {}, let_through=errors.ClientError))
        except errors.ClientError as error:
            if error.code == _NOT_FOUND:
                return None
            raise self._teller.meaning(error, paid=False) from None

    async def close(self) -> None:
        """Close the connections."""
        if self._held is not None:
            await self._held.aio.aclose()
            self._held.close()

    def parsed(self, text: str) -> Any:
        """A body that must be JSON's object. Raises ServiceError."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
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
        if not kinds or kinds[0].partition(";")[0].strip() != "application/json":
            raise self._teller.silence("a web page came instead of JSON")  # a captive portal, a proxy's page
        return text
