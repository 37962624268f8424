"""ports.Batches over Files and Batches: half the price, within a day.

    {"custom_id": "<request hash>", "method": "POST", "url": "/v1/chat/completions", "body": {…}}

Our key is the file's name and stands in the batch's metadata, so that a batch which was created but never
recorded is found again.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from bizmeme.core.limits import BatchLimits
from bizmeme.core.replies import printable
from bizmeme.core.values import objects, parsed, whole
from bizmeme.errors import RefusedError, ServiceError
from bizmeme.labellers.openai.wire import Wire
from bizmeme.ports.labellers import BatchStatus, Outcome

_ENDPOINT = "/v1/chat/completions"
_METADATA = "bizmeme_key"
_PAGE = 100  # the vendor's most
_ENDED = ("completed", "failed", "expired", "cancelled")
_OK, _SERVER_ERROR = 200, 500
_BUSY = (408, 409, 429)
_MOST = 2**31


class OpenAiBatches:
    """The batches of one account."""

    def __init__(self, wire: Wire, limits: BatchLimits) -> None:
        self._wire = wire
        self._limits = limits

    @property
    def limits(self) -> BatchLimits:
        """How large a batch may be."""
        return self._limits

    def line(self, request_hash: str, body: Mapping[str, object]) -> bytes:
        """One line of the file, its end included."""
        line = {"custom_id": request_hash, "method": "POST", "url": _ENDPOINT, "body": body}
        return orjson.dumps(line) + b"\n"

    async def create(self, key: str, lines: Sequence[bytes]) -> str:
        """Upload, which costs nothing, then start."""
        try:
            file = await self._wire.upload(f"{key}.jsonl", b"".join(lines))
        except RefusedError:
            raise
        except ServiceError as error:  # whatever came of it, nothing was ordered yet
            raise RefusedError(str(error), again=True) from None
        order = {
            "input_file_id": file,
            "endpoint": _ENDPOINT,
            "completion_window": "24h",
            "metadata": {_METADATA: key},
        }
        created = parsed((await self._wire.post("/batches", order)).encode())
        return self._named(created)

    async def find(self, key: str) -> str | None:
        """Look through all batches of the account, from the newest on."""
        query, seen = {"limit": str(_PAGE)}, set[str]()
        while True:
            page = await self._page(query)
            for batch in page["data"]:
                if (batch.get("metadata") or {}).get(_METADATA) == key:
                    return self._named(batch)
            if not page["has_more"]:
                return None
            query["after"] = self._named(page["data"][-1])
            if query["after"] in seen:
                raise self._wire.troubles.nonsense("its list of batches goes round in circles")
            seen.add(query["after"])

    async def _page(self, query: Mapping[str, str]) -> Mapping[str, Any]:
        """A part of the list; only one that can be read whole proves that a batch is not there."""
        page = await self._wire.get(f"/batches?{urlencode(query)}")
        match page:
            case {"data": [], "has_more": False}:
                return page
            case {"data": [*batches], "has_more": bool()} if batches and all(map(_is_batch, batches)):
                return page
        raise self._wire.troubles.nonsense("its list of batches cannot be read")

    async def look(self, name: str) -> BatchStatus:
        """How far it is, in our words."""
        batch = await self._wire.find(_path(name))
        if batch is None:
            return BatchStatus("unknown", done=0, total=0)
        status = batch.get("status")
        done, failed, total = (_count(batch, word) for word in ("completed", "failed", "total"))
        return BatchStatus(
            state="ended" if status in _ENDED else "running",
            done=done + failed,
            total=total,
            problem=self._problem(batch) if status in _ENDED[1:] else None,
            answered=done,
        )

    async def fetch(self, name: str) -> list[Outcome] | None:
        """Every line of both files but what cannot be read; None where the answers' file is gone."""
        batch = await self._wire.find(_path(name))
        if batch is None:
            raise self._wire.troubles.nonsense("the batch that had ended is gone")
        refused = await self._lines(batch.get("error_file_id"))
        answered = await self._lines(batch.get("output_file_id"))
        if answered is None or (refused is None and not answered):
            return None
        if len(answered) < (completed := _count(batch, "completed")):
            told = f"its batch has {completed} answers, of which {len(answered)} came"
            raise self._wire.troubles.nonsense(told)
        return list(self._outcomes([*(refused or ()), *answered]))

    async def _lines(self, file: object) -> list[bytes] | None:
        """A file's lines, none where there is no file; None where there is one no longer."""
        if file is None or file == "":
            return []
        return await self._wire.lines(f"/files/{self._wire.named(file, 'file')}/content")

    def _named(self, batch: object) -> str:
        """A batch's name; raises ServiceError where it has none."""
        return self._wire.named(batch.get("id") if isinstance(batch, dict) else None, "batch")

    def _problem(self, batch: Mapping[str, Any]) -> str:
        """Why it ended without all answers, the vendor's words included."""
        errors = batch.get("errors")
        told = [str(batch["status"])]
        for error in objects(errors.get("data") if isinstance(errors, dict) else None)[:1]:
            line, words = whole(error.get("line"), below=_MOST), error.get("message")
            told += [f"line {line}"] if line else []
            told += [words] if isinstance(words, str) else []
        return self._wire.troubles.told(": ".join(told))

    def _outcomes(self, lines: Sequence[bytes]) -> Iterator[Outcome]:
        """Of every line that can be read: one that cannot must not cost the others."""
        for line in lines:
            try:
                outcome = self._outcome(parsed(line), line)
            except (ValueError, TypeError, RecursionError):
                continue
            if outcome is not None:
                yield outcome

    def _outcome(self, told: Any, line: bytes) -> Outcome | None:
        match told:
            case {"custom_id": str(key), "response": {"status_code": 200, **response}}:
                return Outcome(printable(key), _reply(response.get("body"), line), reason=None)
            case {"custom_id": str(key), "response": {"status_code": int(status), **response}} if (
                status != _OK
            ):
                return self._refused(printable(key), status, response.get("body"))
            case {"custom_id": str(key), "error": {"code": str(code), **error}}:
                words = error.get("message")
                reason = self._wire.troubles.told(words if words and isinstance(words, str) else code)
                # Expired or cancelled: nobody looked at it.
                return Outcome(printable(key), None, reason=reason, again=code.startswith("batch_"))
        return None

    def _refused(self, key: str, status: int, body: Any) -> Outcome:
        error = body.get("error") if isinstance(body, dict) else None
        words = error.get("message") if isinstance(error, dict) else None
        told = self._wire.troubles.told(words)
        again = status in _BUSY or status >= _SERVER_ERROR
        return Outcome(key, None, reason=f"refused with status {status}: {told}", again=again)


def _count(batch: Mapping[str, Any], word: str) -> int:
    """One of `request_counts`; 0 where it is none."""
    counts = batch.get("request_counts")
    return whole(counts.get(word), below=_MOST) or 0 if isinstance(counts, dict) else 0


def _is_batch(told: object) -> bool:
    """Whether its key can be looked for."""
    return isinstance(told, dict) and isinstance(told.get("metadata"), dict | None)


def _path(name: str) -> str:
    return f"/batches/{quote(name, safe='', errors='replace')}"


def _reply(body: object, line: bytes) -> str:
    """A paid body as JSON, whatever it is; nested too deep to be written, the line itself as it came."""
    try:
        return json.dumps(body, separators=(",", ":"))
    except RecursionError:
        return line.decode(errors="replace")
