"""ports.Batches over Files and Batches: half the price, within a day.

    {"custom_id": "<request hash>", "method": "POST", "url": "/v1/chat/completions", "body": {…}}

Our key is the file's name and stands in the batch's metadata, so that a batch which was created but never
recorded is found again.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from bizmeme.core.limits import BatchLimits
from bizmeme.core.values import objects, parsed, whole
from bizmeme.errors import RefusedError, ServiceError
from bizmeme.labellers.openai.wire import Wire
from bizmeme.ports.labellers import BatchStatus, Outcome

_ENDPOINT = "/v1/chat/completions"
_METADATA = "bizmeme_key"
_PAGE = 100  # the vendor's most
_ENDED = ("completed", "failed", "expired", "cancelled")
_SERVER_ERROR = 500
_BUSY = (408, 409, 429)
_TOLD = 160  # characters of the vendor's words that are kept
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
        if not isinstance(created, dict) or not isinstance(created.get("id"), str):
            raise self._wire.troubles.nonsense("it named no batch")
        return str(created["id"])

    async def find(self, key: str) -> str | None:
        """Look through all batches of the account, from the newest on."""
        after: str | None = None
        while True:
            query = {"limit": str(_PAGE)} | ({} if after is None else {"after": after})
            page = await self._wire.get(f"/batches?{urlencode(query)}")
            try:
                for batch in page["data"]:
                    if (batch.get("metadata") or {}).get(_METADATA) == key:
                        return str(batch["id"])
                if not page.get("has_more"):
                    return None
                after = str(page["data"][-1]["id"])
            except (LookupError, TypeError, AttributeError):
                raise self._wire.troubles.nonsense("its list of batches cannot be read") from None

    async def look(self, name: str) -> BatchStatus:
        """How far it is, in our words."""
        batch = await self._wire.find(f"/batches/{quote(name, safe='')}")
        if batch is None:
            return BatchStatus("unknown", done=0, total=0)
        status, told = batch.get("status"), batch.get("request_counts")
        counts = told if isinstance(told, dict) else {}
        done, failed, total = (
            whole(counts.get(word), below=_MOST) or 0 for word in ("completed", "failed", "total")
        )
        return BatchStatus(
            state="ended" if status in _ENDED else "running",
            done=done + failed,
            total=total,
            problem=_problem(batch) if status in _ENDED[1:] else None,
        )

    async def fetch(self, name: str) -> list[Outcome]:
        """Every line of both files; a line that cannot be read is none."""
        batch = await self._wire.get(f"/batches/{quote(name, safe='')}")
        files = [batch.get("error_file_id"), batch.get("output_file_id")]
        outcomes: dict[str, Outcome] = {}
        for file in files:
            if isinstance(file, str):
                content = await self._wire.content(f"/files/{quote(file, safe='')}/content")
                outcomes |= {outcome.request_hash: outcome for outcome in _outcomes(content)}
        return list(outcomes.values())


def _problem(batch: Mapping[str, Any]) -> str:
    """Why it ended without all answers, the vendor's words included."""
    errors = batch.get("errors")
    told = [
        f"line {each['line']}: {each.get('message')}" if each.get("line") else str(each.get("message"))
        for each in objects(errors.get("data") if isinstance(errors, dict) else None)
    ]
    return ": ".join([str(batch["status"]), *told[:1]])[:_TOLD]


def _outcomes(content: bytes) -> Iterator[Outcome]:
    for raw in content.splitlines():
        match parsed(raw):
            case {"custom_id": str(key), "response": {"status_code": 200, "body": dict(body)}}:
                yield Outcome(key, orjson.dumps(body).decode(), reason=None)
            case {"custom_id": str(key), "response": {"status_code": int(status), **response}}:
                yield _refused(key, status, response.get("body"))
            case {"custom_id": str(key), "error": {"code": str(code), **error}}:
                told = str(error.get("message") or code)[:_TOLD]
                # Expired or cancelled: nobody looked at it.
                yield Outcome(key, None, reason=told, again=code.startswith("batch_"))


def _refused(key: str, status: int, body: Any) -> Outcome:
    error = body.get("error") if isinstance(body, dict) else None
    told = str((error or {}).get("message") or "no reason given")[:_TOLD]
    again = status in _BUSY or status >= _SERVER_ERROR
    return Outcome(key, None, reason=f"refused with status {status}: {told}", again=again)
