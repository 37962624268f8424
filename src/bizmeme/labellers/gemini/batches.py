"""Gemini's batches: requests sent inline under a display name, which is our key.

line       {"request": {"contents": […], …}, "metadata": {"key": "<request hash>"}}
operation  {"name": "batches/…", "metadata": {"displayName": …, "state": "BATCH_STATE_SUCCEEDED",
            "batchStats": {"requestCount": "2", "successfulRequestCount": "2"},
            "output": {"inlinedResponses": {"inlinedResponses": [{"response": {…}, "metadata": {…}}]}}}}
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from bizmeme.core.limits import BatchLimits
from bizmeme.core.replies import printable
from bizmeme.labellers.gemini.calls import Calls
from bizmeme.ports.labellers import BatchStatus, Outcome

_ENDED = ("SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED")
_PAGE = 100
_COUNT = re.compile(r"[0-9]{1,9}")
# Of google.rpc.Code, and of HTTP where a vendor writes that: what the same question may survive.
_PASSING = frozenset({1, 2, 4, 8, 10, 13, 14, 408, 409, 429, 499, 500, 502, 503, 504})


class GeminiBatches:
    """ports.Batches."""

    def __init__(self, calls: Calls, limits: BatchLimits, *, model: str) -> None:
        self._calls = calls
        self._limits = limits
        self._model = model

    @property
    def limits(self) -> BatchLimits:
        """How large a batch may be, and how often it is looked at."""
        return self._limits

    def line(self, request_hash: str, body: Mapping[str, object]) -> bytes:
        """One request as it stands in a batch."""
        return json.dumps({"request": body, "metadata": {"key": request_hash}}).encode()

    async def create(self, key: str, lines: Sequence[bytes]) -> str:
        """Start a batch; its name."""
        requests = [json.loads(line) for line in lines]
        batch = {"displayName": key, "inputConfig": {"requests": {"requests": requests}}}
        reply = await self._calls.post(f"models/{self._model}:batchGenerateContent", {"batch": batch})
        name = self._calls.parsed(reply).get("name")
        if not isinstance(name, str) or not name.startswith("batches/"):
            raise self._calls.teller.silence("the batch that was created has no name")
        return name

    async def find(self, key: str) -> str | None:
        """The newest batch of that display name."""
        token, seen = "", {""}
        while True:
            asked = {"pageSize": str(_PAGE)} | ({"pageToken": token} if token else {})
            page = await self._calls.get(f"batches?{urlencode(asked)}") or {}
            for operation in _dicts(page.get("operations")):
                if _metadata(operation).get("displayName") == key:
                    return str(operation.get("name"))
            token = str(page.get("nextPageToken") or "")
            if token in seen:  # none, or a server that goes round in circles
                return None
            seen.add(token)

    async def look(self, name: str) -> BatchStatus:
        """How far it is."""
        operation = await self._calls.get(name)
        if operation is None:
            return BatchStatus("unknown", 0, 0)
        state = _state(operation)
        done = _count(operation, "successfulRequestCount") + _count(operation, "failedRequestCount")
        total = _count(operation, "requestCount")
        if state not in _ENDED and operation.get("done") is not True:
            return BatchStatus("running", done, total)
        problem = None if state == "SUCCEEDED" else self._problem(operation, state)
        return BatchStatus("ended", done, total, problem)

    async def fetch(self, name: str) -> list[Outcome]:
        """Every answered or failed line of a batch that has ended; its answers last as long as it does."""
        operation = await self._calls.get(name)
        if operation is None:
            raise self._calls.teller.silence("the batch that had ended is gone")
        lines, answered = _lines(operation), _count(operation, "successfulRequestCount")
        failed = _state(operation) in _ENDED[1:] or isinstance(operation.get("error"), dict)
        if (lines is None and not failed) or len(lines or ()) < answered:
            told = f"its batch has {answered} answers, of which {len(lines or ())} came"
            raise self._calls.teller.silence(told)
        outcomes: dict[str, Outcome] = {}
        for item in _dicts(lines):
            if (outcome := self._readable(item)) is not None:
                outcomes.setdefault(outcome.request_hash, outcome)
        return list(outcomes.values())

    def _readable(self, item: Mapping[str, Any]) -> Outcome | None:
        """A line's outcome; None where it cannot be read, which must not cost the others."""
        metadata = item.get("metadata")
        key = metadata.get("key") if isinstance(metadata, dict) else None
        try:
            return self._outcome(printable(key), item) if isinstance(key, str) else None
        except (ValueError, TypeError, RecursionError):
            return None

    def _outcome(self, key: str, item: Mapping[str, Any]) -> Outcome | None:
        response, error = item.get("response"), item.get("error")
        if isinstance(response, dict):
            return Outcome(key, json.dumps(response), None)
        if isinstance(error, dict):
            told = self._calls.teller.told(error.get("message") or "no reason given")
            return Outcome(key, None, f"failed in its batch: {told}", again=error.get("code") in _PASSING)
        return None

    def _problem(self, operation: Mapping[str, Any], state: str) -> str:
        error = operation.get("error")
        told = error.get("message") if isinstance(error, dict) else None
        word = state.lower() if state in _ENDED else "failed"
        return f"{word}: {self._calls.teller.told(told)}" if told else word


def _metadata(operation: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = operation.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _state(operation: Mapping[str, Any]) -> str:
    """How it is, without the word before it, which is one of two."""
    return str(_metadata(operation).get("state")).rpartition("_STATE_")[2]


def _lines(operation: Mapping[str, Any]) -> list[Any] | None:
    """The lines of the output, which the API shows in either of two places; None where it is in none."""
    for place in (_metadata(operation).get("output"), operation.get("response")):
        inner = place.get("inlinedResponses") if isinstance(place, dict) else None
        if isinstance(inner, dict):
            lines = inner.get("inlinedResponses")
            return lines if isinstance(lines, list) else []
    return None


def _dicts(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _count(operation: Mapping[str, Any], name: str) -> int:
    """One of its `batchStats`, which comes in quotes, or not at all where it is zero."""
    stats = _metadata(operation).get("batchStats")
    told = str(stats.get(name)) if isinstance(stats, dict) else ""
    return int(told) if _COUNT.fullmatch(told) else 0
