"""What a vision API was asked and was paid for, as it counts itself: GET /_asked. It outlives every client.

    {"asked": {"<SHA-256 of a body>": 2}, "paid": {"<SHA-256 of a body>": 1}, "batches": {"<its key>": 1}}

A body counts as asked when it arrives, and as paid when an answer is made, whether or not that answer
arrives; one that was refused is not paid. Bodies are told apart by their JSON, not by its spaces or the order
of its keys, so that a line of a batch and the same request asked live are one. A batch is known by the first
value of its metadata, or by its display name.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bizmeme.sandbox.servers.common import as_json, private

_PAID = ("/v1/chat/completions", "/decisions", ":generateContent")
_BATCHES = ("/v1/batches", ":batchGenerateContent")
_OK = 200
_NAME = "receipts.name"


@dataclass(frozen=True, slots=True)
class Receipts:
    """The counts of one server."""

    asked: Counter[str] = field(default_factory=Counter)
    paid: Counter[str] = field(default_factory=Counter)
    batches: Counter[str] = field(default_factory=Counter)

    def pay(self, body: Mapping[str, object] | bytes) -> None:
        """An answer to that body was made: for lines of batches, which pass no middleware of their own."""
        self.paid[named(body)] += 1


RECEIPTS = web.AppKey("receipts", Receipts)


def keep(app: web.Application) -> tuple[Middleware, Middleware]:
    """Let a server count: a middleware for all that arrives, and one for all that is answered."""
    app[RECEIPTS] = receipts = Receipts()
    app.router.add_get("/_asked", _shown)

    @web.middleware
    async def arrives(request: web.Request, handler: Handler) -> web.StreamResponse:
        if is_paid(request):
            request[_NAME] = named(await request.read())  # once: it costs most of a millisecond
            receipts.asked[request[_NAME]] += 1
        return await handler(request)

    @web.middleware
    async def answers(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        if response.status == _OK and is_paid(request):
            receipts.paid[request[_NAME]] += 1
        elif response.status == _OK and request.method == "POST" and request.path.endswith(_BATCHES):
            receipts.batches[_key(await request.json())] += 1
        return response

    return arrives, answers


async def _shown(request: web.Request) -> web.Response:
    receipts = request.app[RECEIPTS]
    counts = {"asked": receipts.asked, "paid": receipts.paid, "batches": receipts.batches}
    return as_json({name: dict(sorted(counter.items())) for name, counter in counts.items()})


def is_paid(request: web.Request) -> bool:
    """Whether that request, answered, costs money by itself."""
    return request.method == "POST" and request.path.endswith(_PAID) and not private(request)


def named(body: Mapping[str, object] | bytes) -> str:
    """What a body goes by: the SHA-256 of its JSON with sorted keys, or of its bytes where it is none."""
    value: object = body
    if isinstance(body, bytes):
        try:
            value = json.loads(body)
        except ValueError:
            return hashlib.sha256(body).hexdigest()
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _key(body: Mapping[str, Any]) -> str:
    """What a batch is known by: OpenAI's metadata, Gemini's display name."""
    metadata, batch = body.get("metadata"), body.get("batch")
    if isinstance(metadata, dict) and metadata:
        return str(next(iter(metadata.values())))
    if isinstance(batch, dict):
        return str(batch.get("displayName") or batch.get("display_name") or "")
    return ""
