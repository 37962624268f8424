"""Files and batches over the wire, used with the real SDK."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from typing import Any

import aiohttp
import openai
import pytest
from openai.types import Batch
from openai.types.chat import ChatCompletion

from bizmeme.clocks.simulated import SimulatedClock
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.moods import MOODS
from bizmeme.sandbox.process import running
from bizmeme.sandbox.servers.openai.batch_lines import check
from bizmeme.sandbox.state import Addresses
from tests.sandbox.strangers.test_openai import FORMAT, label
from tests.sandbox.web import fetch_json

ENDPOINT = "/v1/chat/completions"
BODY = {
    "model": "gpt-6-luna",
    "messages": [{"role": "user", "content": "<post>gm</post>"}],
    "response_format": FORMAT,
}


@pytest.fixture(scope="module")
def addresses(small: SandboxConfig) -> Iterator[Addresses]:
    """A world of its own: these tests move its clock."""
    with running(small) as addresses:
        yield addresses


@pytest.fixture
def client(addresses: Addresses) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="any", base_url=addresses["openai"] + "/v1", max_retries=0) as client:
        yield client


def line(custom_id: object = "a", *, body: object = BODY, **changes: object) -> dict[str, object]:
    return {"custom_id": custom_id, "method": "POST", "url": ENDPOINT, "body": body} | changes


def lines(*told: object) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in told)


def started(client: openai.OpenAI, data: bytes, **changes: Any) -> Batch:
    file = client.files.create(file=("in.jsonl", data), purpose="batch")
    order: dict[str, Any] = {
        "input_file_id": file.id,
        "endpoint": ENDPOINT,
        "completion_window": "24h",
    } | changes
    return client.batches.create(**order)


def wait(addresses: Addresses, seconds: float) -> None:
    async def sleep() -> None:
        async with SimulatedClock(addresses["clock"]).session() as timer:
            await timer.sleep(seconds)

    asyncio.run(sleep())


def content(client: openai.OpenAI, file: str | None) -> list[dict[str, Any]]:
    assert file
    return [json.loads(each) for each in client.files.content(file).text.splitlines()]


def test_a_file_is_what_was_sent(client: openai.OpenAI) -> None:
    data = lines(line()) + "é\r\n".encode()
    file = client.files.create(file=("in.jsonl", data), purpose="batch")
    assert (file.bytes, file.filename, file.purpose, file.status) == (
        len(data),
        "in.jsonl",
        "batch",
        "processed",
    )
    assert client.files.retrieve(file.id) == file
    assert client.files.content(file.id).content == data


def test_two_files_of_the_same_bytes_are_two(client: openai.OpenAI) -> None:
    one, two = (client.files.create(file=("in.jsonl", b"x"), purpose="batch") for _ in range(2))
    assert one.id != two.id


def test_a_batch_goes_from_validating_to_completed(
    client: openai.OpenAI, addresses: Addresses, small: SandboxConfig
) -> None:
    names = [f"post {number}" for number in range(12)]
    batch = started(client, lines(*(line(name) for name in names)), metadata={"key": "mine"})
    assert (batch.status, batch.metadata, batch.output_file_id) == ("validating", {"key": "mine"}, None)
    wait(addresses, small.serving.batches.lasts_s / 2)
    half = client.batches.retrieve(batch.id)
    assert half.request_counts
    assert (half.status, half.request_counts.completed, half.request_counts.total) == ("in_progress", 6, 12)
    wait(addresses, small.serving.batches.lasts_s / 2)
    done = client.batches.retrieve(batch.id)
    assert done.request_counts
    assert (done.status, done.request_counts.completed, done.error_file_id) == ("completed", 12, None)
    assert done.completed_at == batch.created_at + small.serving.batches.lasts_s
    told = content(client, done.output_file_id)
    assert [each["custom_id"] for each in told] != names
    assert sorted(each["custom_id"] for each in told) == sorted(names)
    replies = [ChatCompletion.model_validate(each["response"]["body"]) for each in told]
    assert {label(reply) for reply in replies} <= set(MOODS)
    assert done.usage
    assert done.usage.input_tokens == sum(reply.usage.prompt_tokens for reply in replies if reply.usage)


def test_a_large_batch_is_finalizing_for_as_many_looks_as_it_has_hundreds_of_lines(
    client: openai.OpenAI, addresses: Addresses, small: SandboxConfig
) -> None:
    batch = started(client, lines(*(line(f"post {number}") for number in range(600))))
    wait(addresses, small.serving.batches.lasts_s)
    seen = [client.batches.retrieve(batch.id) for _ in range(4)]
    assert [each.status for each in seen] == ["finalizing", "finalizing", "completed", "completed"]
    assert len(content(client, seen[-1].output_file_id)) == 600


def test_the_same_file_gives_the_same_answers(
    client: openai.OpenAI, addresses: Addresses, small: SandboxConfig
) -> None:
    data = lines(*(line(name) for name in "abcdef"))
    one, two = started(client, data), started(client, data)
    wait(addresses, small.serving.batches.lasts_s)
    files = [client.batches.retrieve(batch.id).output_file_id for batch in (one, two)]
    assert content(client, files[0]) == content(client, files[1])


def test_shares_of_lines_expire_and_fail_into_the_error_file(small: SandboxConfig) -> None:
    batches = small.serving.batches.model_copy(update={"expired_share": 0.3, "failed_share": 0.3})
    serving = small.serving.model_copy(update={"batches": batches})
    with running(small.model_copy(update={"serving": serving})) as addresses:
        base = addresses["openai"] + "/v1"
        with openai.OpenAI(api_key="any", base_url=base, max_retries=0) as client:
            batch = started(client, lines(*(line(f"post {number}") for number in range(30))))
            wait(addresses, batches.lasts_s)
            done = client.batches.retrieve(batch.id)
            good, bad = content(client, done.output_file_id), content(client, done.error_file_id)
    assert done.request_counts
    assert done.status == "expired"
    assert (done.request_counts.completed, done.request_counts.failed) == (len(good), len(bad))
    assert len(good) + len(bad) == 30
    codes = {(each["error"] or {}).get("code") or each["response"]["status_code"] for each in bad}
    assert codes == {"batch_expired", 500}


def test_each_answered_line_is_paid_once_however_often_the_batch_is_looked_at(
    client: openai.OpenAI, addresses: Addresses, small: SandboxConfig
) -> None:
    def paid() -> int:
        return sum(fetch_json(addresses["openai"] + "/_asked")["paid"].values())

    batch, before = (
        started(client, lines(line("a"), line("b"), line("c", body=BODY | {"messages": []}))),
        paid(),
    )
    wait(addresses, small.serving.batches.lasts_s)
    assert paid() == before
    for _ in range(2):
        assert client.batches.retrieve(batch.id).status == "completed"
        list(client.batches.list())
        assert paid() == before + 2


def test_a_cancelled_batch_is_cancelling_then_cancelled(client: openai.OpenAI, addresses: Addresses) -> None:
    batch = started(client, lines(line()))
    wait(addresses, 1)
    assert client.batches.cancel(batch.id).status == "cancelling"
    wait(addresses, 1)
    done = client.batches.retrieve(batch.id)
    assert (done.status, done.output_file_id) == ("cancelled", None)
    assert [each["error"]["code"] for each in content(client, done.error_file_id)] == ["batch_cancelled"]
    with pytest.raises(openai.ConflictError, match="cancelled"):
        client.batches.cancel(batch.id)


def test_batches_are_listed_from_the_newest_on_in_pages(client: openai.OpenAI) -> None:
    made = [started(client, lines(line())).id for _ in range(5)]
    page = client.batches.list(limit=2)
    assert ([batch.id for batch in page.data], page.has_more) == ([made[4], made[3]], True)
    assert [batch.id for batch in client.batches.list(limit=2)][:5] == made[::-1]
    older = client.batches.list(limit=100, after=made[0])
    assert not {batch.id for batch in older} & set(made)


def test_a_batch_that_fails_validation_costs_nothing(client: openai.OpenAI, addresses: Addresses) -> None:
    batch = started(client, lines(line("a"), line("a")))
    wait(addresses, 1)
    failed = client.batches.retrieve(batch.id)
    assert (failed.status, failed.output_file_id, failed.error_file_id) == ("failed", None, None)
    assert failed.errors
    assert failed.errors.data
    assert (failed.errors.data[0].code, failed.errors.data[0].line) == ("duplicate_custom_id", 2)


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (b"", ["empty_file"]),
        (b"{\n", ["invalid_json_line"]),
        (lines(line(), "text"), ["invalid_request"]),
        (lines(line("a"), line("a")), ["duplicate_custom_id"]),
        (lines(line(7)), ["invalid_request"]),
        (lines(line(method="GET")), ["invalid_request"]),
        (lines(line(url="/v1/decisions")), ["mismatched_url"]),
        (lines(line(body={"model": "gpt-3"})), ["model_not_found"]),
        (lines(line("a"), line("b", body=BODY | {"model": "gpt-4o-mini"})), ["mismatched_model"]),
        (lines(line("a")) * 3, ["duplicate_custom_id", "duplicate_custom_id"]),
        (b"{}\n" * 50_001, ["too_many_tasks"]),
        (b"x" * (200 * 1000**2 + 1), ["file_too_large"]),
        (lines(line("a"), line("b")), []),
    ],
    ids=lambda told: str(told)[:30],
)
def test_a_file_is_checked_line_by_line(data: bytes, codes: Sequence[str]) -> None:
    assert [error["code"] for error in check(data).errors] == codes


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"input_file_id": "file-none"}, 404),
        ({"endpoint": "/v1/decisions"}, 400),
        ({"completion_window": "1h"}, 400),
        ({"metadata": {"key": "v" * 513}}, 400),
        ({"metadata": {str(number): "" for number in range(17)}}, 400),
    ],
    ids=lambda told: str(told)[:30],
)
def test_an_order_that_the_vendor_does_not_take_is_refused(
    client: openai.OpenAI, changes: dict[str, Any], status: int
) -> None:
    with pytest.raises(openai.APIStatusError) as refused:
        started(client, lines(line()), **changes)
    assert refused.value.status_code == status


@pytest.mark.parametrize(
    "path", ["/batches/none", "/files/none", "/files/none/content", "/batches?after=none", "/nowhere"]
)
def test_what_is_not_there_is_a_404(client: openai.OpenAI, path: str) -> None:
    with pytest.raises(openai.NotFoundError):
        client.get(path, cast_to=object)


@pytest.mark.parametrize("limit", ["0", "101", "many"])
def test_a_page_has_1_to_100_batches(client: openai.OpenAI, limit: str) -> None:
    with pytest.raises(openai.BadRequestError):
        client.get(f"/batches?limit={limit}", cast_to=object)


@pytest.mark.parametrize("form", [{"purpose": "batch"}, {"file": b"x"}, {"file": b"x", "purpose": "fun"}])
def test_an_upload_needs_a_file_and_a_purpose(addresses: Addresses, form: dict[str, Any]) -> None:
    async def status() -> int:
        async with aiohttp.ClientSession(headers={"Authorization": "Bearer any"}) as http:
            data = aiohttp.FormData(default_to_multipart=True)
            for name, value in form.items():
                data.add_field(name, value, filename="x" if name == "file" else None)
            async with http.post(f"{addresses['openai']}/v1/files", data=data) as response:
                return response.status

    assert asyncio.run(status()) == 400
