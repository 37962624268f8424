"""Batches: POST and GET /v1/batches, GET /v1/batches/{id}, POST /v1/batches/{id}/cancel.

A batch is checked at its creation, which shows from the next moment on. It is worked through when somebody
looks after its end, some hundred lines a look, so that no look takes long; until then it is finalizing.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from aiohttp import web

from bizmeme.sandbox.dice import digest
from bizmeme.sandbox.servers.batch_life import Life, Shelf, born, lots
from bizmeme.sandbox.servers.common import Backstage, as_json
from bizmeme.sandbox.servers.openai.batch_lines import ENDPOINT, Checked, Work, begun, check, go_on
from bizmeme.sandbox.servers.openai.files import Files
from bizmeme.sandbox.servers.openai.wire import Body, asked_page, behind_a_key, listed, parsed
from bizmeme.sandbox.servers.receipts import RECEIPTS
from bizmeme.sandbox.strangers.listening import RefusalError

_WINDOW, _WINDOW_S = "24h", 86_400
_MOST_PAIRS, _LONGEST_KEY, _LONGEST_VALUE = 16, 64, 512


@dataclass(slots=True)
class Batch:
    """One batch."""

    name: str
    input_file: str
    metadata: Mapping[str, str] | None
    life: Life
    checked: Checked
    work: Work | None = None
    output_file: str | None = None
    error_file: str | None = None
    working: asyncio.Lock = field(default_factory=asyncio.Lock)

    def status(self, now: float) -> str:
        """In the vendor's words; a change shows from the next moment on."""
        if now <= self.life.created_at:
            return "validating"
        if self.checked.errors:
            return "failed"
        if not self.life.over(now):
            return "in_progress"
        done = self.work is not None and not self.work.left
        if self.life.cancelled_at is not None:
            return "cancelled" if done else "cancelling"
        if self.work is None or not done:
            return "finalizing"
        return "expired" if self.work.expired else "completed"

    def card(self, now: float) -> dict[str, object]:
        """As the vendor describes it."""
        status, life = self.status(now), self.life
        created_at, ended_at = int(life.created_at), int(life.ends_at)
        return {
            "id": self.name,
            "object": "batch",
            "endpoint": ENDPOINT,
            "errors": {"object": "list", "data": self.checked.errors} if status == "failed" else None,
            "input_file_id": self.input_file,
            "completion_window": _WINDOW,
            "status": status,
            "output_file_id": self.output_file,
            "error_file_id": self.error_file,
            "created_at": created_at,
            "in_progress_at": None if status in ("validating", "failed") else created_at,
            "expires_at": created_at + _WINDOW_S,
            "finalizing_at": ended_at if status == "completed" else None,
            "completed_at": ended_at if status == "completed" else None,
            "failed_at": created_at if status == "failed" else None,
            "expired_at": ended_at if status == "expired" else None,
            "cancelling_at": None if life.cancelled_at is None else int(life.cancelled_at),
            "cancelled_at": int(life.cancelled_at or 0) if status == "cancelled" else None,
            "request_counts": self._counts(now),
            "metadata": self.metadata,
            "usage": self._usage(),
        }

    def _usage(self) -> Mapping[str, object]:
        asked, said = (0, 0) if self.work is None else (self.work.input_tokens, self.work.output_tokens)
        return {
            "input_tokens": asked,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": said,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": asked + said,
        }

    def _counts(self, now: float) -> Mapping[str, int]:
        if self.status(now) in ("validating", "failed"):
            return {"total": 0, "completed": 0, "failed": 0}
        total = len(self.checked.bodies)
        if self.work is None or self.work.left:
            return {"total": total, "completed": self.life.done(now, total), "failed": 0}
        return {"total": total, "completed": len(self.work.output), "failed": len(self.work.error)}


@dataclass(frozen=True, slots=True)
class Office:
    """Everything that batches need, and all of them."""

    backstage: Backstage
    files: Files
    shelf: Shelf[Batch] = field(default_factory=Shelf)

    @property
    def now(self) -> float:
        """The simulated time."""
        return self.backstage.clockwork.now

    def create(self, body: Mapping[str, object]) -> Batch:
        """A new batch; raises RefusalError."""
        if body.get("endpoint") != ENDPOINT:
            told = f"Invalid value: '{body.get('endpoint')}'. Supported values are: '{ENDPOINT}'."
            raise RefusalError(told, code="invalid_value", param="endpoint")
        if body.get("completion_window") != _WINDOW:
            told = f"Invalid value. Supported values are: '{_WINDOW}'."
            raise RefusalError(told, code="invalid_value", param="completion_window")
        file, metadata = self.files.named(body.get("input_file_id")), _metadata(body.get("metadata"))
        if file.purpose != "batch":
            raise RefusalError("The file's purpose must be 'batch'.", param="input_file_id")
        name = f"batch_{digest(len(self.shelf.things), file.name):016x}"
        life = born(self.now, self.backstage.config.serving.batches)
        self.shelf.things[name] = Batch(name, file.name, metadata, life, check(file.data))
        return self.shelf.things[name]

    def named(self, name: str) -> Batch:
        """The batch of that name; raises RefusalError."""
        if name not in self.shelf.things:
            raise RefusalError(f"No batch found with id '{name}'.", status=404)
        return self.shelf.things[name]

    async def work(self, batch: Batch, *, pay: Callable[[Body], None]) -> None:
        """Go on with a batch that is over, if it still has lines; each answer is paid for."""
        async with batch.working:
            # A clock that stands still at the hour of a cancelling lets nobody see its end yet.
            ending = batch.status(self.now) == "finalizing" or self.now > (
                batch.life.cancelled_at or self.now
            )
            if not ending or (batch.work is not None and not batch.work.left):
                return
            if batch.work is None:
                serving = self.backstage.config.serving.batches
                batch.work = begun(lots(list(batch.checked.bodies), batch.life, serving))
            await go_on(self.backstage, batch.checked.bodies, batch.work, pay=pay)
            if not batch.work.left:
                batch.output_file = self._file(batch, "output", batch.work.output)
                batch.error_file = self._file(batch, "error", batch.work.error)

    def _file(self, batch: Batch, kind: str, lines: Sequence[bytes]) -> str | None:
        if not lines:
            return None
        filename = f"{batch.name}_{kind}.jsonl"
        return self.files.keep(b"".join(lines), filename=filename, purpose="batch_output").name


def _metadata(told: object) -> Mapping[str, str] | None:
    if told is None:
        return None
    pairs = told if isinstance(told, dict) else {"": None}
    fitting = {
        key: value
        for key, value in pairs.items()
        if isinstance(value, str) and len(key) <= _LONGEST_KEY and len(value) <= _LONGEST_VALUE
    }
    if len(fitting) < len(pairs) or len(pairs) > _MOST_PAIRS:
        raise RefusalError("Invalid 'metadata': up to 16 pairs of strings.", param="metadata")
    return fitting


def routes(backstage: Backstage, files: Files) -> Sequence[web.RouteDef]:
    """Where batches are made and looked at."""
    office = Office(backstage, files)

    async def create(request: web.Request) -> web.Response:
        return as_json(office.create(parsed(await request.read())).card(office.now))

    async def one(request: web.Request) -> web.Response:
        batch = office.named(request.match_info["batch"])
        await office.work(batch, pay=request.app[RECEIPTS].pay)
        return as_json(batch.card(office.now))

    async def every(request: web.Request) -> web.Response:
        after, limit = asked_page(request)
        try:
            page = office.shelf.page(after=after, limit=limit)
        except KeyError as error:
            raise RefusalError(f"No batch found with id '{after}'.", status=404, param="after") from error
        return listed([batch.card(office.now) for batch in page.things], has_more=page.has_more)

    async def cancel(request: web.Request) -> web.Response:
        batch = office.named(request.match_info["batch"])
        status = batch.status(office.now)
        if status not in ("validating", "in_progress", "cancelling"):
            raise RefusalError(f"Cannot cancel a batch with status '{status}'.", status=409)
        batch.life.cancel(office.now)
        return as_json(batch.card(office.now))

    return [
        web.post("/v1/batches", behind_a_key(create)),
        web.get("/v1/batches", behind_a_key(every)),
        web.get("/v1/batches/{batch}", behind_a_key(one)),
        web.post("/v1/batches/{batch}/cancel", behind_a_key(cancel)),
    ]
