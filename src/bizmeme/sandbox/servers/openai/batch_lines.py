"""The lines of a batch: read and checked before it starts, worked through, written to two files.

    {"custom_id": "post 7", "method": "POST", "url": "/v1/chat/completions", "body": {"model": …}}
    →
    {"id": "batch_req_…", "custom_id": "post 7", "response": {"status_code": 200, "body": {…}}, "error": null}

Answers go to the output file, all others to the error file, in an order that is not the input's.
"""

import asyncio
import hashlib
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bizmeme.sandbox.dice import digest
from bizmeme.sandbox.servers.batch_life import Lot
from bizmeme.sandbox.servers.common import Backstage, dumped
from bizmeme.sandbox.servers.openai.chat import completion
from bizmeme.sandbox.servers.openai.models import MODELS
from bizmeme.sandbox.servers.openai.wire import Body
from bizmeme.sandbox.strangers.listening import RefusalError

ENDPOINT = "/v1/chat/completions"
_MOST_BYTES, _MOST_LINES, _MOST_ERRORS = 200 * 1000**2, 50_000, 100
_A_LOOK, _AT_ONCE = 250, 20  # lines worked through at one look, and between two of other requests
_OK, _BROKE_DOWN = 200, 500
_UNANSWERED: Mapping[Lot, str] = MappingProxyType(
    {
        "expired": "This request could not be executed before the completion window expired.",
        "cancelled": "This request was cancelled before it was executed.",
    }
)


@dataclass(frozen=True, slots=True)
class Checked:
    """A batch's lines by their custom_id, or what is wrong with the file."""

    bodies: Mapping[str, Body]
    errors: list[Mapping[str, object]]


@dataclass(slots=True)
class Work:
    """What came of a batch's lines, and those that are still to be worked through."""

    left: deque[tuple[str, Lot]]
    expired: bool  # some lines are never come to
    output: list[bytes] = field(default_factory=list)
    error: list[bytes] = field(default_factory=list)
    input_tokens: int = 0
    output_tokens: int = 0


def check(data: bytes) -> Checked:
    """Read an input file as a vendor does before anything is paid."""
    lines = data.splitlines()
    if len(data) > _MOST_BYTES:
        return _wrong("file_too_large", f"The batch input file is larger than {_MOST_BYTES} bytes.")
    if len(lines) > _MOST_LINES:
        return _wrong("too_many_tasks", f"The batch input file has more than {_MOST_LINES} requests.")
    if not lines:
        return _wrong("empty_file", "The batch input file is empty.")
    checked = Checked({}, [])
    bodies: dict[str, Body] = {}
    models: set[object] = set()
    for number, raw in enumerate(lines, start=1):
        try:
            key, body = _line(raw, taken=bodies)
            models.add(body.get("model"))
            if len(models) > 1:
                raise _LineError("mismatched_model", "All requests of a batch must name the same model.")
            bodies[key] = body
        except _LineError as wrong:
            checked.errors.append(_error(wrong.code, str(wrong), line=number))
    return Checked(bodies, checked.errors[:_MOST_ERRORS])


class _LineError(Exception):
    """A line that no batch takes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _line(raw: bytes, *, taken: Mapping[str, object]) -> tuple[str, Body]:
    try:
        line = json.loads(raw)
    except ValueError as error:
        raise _LineError("invalid_json_line", "This line is not parseable as valid JSON.") from error
    match line:
        case {"custom_id": str(key)} if key in taken:
            raise _LineError("duplicate_custom_id", f"The custom_id '{key}' stands here twice.")
        case {"custom_id": str(key), "method": "POST", "url": url, "body": dict(body)} if url == ENDPOINT:
            if body.get("model") not in MODELS:
                raise _LineError("model_not_found", f"The model `{body.get('model')}` does not exist.")
            return key, body
        case {"url": url} if url != ENDPOINT:
            raise _LineError("mismatched_url", "The url does not match the endpoint of the batch.")
    raise _LineError("invalid_request", "A line needs custom_id, method POST, url and body.")


def _wrong(code: str, message: str) -> Checked:
    return Checked({}, [_error(code, message, line=None)])


def _error(code: str, message: str, *, line: int | None) -> Mapping[str, object]:
    return {"code": code, "message": message, "param": None, "line": line}


def begun(lots: Mapping[str, Lot]) -> Work:
    """All lines still to be worked through."""
    return Work(deque(lots.items()), expired="expired" in lots.values())


async def go_on(
    backstage: Backstage, bodies: Mapping[str, Body], work: Work, *, pay: Callable[[Body], None]
) -> None:
    """Some hundred lines, each answer paid for; other requests are served meanwhile."""
    for place in range(min(_A_LOOK, len(work.left))):
        if place % _AT_ONCE == 0:
            await asyncio.sleep(0)
        key, lot = work.left.popleft()
        if lot in _UNANSWERED:
            error = {"code": f"batch_{lot}", "message": _UNANSWERED[lot]}
            work.error.append(_written(key, response=None, error=error))
        else:
            status, reply = _reply(backstage, bodies[key], lot=lot)
            _answer(key, status, reply, work=work)
            if status == _OK:
                pay(bodies[key])


def _answer(key: str, status: int, reply: Mapping[str, object], *, work: Work) -> None:
    """Write the line's answer, or how it was refused."""
    response = {"status_code": status, "request_id": f"req_{digest('request', key):016x}", "body": reply}
    (work.output if status == _OK else work.error).append(_written(key, response=response, error=None))
    match reply:
        case {"usage": {"prompt_tokens": int(asked), "completion_tokens": int(said)}}:
            work.input_tokens += asked
            work.output_tokens += said


def _reply(backstage: Backstage, body: Body, *, lot: Lot) -> tuple[int, Mapping[str, object]]:
    if lot == "failed":
        told = "The server had an error while processing your request. Sorry about that!"
        return _BROKE_DOWN, {"error": {"message": told, "type": "server_error", "param": None, "code": None}}
    try:
        return _OK, completion(backstage, body, name=hashlib.sha256(dumped(body)).hexdigest())
    except RefusalError as refusal:
        return refusal.status, refusal.body


def _written(key: str, *, response: object, error: object) -> bytes:
    name = f"batch_req_{digest('line of a batch', key):016x}"
    return dumped({"id": name, "custom_id": key, "response": response, "error": error}) + b"\n"
