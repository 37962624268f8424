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
from bizmeme.core.values import matching, objects, whole
from bizmeme.labellers.gemini.calls import Calls
from bizmeme.ports.labellers import BatchStatus, Outcome

_ENDED = ("SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED")
_PAGE = 100
_MAX_PAGES = 1000
_NAME = re.compile(r"batches/(?!\.+\Z)[A-Za-z0-9_.-]{1,200}")  # it becomes a part of an address
_MAX_COUNT = 10**9
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
        return self._named(self._calls.parsed(reply).get("name"))

    async def find(self, key: str) -> str | None:
        """The newest batch of that display name; None where the list came to its end, and was one."""
        token, seen = "", set[str]()
        while len(seen) < _MAX_PAGES:
            asked = {"pageSize": str(_PAGE)} | ({"pageToken": token} if token else {})
            page = await self._calls.get(f"batches?{urlencode(asked)}")
            for operation in objects(page.get("operations")):
                if _metadata(operation).get("displayName") == key:
                    return self._named(operation.get("name"))
            token = self._following(page)
            if not token:
                return None
            if token in seen:
                break
            seen.add(token)
        raise self._calls.teller.silence("its list of batches has no end")

    def _following(self, page: Mapping[str, Any]) -> str:
        """The token of the next page, empty at the end; what is no page of batches says nothing of any."""
        token = "" if page.get("nextPageToken") is None else page["nextPageToken"]
        if isinstance(token, str) and printable(token) == token and _is_page(page):
            return token
        raise self._calls.teller.silence("something else came than a list of batches")

    def _named(self, name: object) -> str:
        if (found := matching(_NAME, name)) is None:
            raise self._calls.teller.silence("a batch of it has no name that could be one")
        return found

    async def look(self, name: str) -> BatchStatus:
        """How far it is."""
        operation = await self._calls.sought(self._named(name))
        if operation is None:
            return BatchStatus("unknown", 0, 0)
        state, answered = _state(operation), _count(operation, "successfulRequestCount")
        done = answered + _count(operation, "failedRequestCount")
        total = _count(operation, "requestCount")
        if state not in _ENDED and operation.get("done") is not True:
            return BatchStatus("running", done, total, answered=answered)
        problem = None if state == "SUCCEEDED" else self._problem(operation, state)
        return BatchStatus("ended", done, total, problem, answered)

    async def fetch(self, name: str) -> list[Outcome]:
        """Every answered or failed line of a batch that has ended; its answers last as long as it does."""
        operation = await self._calls.sought(self._named(name))
        if operation is None:
            raise self._calls.teller.silence("the batch that had ended is gone")
        lines, answered = _lines(operation), _count(operation, "successfulRequestCount")
        failed = _state(operation) in _ENDED[1:] or isinstance(operation.get("error"), dict)
        if (lines is None and not failed) or len(lines or ()) < answered:
            told = f"its batch has {answered} answers, of which {len(lines or ())} came"
            raise self._calls.teller.silence(told)
        return [outcome for item in objects(lines) if (outcome := self._readable(item)) is not None]

    def _readable(self, item: Mapping[str, Any]) -> Outcome | None:
        """A line's outcome; None where it cannot be read, which must not cost the others."""
        metadata = item.get("metadata")
        key = metadata.get("key") if isinstance(metadata, dict) else None
        try:
            return self._outcome(printable(key), item) if isinstance(key, str) else None
        except (ValueError, TypeError, RecursionError):
            return None

    def _outcome(self, key: str, item: Mapping[str, Any]) -> Outcome | None:
        """A response is paid for, whatever it is; what cannot be read in it is a reason later."""
        response, error = item.get("response"), item.get("error")
        if response is None and isinstance(error, dict):
            told = self._calls.teller.told(error.get("message"))
            return Outcome(key, None, f"failed in its batch: {told}", again=error.get("code") in _PASSING)
        return Outcome(key, _written(response), None) if "response" in item else None

    def _problem(self, operation: Mapping[str, Any], state: str) -> str:
        error = operation.get("error")
        told = error.get("message") if isinstance(error, dict) else None
        word = state.lower() if state in _ENDED else "failed"
        return f"{word}: {self._calls.teller.told(told)}" if told else word


def _written(value: object) -> str:
    """As JSON; of an object that is nested too deep for that, the parts that are not."""
    try:
        return json.dumps(value)
    except RecursionError:
        parts = value.items() if isinstance(value, dict) else ()
        return json.dumps({name: part for name, part in parts if _can_be_written(part)})


def _can_be_written(value: object) -> bool:
    try:
        json.dumps([value])
    except RecursionError:
        return False
    return True


def _is_page(page: Mapping[str, Any]) -> bool:
    """Whether it lists batches: the last page may leave the list out, but has nothing else then."""
    operations = page.get("operations")
    if operations is None:
        return page.keys() <= {"operations", "nextPageToken"}
    return isinstance(operations, list) and all(map(_is_batch, operations))


def _is_batch(operation: object) -> bool:
    if not isinstance(operation, dict) or not isinstance(operation.get("metadata"), dict | None):
        return False
    return isinstance(_metadata(operation).get("displayName"), str | None)


def _metadata(operation: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = operation.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _state(operation: Mapping[str, Any]) -> str:
    """How it is, without the word before it, which is one of two."""
    state = _metadata(operation).get("state")
    return state.rpartition("_STATE_")[2] if isinstance(state, str) else ""


def _lines(operation: Mapping[str, Any]) -> list[Any] | None:
    """The lines of the output, which the API shows in either of two places; None where it is in none."""
    for place in (_metadata(operation).get("output"), operation.get("response")):
        inner = place.get("inlinedResponses") if isinstance(place, dict) else None
        if isinstance(inner, dict):
            lines = inner.get("inlinedResponses", [])
            return lines if isinstance(lines, list) else None
    return None


def _count(operation: Mapping[str, Any], name: str) -> int:
    """One of its `batchStats`, which comes in quotes, or not at all where it is zero."""
    stats = _metadata(operation).get("batchStats")
    told = stats.get(name) if isinstance(stats, dict) else None
    if (digits := matching(_COUNT, told)) is not None:
        return int(digits)
    return whole(told, below=_MAX_COUNT) or 0
