"""A vision API that is in trouble all the time, outlives its clients, and counts what each of them sent.

A request fails, or not, by its post and how often that was asked, whatever else happens. Batches are
found again by their key; of what a batch charges, nobody knows before its outcomes are fetched.
"""

import asyncio
import json
import random
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

USD_EACH = 2e-6
WORST_TOKENS = 300
_FAULTS = {  # of a request, in percent; the rest is answered well
    "429 after": 3, "429": 3, "500": 2, "503": 2, "silence": 0.4, "reset": 1.5, "reset, charged": 1.5,
    "quota": 0.4, "truncated": 1.5, "wrong schema": 1.5, "refusal": 2,
}  # fmt: skip
_CHARGED = {"well", "truncated", "wrong schema", "refusal", "reset, charged"}
_SILENT = {"silence", "reset", "reset, charged"}
_BATCH_FAULTS = {"429 after": 5, "500": 5, "reset": 5, "reset, charged": 10, "quota": 2}
_LOOK_FAULTS = {"500": 5, "reset": 5, "429": 3}
_LINE_FAULTS = {"again": 5, "never": 2, "missing": 5, "truncated": 2, "refusal": 3}
_LOST_SHARE, _WHOLE_SHARE = 0.05, 0.5
_STATUSES = {"429 after": 429, "429": 429, "500": 500, "503": 503, "quota": 403}


@dataclass(frozen=True)
class Send:
    """One request for one post: in which run, and how it went."""

    run: str
    post: str
    kind: str

    @property
    def charged(self) -> bool:
        return self.kind in _CHARGED

    @property
    def silent(self) -> bool:
        """Whether its client cannot know if it was charged."""
        return self.kind in _SILENT


@dataclass
class Batch:
    """One batch: what its lines come to was settled when it was made."""

    name: str
    key: str
    asked: list[str]  # request hashes
    lines: dict[str, dict[str, Any]]  # request hash → its outcome, where it has one
    charged: dict[str, int]  # request hash → tokens
    lost: bool
    whole: bool  # what has no outcome was charged all the same; else the batch expired before it
    looks: int = 0

    @property
    def silent(self) -> int:
        """Lines of a whole batch of which nothing is said."""
        return len(self.asked) - len(self.lines) if self.whole else 0


@dataclass
class Vendor:
    """What happened since it was last made to forget."""

    account: int = 0
    sends: list[Send] = field(default_factory=list)
    usd: float = 0.0
    batches: list[Batch] = field(default_factory=list)
    _times: Counter[str] = field(default_factory=Counter)
    _silenced: asyncio.Event = field(default_factory=asyncio.Event)

    def forget(self) -> None:
        """A new account, with other troubles."""
        self.account += 1
        self.sends, self.usd, self.batches = [], 0.0, []
        self._times.clear()

    def app(self) -> web.Application:
        app = web.Application(client_max_size=2**24)
        app.on_shutdown.append(self._end_silence)
        app.router.add_post("/ask", self._ask)
        app.router.add_post("/batches", self._create)
        app.router.add_get("/batches", self._find)
        app.router.add_get("/batches/{name}", self._look)
        app.router.add_get("/batches/{name}/outcomes", self._fetch)
        return app

    async def _end_silence(self, _: web.Application) -> None:
        self._silenced.set()

    # --- one by one

    async def _ask(self, request: web.Request) -> web.StreamResponse:
        post = (await request.json())["post"]
        kind = self._drawn(post, _FAULTS)
        self.sends.append(Send(request.headers["Run"], post, kind))
        if kind in _CHARGED:
            self.usd += USD_EACH * _tokens(post)
        return await self._carried_out(request, kind) or web.Response(text=_reply(post, kind))

    async def _carried_out(self, request: web.Request, kind: str) -> web.StreamResponse | None:
        """The trouble of that kind; None where there is an answer."""
        if kind == "silence":
            await self._silenced.wait()
        if kind in _SILENT and request.transport is not None:
            request.transport.abort()
        if kind in _STATUSES:
            headers = {"Retry-After": "0.05"} if kind == "429 after" else {}
            return web.Response(status=_STATUSES[kind], headers=headers)
        return None

    def _drawn(self, what: str, faults: Mapping[str, float]) -> str:
        self._times[what] += 1
        chance = random.Random(f"{self.account} {what} {self._times[what]}")
        well = 100 - sum(faults.values())
        return chance.choices([*faults, "well"], [*faults.values(), well])[0]

    # --- batches

    async def _create(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        kind = self._drawn("create", _BATCH_FAULTS)
        if kind in ("well", "reset, charged"):
            self.batches.append(self._made(asked["key"], asked["lines"]))
        answer = await self._carried_out(request, kind)
        return answer or web.json_response({"name": self.batches[-1].name})

    def _made(self, key: str, lines: list[dict[str, str]]) -> Batch:
        outcomes, charged = dict[str, dict[str, Any]](), dict[str, int]()
        chance = random.Random(f"ends {key}")
        lost, whole = chance.random() < _LOST_SHARE, chance.random() < _WHOLE_SHARE
        for line in lines:
            kind = self._drawn(f"{line['post']} in a batch", _LINE_FAULTS)
            if kind in ("again", "never"):
                outcomes[line["hash"]] = {"reason": kind, "again": kind == "again"}
            elif kind != "missing":
                outcomes[line["hash"]] = {"reply": _reply(line["post"], kind)}
            if "reply" in outcomes.get(line["hash"], ()) or (kind == "missing" and whole):
                charged[line["hash"]] = _tokens(line["post"])
        self.usd += USD_EACH / 2 * sum(charged.values())
        asked = [line["hash"] for line in lines]
        return Batch(f"b{len(self.batches)}", key, asked, outcomes, charged, lost, whole)

    async def _find(self, request: web.Request) -> web.StreamResponse:
        found = [batch.name for batch in self.batches if batch.key == request.query["key"]]
        return await self._in_trouble(request) or web.json_response({"name": found[0] if found else None})

    async def _look(self, request: web.Request) -> web.StreamResponse:
        batch = self._batch(request)
        batch.looks += 1
        if batch.lost:
            return web.json_response({"state": "unknown"})
        state = "ended" if batch.looks > 2 else "running"
        problem = None if batch.whole or state == "running" else "expired"
        return await self._in_trouble(request) or web.json_response({"state": state, "problem": problem})

    async def _fetch(self, request: web.Request) -> web.StreamResponse:
        return await self._in_trouble(request) or web.json_response(self._batch(request).lines)

    async def _in_trouble(self, request: web.Request) -> web.StreamResponse | None:
        return await self._carried_out(request, self._drawn(request.path, _LOOK_FAULTS))

    def _batch(self, request: web.Request) -> Batch:
        return next(batch for batch in self.batches if batch.name == request.match_info["name"])


def _tokens(post: str) -> int:
    return random.Random(post).randint(80, 120)


def _reply(post: str, kind: str) -> str:
    reply = {"label": "bullish", "tokens": _tokens(post)}
    if kind == "wrong schema":
        reply = {"mood": "bullish", "tokens": _tokens(post)}
    if kind == "refusal":
        reply = {"refusal": "I cannot", "tokens": _tokens(post)}
    text = json.dumps(reply | {"post": post})
    return text[: len(text) // 2] if kind == "truncated" else text


@contextmanager
def serving(vendor: Vendor) -> Iterator[str]:
    """The vendor on loopback, in a thread; its address."""
    loop, started, address = asyncio.new_event_loop(), threading.Event(), list[str]()
    runner = web.AppRunner(vendor.app(), shutdown_timeout=0.1)

    async def start() -> None:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        address.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
        started.set()

    def run() -> None:
        loop.run_until_complete(start())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(60)
    try:
        yield address[0]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
