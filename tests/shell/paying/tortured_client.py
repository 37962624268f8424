"""A client of the vendor beside, as a run of auto_label is one: asks about posts, live or in batches."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import aiohttp

from bizmeme.clocks.wall import WallClock
from bizmeme.core.limits import BatchLimits, Limits
from bizmeme.core.prices import Usage
from bizmeme.errors import BizmemeError, QuotaError, RefusedError, ServiceError
from bizmeme.ports.labellers import Answer, BatchStatus, ModelCard, Outcome, Picture, Question, Worst
from bizmeme.shell.journals import alone, open_journal
from bizmeme.shell.paying.asking import LiveDesk
from bizmeme.shell.paying.batching import BatchDesk
from bizmeme.shell.paying.desk import Asking
from tests.shell.paying.tortured_vendor import USD_EACH, WORST_TOKENS

CAP_USD = 0.0375  # enough for most lives with a kill or two; the others are stopped by it
ORIGIN = "torture"
POSTS = tuple(f"post {number}" for number in range(160))
_HOW = Asking(tries=6, pause_s=0.02)
_TIMEOUT_S = 2.0  # of the few that are never answered; the others take milliseconds
_LIMITS = Limits(
    concurrency=8,
    requests_per_minute=None,
    tokens_per_minute=None,
    requests_per_day=None,
    tokens_per_day=None,
)
_CLIENT_ERROR, _QUOTA = 400, 403
Mode = Literal["live", "batch"]


def question(post: str) -> Question:
    """What is asked about a post."""
    return Question("Label it.", post, None)


def asked(address: str, home: Path, mode: Mode, run: str) -> None:
    """Ask about every post; how that ended stands in a file."""
    (home / "ended").unlink(missing_ok=True)
    try:
        asyncio.run(_asked(address, home, mode, run))
        ended = "done"
    except BizmemeError as error:
        ended = type(error).__name__
    (home / "ended").write_text(ended)


async def _asked(address: str, home: Path, mode: Mode, run: str) -> None:
    questions = {post: question(post) for post in POSTS}
    async with aiohttp.ClientSession(
        address, headers={"Run": run}, timeout=aiohttp.ClientTimeout(_TIMEOUT_S)
    ) as http:
        labeller = HttpLabeller(http, mode)
        with open_journal(home, ORIGIN) as journal, alone(home, ORIGIN, doing="asking"):
            kind = LiveDesk if mode == "live" else BatchDesk
            desk = kind(labeller, "tortured", journal, how=_HOW, cap_usd=CAP_USD)
            await desk.ask_all(questions, _no_picture, WallClock(), what="torture")


def _no_picture(sha256: str) -> bytes:
    raise AssertionError(sha256)


async def _sent(http: aiohttp.ClientSession, method: str, path: str, **options: Any) -> str:
    """The answer's text; an error status is refused, anything else is silence."""
    try:
        async with http.request(method, path, **options) as response:
            text = await response.text()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise ServiceError(f"no answer: {error!r}") from error
    if response.status == _QUOTA:
        raise QuotaError("no credit", again=False)
    if response.status >= _CLIENT_ERROR:
        after = response.headers.get("Retry-After")
        raise RefusedError(f"{response.status}", again=True, after_s=float(after) if after else None)
    return text


class HttpLabeller:
    """ports.Labeller over HTTP."""

    model = "tortured"
    identity: Mapping[str, object] = {"model": "tortured"}
    limits = _LIMITS

    def __init__(self, http: aiohttp.ClientSession, mode: Mode) -> None:
        self._http = http
        self.batches = HttpBatches(http) if mode == "batch" else None

    def worst(self, question: Question, *, batch: bool) -> Worst:
        return Worst(WORST_TOKENS, WORST_TOKENS * USD_EACH * (0.5 if batch else 1))

    def cost_usd(self, usage: Usage, *, batch: bool) -> float:
        return usage.input_tokens * USD_EACH * (0.5 if batch else 1)

    def picture_tokens(self, picture: Picture) -> int:
        return 0

    def body(self, question: Question, image: bytes | None) -> Mapping[str, object]:
        return {"post": question.post}

    async def card(self) -> ModelCard:
        return ModelCard(None)

    async def ask(self, body: Mapping[str, object]) -> str:
        return await _sent(self._http, "POST", "/ask", json=body)

    def read(self, reply: str) -> Answer:
        try:
            said = json.loads(reply)
            usage = Usage(said["tokens"], 0)
        except (ValueError, LookupError):
            return Answer(None, None, None, None, "cannot be read", None)
        if "label" not in said:
            return Answer(None, None, None, None, said.get("refusal", "no label"), usage)
        return Answer(said["label"], None, None, None, None, usage)

    async def close(self) -> None:
        """The session is its caller's."""


class HttpBatches:
    """ports.Batches over HTTP."""

    limits = BatchLimits(max_requests=24, max_bytes=10**6, poll_s=0.05)

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    def line(self, request_hash: str, body: Mapping[str, object]) -> bytes:
        return json.dumps({"hash": request_hash} | dict(body)).encode()

    async def create(self, key: str, lines: Sequence[bytes]) -> str:
        made = {"key": key, "lines": [json.loads(line) for line in lines]}
        return str(json.loads(await _sent(self._http, "POST", "/batches", json=made))["name"])

    async def find(self, key: str) -> str | None:
        name = json.loads(await _sent(self._http, "GET", "/batches", params={"key": key}))["name"]
        return None if name is None else str(name)

    async def look(self, name: str) -> BatchStatus:
        told = json.loads(await _sent(self._http, "GET", f"/batches/{name}"))
        return BatchStatus(told["state"], 0, 0, told.get("problem"))

    async def fetch(self, name: str) -> list[Outcome]:
        lines = json.loads(await _sent(self._http, "GET", f"/batches/{name}/outcomes"))
        return [
            Outcome(request, line.get("reply"), line.get("reason"), again=line.get("again", False))
            for request, line in lines.items()
        ]
