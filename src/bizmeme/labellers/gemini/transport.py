"""The SDK's session of aiohttp, but one whose bodies are UTF-8 whatever they claim, and have an end."""

import aiohttp

_READ_BUFFER_BYTES = 2**22  # as the SDK's own session has it
_LIVE_BYTES = 2**22  # an answer has a few thousand
_LISTED_BYTES = 2**28  # a batch's answers, or a hundred batches with theirs


class Body(aiohttp.ClientResponse):
    """A response that is read up to a bound, and whose charset names no codec of ours: some are no text."""

    async def read(self) -> bytes:
        """All of it; raises ClientPayloadError where it is longer than any that is meant."""
        if self._body is None:
            try:
                self._body = await self._bounded(_LIVE_BYTES if self.method == "POST" else _LISTED_BYTES)
            except BaseException:
                self.close()
                raise
        return await super().read()

    async def _bounded(self, most: int) -> bytes:
        chunks, size = [], 0
        async for chunk in self.content.iter_any():
            size += len(chunk)
            if size > most:
                raise aiohttp.ClientPayloadError(f"its reply has more than {most >> 20} MiB")
            chunks.append(chunk)
        return b"".join(chunks)

    def get_encoding(self) -> str:
        """That of JSON."""
        return "utf-8"

    async def text(self, encoding: str | None = None, errors: str = "replace") -> str:
        """The body; a byte that is no UTF-8 must not cost a paid answer."""
        return await super().text("utf-8", "replace")


def session() -> aiohttp.ClientSession:
    """As the SDK would make one, beside its bodies; whoever makes it closes it."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),  # the limiter holds how many are asked at once
        trust_env=True,
        read_bufsize=_READ_BUFFER_BYTES,
        response_class=Body,
    )
