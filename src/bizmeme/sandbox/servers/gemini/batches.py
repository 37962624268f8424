"""Gemini's batches: requests sent inline, worked through by the simulated clock, answered inline.

    POST …/models/gemini-2.5-flash-lite:batchGenerateContent
    {"batch": {"displayName": "mine", "inputConfig": {"requests": {"requests": [
        {"request": {"contents": […]}, "metadata": {"key": "one"}}]}}}}

    {"name": "batches/…", "done": true, "metadata": {"displayName": "mine", "state": "BATCH_STATE_SUCCEEDED",
     "output": {"inlinedResponses": {"inlinedResponses": [{"response": {…}, "metadata": {"key": "one"}}]}}}}

A line that failed or expired has an error in place of its response. A batch in which all did has no output,
and one that was cancelled has what was done by then.
"""

import asyncio
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from bizmeme.sandbox.dice import digest
from bizmeme.sandbox.servers import batch_life
from bizmeme.sandbox.servers.batch_life import Life, Lot, Shelf
from bizmeme.sandbox.servers.common import Backstage
from bizmeme.sandbox.servers.gemini import chat
from bizmeme.sandbox.servers.gemini.errors import Body, GoogleError
from bizmeme.sandbox.servers.gemini.listening import Fields, field

_INVALID, _DEADLINE, _INTERNAL = 3, 4, 13  # of google.rpc.Code
_PAGE, _LARGEST_PAGE = 50, 100
_ERRORS: Mapping[Lot, Body] = MappingProxyType(
    {
        "failed": {"code": _INTERNAL, "message": "An internal error has occurred. Please retry."},
        "expired": {"code": _DEADLINE, "message": "The batch expired before this request was served."},
    }
)


@dataclass(slots=True)
class Batch:
    """One batch; `output` is made when it is first looked at after its end."""

    name: str
    model: str
    display_name: str
    lines: Mapping[str, Fields]  # by their keys
    life: Life
    output: list[Body] | None = None
    working: asyncio.Lock = dataclasses.field(default_factory=asyncio.Lock)


class Batches:
    """All batches of one server."""

    def __init__(self, backstage: Backstage) -> None:
        self._backstage = backstage
        self._shelf: Shelf[Batch] = Shelf()

    def create(self, model: str, body: Fields) -> Body:
        """Begin a batch; its operation. Raises GoogleError."""
        asked = body.get("batch")
        display_name, lines = field(asked, "displayName"), _lines(asked)
        if not isinstance(display_name, str) or not display_name:
            raise GoogleError(400, "* BatchGenerateContentRequest.batch.display_name: must be set")
        serving, now = self._backstage.config.serving.batches, self._backstage.clockwork.now
        # Named by their number, so that the same batch sent twice is two batches.
        name = f"batches/{digest('batch', len(self._shelf.things), display_name):016x}"
        batch = Batch(name, model, display_name, lines, batch_life.born(now, serving))
        self._shelf.things[name] = batch
        return self._operation(batch)

    async def get(self, name: str, *, pay: Callable[[Fields], None]) -> Body:
        """A batch's operation, with its output where it is over. Raises GoogleError.

        Each request is paid for once, when it is answered.
        """
        batch = self._found(name)
        async with batch.working:
            if batch.life.over(self._backstage.clockwork.now) and batch.output is None:
                batch.output = await self._answered(batch, pay)
        return self._operation(batch)

    def cancel(self, name: str) -> Body:
        """Stop a batch, unless it is over. Raises GoogleError."""
        self._found(name).life.cancel(self._backstage.clockwork.now)
        return {}

    def page(self, *, token: str | None, size: int) -> Body:
        """Some batches, newest first, without their outputs. Raises GoogleError."""
        try:
            page = self._shelf.page(after=token or None, limit=min(size or _PAGE, _LARGEST_PAGE))
        except KeyError as error:
            raise GoogleError(400, "The page token is invalid.") from error
        following: Body = {"nextPageToken": page.things[-1].name} if page.has_more else {}
        return {"operations": [self._operation(batch) for batch in page.things]} | following

    def _found(self, name: str) -> Batch:
        if name not in self._shelf.things:
            raise GoogleError(404, "Requested entity was not found.")
        return self._shelf.things[name]

    async def _answered(self, batch: Batch, pay: Callable[[Fields], None]) -> list[Body]:
        """A line of output for each line of a batch that is over, but for those that it never came to."""
        answered = []
        for key, lot in self._lots(batch).items():
            await asyncio.sleep(0)  # let others be served between
            if lot == "cancelled":
                continue
            line = self._line(batch, key, lot)
            if "response" in line:
                pay(batch.lines[key])
            answered.append(line | {"metadata": {"key": key}})
        return answered

    def _line(self, batch: Batch, key: str, lot: Lot) -> Body:
        if lot in _ERRORS:
            return {"error": _ERRORS[lot]}
        try:
            name = f"{digest(batch.name, key):016x}"
            return {"response": chat.reply(self._backstage, batch.model, batch.lines[key], name=name)}
        except GoogleError as error:
            return {"error": {"code": _INVALID, "message": str(error)}}

    def _lots(self, batch: Batch) -> Mapping[str, Lot]:
        return batch_life.lots(list(batch.lines), batch.life, self._backstage.config.serving.batches)

    def _operation(self, batch: Batch) -> Body:
        now = self._backstage.clockwork.now
        metadata: Body = {
            "@type": "type.googleapis.com/google.ai.generativelanguage.v1beta.GenerateContentBatch",
            "name": batch.name,
            "model": f"models/{batch.model}",
            "displayName": batch.display_name,
            "createTime": _moment(batch.life.created_at),
            "updateTime": _moment(now),
        }
        if not batch.life.over(now):
            done = batch.life.done(now, len(batch.lines))
            stats = _stats(len(batch.lines), done, 0)
            return {
                "name": batch.name,
                "metadata": metadata | {"state": "BATCH_STATE_RUNNING", "batchStats": stats},
            }
        return {"name": batch.name, "metadata": metadata | self._ended(batch)} | {"done": True}

    def _ended(self, batch: Batch) -> Body:
        """What the metadata of a batch that is over say."""
        lots = list(self._lots(batch).values())
        state = _state(batch.life, lots)
        stats = _stats(len(lots), lots.count("answered"), lots.count("failed") + lots.count("expired"))
        ended_at = batch.life.ends_at if batch.life.cancelled_at is None else batch.life.cancelled_at
        ended: Body = {"state": state, "batchStats": stats, "endTime": _moment(ended_at)}
        if batch.output is None or state in ("BATCH_STATE_EXPIRED", "BATCH_STATE_FAILED"):
            return ended
        return ended | {"output": {"inlinedResponses": {"inlinedResponses": batch.output}}}


def _state(life: Life, lots: Sequence[Lot]) -> str:
    """Only a batch of which nothing came is failed or expired as a whole."""
    if life.cancelled_at is not None:
        return "BATCH_STATE_CANCELLED"
    if "answered" in lots:
        return "BATCH_STATE_SUCCEEDED"
    return "BATCH_STATE_EXPIRED" if "expired" in lots else "BATCH_STATE_FAILED"


def _lines(asked: object) -> dict[str, Fields]:
    """The inlined requests by their keys. Raises GoogleError."""
    listed = field(field(field(asked, "inputConfig"), "requests"), "requests")
    if not isinstance(listed, list) or not listed:
        raise GoogleError(400, "* BatchGenerateContentRequest.batch.input_config: requests must not be empty")
    lines: dict[str, Fields] = {}
    for number, line in enumerate(listed):
        request, key = field(line, "request"), field(field(line, "metadata"), "key")
        if not isinstance(request, dict):
            raise GoogleError(
                400, f"* batch.input_config.requests.requests[{number}].request: is not specified"
            )
        lines[str(number) if key is None else str(key)] = request
    return lines


def _stats(total: int, answered: int, failed: int) -> Body:
    """Counts as protocol buffers write 64 bits: in quotes, and nothing where there are none."""
    counts = {
        "requestCount": total,
        "pendingRequestCount": total - answered - failed,
        "successfulRequestCount": answered,
        "failedRequestCount": failed,
    }
    return {name: str(count) for name, count in counts.items() if count}


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
