"""What the vision APIs count of themselves, over a socket."""

import asyncio
import json

import aiohttp
import pytest
from aiohttp import web

from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.process import running
from bizmeme.sandbox.servers.common import as_json
from bizmeme.sandbox.servers.receipts import RECEIPTS, keep, named
from bizmeme.sandbox.state import Addresses
from tests.sandbox.test_faults import broken, fault
from tests.sandbox.web import chat, fetch_json, post, post_all, posted_to


def test_each_body_is_counted_however_its_json_is_spaced(addresses: Addresses) -> None:
    one, two = chat("<post>gm</post>", seed=1), chat("<post>gm</post>", seed=2)
    turned = dict(reversed(one.items()))
    url = addresses["openai"]
    post_all(url + "/v1/chat/completions", [one, two, turned])
    counts = fetch_json(url + "/_asked")
    for kind in ("asked", "paid"):
        assert (counts[kind][named(one)], counts[kind][named(two)]) == (2, 1)
    assert named(json.dumps(one, indent=4).encode()) == named(one)


def test_what_is_malformed_is_asked_and_not_paid(addresses: Addresses) -> None:
    wrong = {"model": "gpt-6-luna", "messages": [], "seed": 3}
    url = addresses["openai"]
    (reply,) = post_all(url + "/v1/chat/completions", [wrong])
    counts = fetch_json(url + "/_asked")
    assert reply.status == 400
    assert counts["asked"][named(wrong)] == 1
    assert named(wrong) not in counts["paid"]


def test_only_what_was_answered_is_paid_for(hasty: SandboxConfig) -> None:
    paid = {"busy_after": 0, "quota": 0, "unavailable": 0, "error": 0, "garbage": 0, "wrong_key": 0,
            "truncated": 1, "refusal": 1, "off_vocabulary": 1, "wrong_schema": 1, "filtered": 1}  # fmt: skip
    faults = [fault(each, server="openai", after=turn, times=1) for turn, each in enumerate(paid)]
    with running(broken(hasty, *faults)) as addresses:
        url = addresses["openai"]
        post_all(url + "/v1/chat/completions", [chat(trouble) for trouble in (*paid, *paid)])
        counts = fetch_json(url + "/_asked")
    assert counts["asked"] == {named(chat(trouble)): 2 for trouble in paid}
    assert counts["paid"] == {named(chat(trouble)): 1 + number for trouble, number in paid.items()}


def test_an_answer_that_broke_off_on_its_way_is_paid_for(hasty: SandboxConfig) -> None:
    with running(broken(hasty, fault("cut_off", server="openai"))) as addresses:
        url = addresses["openai"]
        with pytest.raises(aiohttp.ClientPayloadError):
            post_all(url + "/v1/chat/completions", [chat("gm")])
        assert fetch_json(url + "/_asked")["paid"] == {named(chat("gm")): 1}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/batches", {"input_file_id": "file-1", "metadata": {"bizmeme": "batch-7"}}),
        ("/v1beta/models/m:batchGenerateContent", {"batch": {"displayName": "batch-7"}}),
        ("/v1beta/models/m:batchGenerateContent", {"batch": {"display_name": "batch-7"}}),
    ],
)
def test_batches_go_by_the_clients_own_key_and_their_lines_by_their_bodies(path: str, body: object) -> None:
    async def create(request: web.Request) -> web.Response:
        request.app[RECEIPTS].pay(chat("gm"))
        return as_json({"counts": {"batches": dict(request.app[RECEIPTS].batches),
                                   "paid": dict(request.app[RECEIPTS].paid)}})  # fmt: skip

    app = web.Application()
    app.middlewares.extend(keep(app))
    app.add_routes([web.post(path, create)])
    replies = posted_to(app, path, [body, body, body])
    assert [reply.json["counts"]["batches"] for reply in replies] == [{}, {"batch-7": 1}, {"batch-7": 2}]
    assert replies[2].json["counts"]["paid"] == {named(chat("gm")): 3}


def test_openais_lines_are_paid_for_once_and_as_if_they_were_asked_live(hasty: SandboxConfig) -> None:
    lines = [
        {
            "custom_id": str(turn),
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": chat(f"post {turn}"),
        }
        for turn in range(3)
    ]
    with running(hasty) as addresses:
        asyncio.run(work_through(addresses, "\n".join(map(json.dumps, lines))))
        post_all(addresses["openai"] + "/v1/chat/completions", [chat("post 0")])
        counts = fetch_json(addresses["openai"] + "/_asked")
    assert counts["batches"] == {"batch-7": 1}
    assert counts["paid"] == {named(chat(f"post {turn}")): 2 if turn == 0 else 1 for turn in range(3)}


async def work_through(addresses: Addresses, lines: str) -> None:
    """Let a batch come to its end on the sandbox's clock, and look at it twice."""
    url = addresses["openai"] + "/v1"
    async with (
        aiohttp.ClientSession(headers={"Authorization": "Bearer any"}) as session,
        session.ws_connect(addresses["clock"] + "/task") as clock,
    ):
        form = aiohttp.FormData({"purpose": "batch"})
        form.add_field("file", lines.encode(), filename="lines.jsonl")
        async with session.post(url + "/files", data=form) as response:
            file = (await response.json())["id"]
        asked = {"input_file_id": file, "endpoint": "/v1/chat/completions", "completion_window": "24h"}
        reply = await post(session, url + "/batches", asked | {"metadata": {"bizmeme": "batch-7"}})
        await clock.send_json({"sleep": 86_400})
        await clock.receive_json()
        for _ in range(2):
            async with session.get(f"{url}/batches/{reply.json['id']}") as response:
                assert (await response.json())["status"] == "completed"
