"""Batches over the real SDK: begun, looked at, found again, fetched."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from bizmeme.core.prompts import fenced_post
from bizmeme.errors import ServiceError
from bizmeme.ports.labellers import Batches, BatchStatus, Outcome
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.process import running
from bizmeme.sandbox.state import Addresses
from tests.labellers.gemini.desk import Desk, batches_of, once, question
from tests.sandbox.web import fetch_json

LASTS_S = 1800.0
HASHES = [f"{number:064x}" for number in range(40)]


async def pass_time(addresses: Addresses, seconds: float) -> None:
    """Let simulated time go by."""
    async with aiohttp.ClientSession() as session, session.ws_connect(addresses["clock"] + "/task") as task:
        await task.send_json({"sleep": seconds})
        await task.receive_json()


def served(small: SandboxConfig, **batches: float) -> SandboxConfig:
    """The small world with other batches."""
    serving = small.serving
    changed = serving.model_copy(update={"batches": serving.batches.model_copy(update=batches)})
    return small.model_copy(update={"serving": changed})


def acted(desk: Desk, act: Callable[[Batches, list[bytes]], Awaitable[Any]], *, url: str = "") -> Any:
    """What comes of doing something with batches, and with forty lines for one."""
    labeller = desk.labeller("batch", **({"base_url": url} if url else {}))
    body = labeller.body(question(), None)
    lines = [batches_of(labeller).line(hashed, body) for hashed in HASHES]
    return once(labeller, lambda: act(batches_of(labeller), lines))


async def fetched(batches: Batches, name: str) -> list[Outcome]:
    outcomes = await batches.fetch(name)
    assert outcomes is not None
    return outcomes


def test_only_batch_mode_has_batches(desk: Desk) -> None:
    assert desk.labeller("live").batches is None
    assert desk.labeller("decisions").batches is None
    assert batches_of(desk.labeller("batch")).limits.max_requests == desk.section["batch"]["max_requests"]


def test_a_batch_runs_ends_by_the_clock_and_answers_every_line_as_live(
    desk: Desk, addresses: Addresses
) -> None:
    async def act(batches: Batches, lines: list[bytes]) -> tuple[list[BatchStatus], list[Outcome]]:
        name = await batches.create("whole", lines)
        seen = [await batches.look(name)]
        for _ in range(2):
            await pass_time(addresses, LASTS_S / 2)
            seen.append(await batches.look(name))
        return seen, await fetched(batches, name)

    seen, outcomes = acted(desk, act)
    assert [(each.state, each.done, each.total) for each in seen] == [
        ("running", 0, 40),
        ("running", 20, 40),
        ("ended", 40, 40),
    ]
    assert seen[2].problem is None
    assert sorted(each.request_hash for each in outcomes) == HASHES
    assert [each.request_hash for each in outcomes] != HASHES  # in no particular order
    live = desk.labeller()
    reply = once(live, lambda: live.ask(live.body(question(), None)))
    assert {live.read(str(each.reply)) for each in outcomes} == {live.read(reply)}


def test_each_line_is_paid_for_once_however_often_it_is_looked_at(desk: Desk, small: SandboxConfig) -> None:
    async def act(batches: Batches, _: list[bytes]) -> None:
        body = {"contents": [{"parts": [{"text": "gm"}]}]}
        name = await batches.create("paid", [batches.line(hashed, body) for hashed in HASHES])
        await pass_time(addresses, LASTS_S)
        await asyncio.gather(*(batches.look(name) for _ in range(3)), batches.fetch(name))

    with running(served(small, failed_share=0.25)) as addresses:
        acted(desk, act, url=addresses["gemini"])
        counts = fetch_json(addresses["gemini"] + "/_asked")
    assert counts["batches"] == {"paid": 1}
    (paid,) = counts["paid"].values()  # one body, in forty lines
    assert 20 <= paid < 40


def test_lines_that_failed_or_expired_have_a_reason_and_may_be_asked_again(
    desk: Desk, small: SandboxConfig
) -> None:
    async def act(batches: Batches, lines: list[bytes]) -> tuple[BatchStatus, list[Outcome]]:
        name = await batches.create("partial", lines)
        await pass_time(addresses, LASTS_S)
        return await batches.look(name), await fetched(batches, name)

    with running(served(small, failed_share=0.3, expired_share=0.2)) as addresses:
        status, outcomes = acted(desk, act, url=addresses["gemini"])
    assert (status.state, status.problem) == ("ended", None)
    assert status.done == status.total == len(outcomes) == 40
    answered = [each for each in outcomes if each.reply is not None]
    lost = [each for each in outcomes if each.reply is None]
    assert 5 < len(lost) < 35
    assert all(each.reason is None for each in answered)
    assert all(each.again for each in lost)
    assert {str(each.reason).partition(".")[0] for each in lost} == {
        "failed in its batch: An internal error has occurred",
        "failed in its batch: The batch expired before this request was served",
    }


@pytest.mark.parametrize(("fate", "problem"), [("failed_share", "failed"), ("expired_share", "expired")])
def test_a_batch_of_which_nothing_came_says_why(
    desk: Desk, small: SandboxConfig, fate: str, problem: str
) -> None:
    async def act(batches: Batches, lines: list[bytes]) -> tuple[BatchStatus, list[Outcome]]:
        name = await batches.create("lost", lines)
        await pass_time(addresses, LASTS_S)
        return await batches.look(name), await fetched(batches, name)

    with running(served(small, **{fate: 1.0})) as addresses:
        status, outcomes = acted(desk, act, url=addresses["gemini"])
    assert (status.state, status.problem, outcomes) == ("ended", problem, [])


def test_a_cancelled_batch_gives_what_was_done_by_then(desk: Desk, addresses: Addresses) -> None:
    async def act(batches: Batches, lines: list[bytes]) -> tuple[BatchStatus, list[Outcome]]:
        name = await batches.create("cancelled", lines)
        await pass_time(addresses, LASTS_S / 4)
        await cancel(addresses, name)
        return await batches.look(name), await fetched(batches, name)

    status, outcomes = acted(desk, act)
    assert (status.state, status.problem, status.done, status.total) == ("ended", "cancelled", 10, 40)
    assert len(outcomes) == 10
    assert all(each.reply for each in outcomes)


async def cancel(addresses: Addresses, name: str) -> None:
    url = f"{addresses['gemini']}/v1beta/{name}:cancel"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, headers={"x-goog-api-key": "any"}) as reply,
    ):
        assert reply.status == 200


def test_a_line_that_the_api_cannot_read_is_given_up(desk: Desk, addresses: Addresses) -> None:
    async def act(batches: Batches, lines: list[bytes]) -> list[Outcome]:
        broken = batches.line("broken", {"contents": []})
        name = await batches.create("broken line", [lines[0], broken])
        await pass_time(addresses, LASTS_S)
        return await fetched(batches, name)

    outcomes = {each.request_hash: each for each in acted(desk, act)}
    assert outcomes[HASHES[0]].reply
    assert (outcomes["broken"].reply, outcomes["broken"].again) == (None, False)
    assert "contents is not specified" in str(outcomes["broken"].reason)


def test_a_batch_is_found_by_our_key_on_any_page(desk: Desk, addresses: Addresses) -> None:
    async def act(batches: Batches, lines: list[bytes]) -> tuple[str, str | None, str | None]:
        first = await batches.create("the first", lines[:1])
        for number in range(120):  # a page has at most a hundred
            await batches.create(f"later {number}", lines[:1])
        return first, await batches.find("the first"), await batches.find("never made")

    first, found, none = acted(desk, act)
    assert found == first
    assert none is None
    assert fetch_json(addresses["gemini"] + "/_counts")["routes"]["GET /v1beta/batches"] >= 4


def test_a_batch_that_the_vendor_does_not_have_is_unknown_and_gives_no_outcomes(desk: Desk) -> None:
    async def look(batches: Batches, _: list[bytes]) -> BatchStatus:
        return await batches.look("batches/none")

    async def fetch(batches: Batches, _: list[bytes]) -> list[Outcome]:
        return await fetched(batches, "batches/none")

    assert acted(desk, look) == BatchStatus("unknown", 0, 0)
    with pytest.raises(ServiceError, match="is gone") as raised:
        acted(desk, fetch)
    assert type(raised.value) is ServiceError


def test_the_same_batch_sent_twice_is_two(desk: Desk) -> None:
    async def act(batches: Batches, lines: list[bytes]) -> set[str]:
        return {await batches.create("twice", lines[:1]) for _ in range(2)}

    assert len(acted(desk, act)) == 2


def test_a_line_counts_as_many_bytes_as_are_sent(desk: Desk) -> None:
    labeller = desk.labeller("batch")
    post = fenced_post("ünïcödé 🚀", "to the <moon>", max_chars=100)
    line = batches_of(labeller).line("a" * 64, {"contents": post})
    assert line == json.dumps(json.loads(line)).encode()  # as the SDK writes it
