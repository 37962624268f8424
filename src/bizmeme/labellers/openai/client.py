"""The SDK's HTTP client, which reads no more of an answer than one may hold, and reads all text as UTF-8.

JSON is UTF-8 whatever its header says: "charset=hex" is no text at all to Python, and under "utf-7" plain
ASCII may hold half a surrogate pair. This module imports the SDK; it is imported at first use.
"""

from typing import Any

import httpx2
from openai import DefaultAioHttpClient

_MOST_REPLY_BYTES = 2**22  # of a paid answer: a thousand times what one is
_MOST_LOOK_BYTES = 2**26  # of a page of 100 batches, each with what is wrong with its lines
_MOST_FILE_BYTES = 2**30  # of a batch's answers
_MOST_HOPS = 5
_PACKING = (b"content-encoding", b"content-length", b"transfer-encoding")


class BoundedClient(DefaultAioHttpClient):
    """Follows a server that points elsewhere, without a look at what else it says."""

    async def send(self, request: httpx2.Request, **how: Any) -> httpx2.Response:
        """The answer, whole and unpacked; raises httpx2.DecodingError where it is too long."""
        how |= {"stream": True, "follow_redirects": False}
        for _ in range(_MOST_HOPS):
            reply = await super().send(request, **how)
            try:
                if reply.next_request is None:
                    return await _whole(reply)
            finally:
                await reply.aclose()
            request = reply.next_request
        raise httpx2.TooManyRedirects(f"it points elsewhere {_MOST_HOPS} times", request=request)


async def _whole(reply: httpx2.Response) -> httpx2.Response:
    """The same answer with its body read: packed bodies are unpacked piece by piece, and counted so."""
    most_bytes, size_bytes, parts = _most_bytes(reply.request), 0, []
    async for part in reply.aiter_bytes():
        size_bytes += len(part)
        if size_bytes > most_bytes:
            raise httpx2.DecodingError(f"its answer is longer than {most_bytes} bytes", request=reply.request)
        parts.append(part)
    headers = [(name, value) for name, value in reply.headers.raw if name.lower() not in _PACKING]
    whole = httpx2.Response(
        reply.status_code, headers=headers, content=b"".join(parts), request=reply.request
    )
    whole.encoding = "utf-8"
    return whole


def _most_bytes(request: httpx2.Request) -> int:
    if request.method == "POST":
        return _MOST_REPLY_BYTES
    return _MOST_FILE_BYTES if request.url.path.endswith("/content") else _MOST_LOOK_BYTES
