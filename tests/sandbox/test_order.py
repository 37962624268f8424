"""The same seed and sandbox time give the same bodies, whatever the order of the requests.

Stateful routes hang on what came before them, and are the same for the same order (docs/sandbox.md).
"""

import json
import random
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.process import running
from bizmeme.sandbox.state import Addresses
from bizmeme.sandbox.world import World
from tests.sandbox.strangers.test_openai import FORMAT, fence, jpeg, message

SCREEN = (
    '<View><Text name="t" value="$text"/><Choices name="c" toName="t"><Choice value="bearish"/>'
    '<Choice value="neutral"/><Choice value="bullish"/></Choices></View>'
)


@dataclass(frozen=True)
class Asked:
    """One request: a server, a path, and for a POST its body."""

    server: str
    path: str
    body: bytes | None = None


def send(addresses: Addresses, asked: Asked, **headers: str) -> tuple[int, bytes]:
    named = {
        "User-Agent": "test",
        "Content-Type": "application/json",
        "Authorization": "Bearer any",
    } | headers
    request = urllib.request.Request(addresses[asked.server] + asked.path, data=asked.body, headers=named)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def bodies(config: SandboxConfig, requests: Sequence[Asked]) -> dict[Asked, tuple[int, bytes]]:
    """Every answer of a fresh world, asked in that order."""
    with running(config) as addresses:
        return {asked: send(addresses, asked) for asked in requests}


@pytest.fixture(scope="module")
def everything(small: SandboxConfig, world: World) -> list[Asked]:
    """Every page, file, caption page, a hundred chats, and the truth."""
    pages = ["/boards.json", *(f"/biz/{name}.json" for name in ("catalog", "threads", "archive"))]
    threads = [f"/biz/thread/{no}.json" for no in world.threads]
    files = [f"/biz/{p.tim}{end}" for p in world.pictured if p.picture for end in (p.picture.ext, "s.jpg")]
    captions = [f"/captions?offset={at}&limit=50" for at in range(0, small.captions.count, 50)]
    shown = [p for p in world.pictured if p.picture and not p.picture.flaw and not p.oddity][:100]
    chats = [{"model": "gpt-4o-mini", "response_format": FORMAT, "logprobs": True, "top_logprobs": 5,
              "messages": message(fence(post.text), jpeg(post))} for post in shown]  # fmt: skip
    return [
        *(Asked("board", path) for path in [*pages, *threads, "/biz/thread/1.json"]),
        *(Asked("media", path) for path in files),
        *(Asked("captions", path) for path in captions),
        *(Asked("openai", "/v1/chat/completions", json.dumps(chat).encode()) for chat in chats),
        Asked("truth", "/truth"),
    ]


def test_bodies_do_not_hang_on_the_order_of_requests(hasty: SandboxConfig, everything: list[Asked]) -> None:
    shuffled = random.Random(1).sample(everything, len(everything))
    first, second = bodies(hasty, everything), bodies(hasty, shuffled)
    assert len(first) > 1_000
    assert {asked for asked in first if first[asked] != second[asked]} == set()
    assert sum(status == 200 for status, _ in first.values()) == len(first) - 1


def test_stateful_routes_are_the_same_for_the_same_order(small: SandboxConfig, world: World) -> None:
    assert stateful(small, world) == stateful(small, world)


def stateful(config: SandboxConfig, world: World) -> list[object]:
    """Imports and exports, a refused haste and its Retry-After, a 304, the counts."""
    file = Asked("media", f"/biz/{world.pictured[-1].tim}s.jpg")
    tasks = [{"data": {"text": post.text}} for post in world.pictured[:30]]
    project = {"title": "moods", "label_config": SCREEN}
    steps: list[Asked] = [
        Asked("board", "/biz/catalog.json"),
        Asked("board", "/biz/threads.json"),  # within the second: refused
        file,
        Asked("label_studio", "/api/projects/", json.dumps(project).encode()),
        Asked("label_studio", "/api/projects/1/import", json.dumps(tasks).encode()),
        Asked("label_studio", "/api/projects/1/import", json.dumps(tasks[:3]).encode()),
        Asked("label_studio", "/api/projects/1/export?exportType=JSON"),
        Asked("clock", "/now"),
        *(Asked(name, "/_counts") for name in ("board", "media", "label_studio")),
    ]
    with running(config) as addresses:
        token: Mapping[str, str] = {"Authorization": "Token abc"}
        answers = [send(addresses, step, **token) for step in steps]
    statuses = [status for status, _ in answers]
    assert statuses[:3] == [200, 429, 200]
    assert set(statuses[3:]) <= {200, 201}
    return list(answers)
