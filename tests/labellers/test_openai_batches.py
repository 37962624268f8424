"""Batches over Files and Batches: whole, in part, found again; against the sandbox and against nonsense."""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import openai
import pytest
from aiohttp import web
from omegaconf import OmegaConf

from bizmeme.clocks.simulated import SimulatedClock
from bizmeme.errors import QuotaError, RefusedError, ServiceError
from bizmeme.labellers.openai import OpenAiLabeller
from bizmeme.labellers.openai.batches import OpenAiBatches
from bizmeme.ports.labellers import BatchStatus, Outcome
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.process import running
from tests.labellers.asking_openai import (
    CONF,
    LABELS,
    Handler,
    closing,
    jpeg,
    labeller,
    question,
    run,
    scripted,
)

SMALL = SandboxConfig.model_validate(OmegaConf.to_container(OmegaConf.load(CONF / "sandbox/small.yaml")))
LASTS_S = SMALL.serving.batches.lasts_s
HASHES = [f"{number:064x}" for number in range(40)]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Mapping[str, str]]:
    """A small world in which batches go well."""
    with running(SMALL) as addresses:
        yield addresses


@pytest.fixture(scope="module")
def troubled() -> Iterator[Mapping[str, str]]:
    """A small world in which some lines of every batch expire, and some fail."""
    batches = SMALL.serving.batches.model_copy(update={"expired_share": 0.25, "failed_share": 0.25})
    serving = SMALL.serving.model_copy(update={"batches": batches})
    with running(SMALL.model_copy(update={"serving": serving})) as addresses:
        yield addresses


def base(addresses: Mapping[str, str]) -> str:
    return addresses["openai"] + "/v1"


def of(asked: OpenAiLabeller) -> OpenAiBatches:
    assert asked.batches
    return asked.batches


async def fetched(asked: OpenAiLabeller, name: str) -> list[Outcome]:
    outcomes = await of(asked).fetch(name)
    assert outcomes is not None
    return outcomes


def lines_of(asked: OpenAiLabeller, hashes: Sequence[str] = HASHES) -> list[bytes]:
    image = jpeg()
    return [
        of(asked).line(each, asked.body(question(image, text=f"post {each[-3:]}"), image)) for each in hashes
    ]


async def wait(addresses: Mapping[str, str], seconds: float) -> None:
    async with SimulatedClock(addresses["clock"]).session() as timer:
        await timer.sleep(seconds)


async def ended(addresses: Mapping[str, str], key: str) -> tuple[BatchStatus, list[Outcome]]:
    """How a batch of all hashes ended, and what it gave."""
    async with closing(labeller(base(addresses), mode="batch")) as asked:
        name = await of(asked).create(key, lines_of(asked))
        await wait(addresses, LASTS_S)
        return await of(asked).look(name), await fetched(asked, name)


def test_a_batch_runs_and_ends_with_an_answer_to_every_line_out_of_order(sandbox: Mapping[str, str]) -> None:
    async def life() -> list[BatchStatus]:
        async with closing(labeller(base(sandbox), mode="batch")) as asked:
            name = await of(asked).create("whole", lines_of(asked))
            seen = [await of(asked).look(name)]
            for part in (0.5, 0.5):
                await wait(sandbox, LASTS_S * part)
                seen.append(await of(asked).look(name))
            outcomes = await fetched(asked, name)
            assert sorted(outcome.request_hash for outcome in outcomes) == HASHES
            assert [outcome.request_hash for outcome in outcomes] != HASHES
            for outcome in outcomes:
                assert outcome.reply
                answer = asked.read(outcome.reply)
                assert answer.label in LABELS.names
                assert answer.usage
                worst = asked.worst(question(jpeg(), text="post 000"), batch=True)
                assert 0 < asked.cost_usd(answer.usage, batch=True) <= worst.usd
            return seen

    seen = run(life())
    assert seen == [
        BatchStatus("running", done=0, total=0),
        BatchStatus("running", done=20, total=40, answered=20),
        BatchStatus("ended", done=40, total=40, answered=40),
    ]


def test_a_line_is_answered_as_the_same_question_asked_live(sandbox: Mapping[str, str]) -> None:
    async def both() -> tuple[object, object]:
        async with closing(labeller(base(sandbox), mode="batch")) as asked:
            body = asked.body(question(text="gm"), None)
            live = await asked.ask(body)
            name = await of(asked).create("same", [of(asked).line(HASHES[0], body)])
            await wait(sandbox, LASTS_S)
            (outcome,) = await fetched(asked, name)
            assert outcome.reply
            return asked.read(live), asked.read(outcome.reply)

    live, batched = run(both())
    assert live == batched


def test_lines_that_expired_or_failed_say_so_and_may_be_asked_again(troubled: Mapping[str, str]) -> None:
    status, outcomes = run(ended(troubled, "troubled"))
    assert (status.state, status.done, status.total, status.problem) == ("ended", 40, 40, "expired")
    assert sorted(outcome.request_hash for outcome in outcomes) == HASHES
    unanswered = [outcome for outcome in outcomes if outcome.reply is None]
    reasons = {str(outcome.reason) for outcome in unanswered}
    assert reasons == {
        "This request could not be executed before the completion window expired.",
        "refused with status 500: The server had an error while processing your request. Sorry about that!",
    }
    assert 0 < len(unanswered) < 40
    assert all(outcome.again for outcome in unanswered)
    assert all(outcome.reason is None for outcome in outcomes if outcome.reply)


def test_a_cancelled_batch_gives_what_it_had_and_the_rest_may_be_asked_again(
    sandbox: Mapping[str, str],
) -> None:
    async def cancelled() -> tuple[BatchStatus, list[Outcome]]:
        async with closing(labeller(base(sandbox), mode="batch")) as asked:
            name = await of(asked).create("cancelled", lines_of(asked))
            await wait(sandbox, LASTS_S / 4)
            async with openai.AsyncOpenAI(api_key="any", base_url=base(sandbox), max_retries=0) as client:
                await client.batches.cancel(name)
            assert (await of(asked).look(name)).state == "running"  # cancelling
            await wait(sandbox, 1)
            return await of(asked).look(name), await fetched(asked, name)

    status, outcomes = run(cancelled())
    assert (status.state, status.problem) == ("ended", "cancelled")
    assert sum(outcome.reply is not None for outcome in outcomes) == 10
    assert sum(outcome.again for outcome in outcomes) == 30


def test_a_file_that_the_vendor_cannot_read_fails_with_its_words_and_no_outcome(
    sandbox: Mapping[str, str],
) -> None:
    async def failed() -> tuple[BatchStatus, list[Outcome]]:
        async with closing(labeller(base(sandbox), mode="batch")) as asked:
            name = await of(asked).create("broken", [lines_of(asked)[0], b"{\n"])
            await wait(sandbox, 1)
            return await of(asked).look(name), await fetched(asked, name)

    status, outcomes = run(failed())
    assert status.state == "ended"
    assert status.problem == "failed: line 2: This line is not parseable as valid JSON."
    assert outcomes == []


def test_a_line_that_is_refused_for_itself_is_given_up(sandbox: Mapping[str, str]) -> None:
    async def one() -> Outcome:
        async with closing(labeller(base(sandbox), mode="batch")) as asked:
            body = dict(asked.body(question(), None)) | {"messages": []}
            name = await of(asked).create("refused", [of(asked).line(HASHES[0], body)])
            await wait(sandbox, LASTS_S)
            (outcome,) = await fetched(asked, name)
            return outcome

    outcome = run(one())
    assert (outcome.reply, outcome.again) == (None, False)
    assert outcome.reason
    assert outcome.reason.startswith("refused with status 400: Invalid 'messages'")


def test_a_batch_that_nobody_recorded_is_found_by_its_key_on_whatever_page(
    sandbox: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bizmeme.labellers.openai.batches._PAGE", 2)

    async def look_for() -> None:
        async with closing(labeller(base(sandbox), mode="batch")) as asked:
            line = lines_of(asked)[:1]
            made = {key: await of(asked).create(key, line) for key in ("one", "two", "three", "four", "five")}
            for key, name in made.items():
                assert await of(asked).find(key) == name
            assert await of(asked).find("never made") is None

    run(look_for())


def test_other_batches_of_the_account_are_passed_over(sandbox: Mapping[str, str]) -> None:
    async def look_for() -> str | None:
        async with closing(labeller(base(sandbox), mode="batch")) as asked:
            async with openai.AsyncOpenAI(api_key="any", base_url=base(sandbox), max_retries=0) as client:
                file = await client.files.create(file=("a.jsonl", lines_of(asked)[0]), purpose="batch")
                await client.batches.create(
                    input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
                )
            return await of(asked).find("mine")

    assert run(look_for()) is None


def test_a_batch_that_the_vendor_does_not_know_is_unknown(sandbox: Mapping[str, str]) -> None:
    async def look() -> BatchStatus:
        async with closing(labeller(base(sandbox), mode="batch")) as asked:
            return await of(asked).look("batch_of/another account?")

    assert run(look()) == BatchStatus("unknown", done=0, total=0)


def test_a_line_is_counted_as_it_is_sent() -> None:
    asked = labeller(mode="batch")
    line = of(asked).line(HASHES[0], asked.body(question(), None))
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    told = json.loads(line)
    assert (told["custom_id"], told["url"]) == (HASHES[0], "/v1/chat/completions")
    assert told["body"] == asked.body(question(), None)


def test_without_the_mode_there_is_no_batch_api() -> None:
    assert labeller(mode="live").batches is None
    assert labeller(mode="decisions").batches is None


# --- nonsense -----------------------------------------------------------------------------------------


async def through(answer: Handler, call: str, *arguments: Any) -> Any:
    async with scripted(answer) as base_url, closing(labeller(base_url, mode="batch", timeout_s=5)) as asked:
        return await getattr(of(asked), call)(*arguments)


def saying(*answers: tuple[int, object]) -> Handler:
    """A server that gives these answers in turn, the last one for ever."""
    left = list(answers)

    async def answer(request: web.Request) -> web.StreamResponse:
        await request.read()
        status, body = left.pop(0) if len(left) > 1 else left[0]
        return web.json_response(body, status=status)

    return answer


def gone(words: str, *, code: str | None = None) -> object:
    """The vendor's own word that it has no such thing."""
    return {"error": {"message": words, "type": "invalid_request_error", "param": None, "code": code}}


async def hang_up(request: web.Request) -> web.StreamResponse:
    await request.read()
    assert request.transport
    request.transport.abort()
    return web.Response()


def test_an_upload_that_breaks_off_ordered_nothing() -> None:
    with pytest.raises(RefusedError) as refused:
        run(through(hang_up, "create", "key", [b"{}\n"]))
    assert refused.value.again


def test_an_order_that_nobody_answered_is_in_doubt() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({"id": "file-1"}) if request.path == "/v1/files" else await hang_up(request)

    with pytest.raises(ServiceError) as doubtful:
        run(through(answer, "create", "key", [b"{}\n"]))
    assert type(doubtful.value) is ServiceError


@pytest.mark.parametrize("status", [408, 504, 524])
def test_a_gateway_that_gave_up_waiting_for_an_upload_or_a_look_cost_nothing(status: int) -> None:
    gave_up = (status, {"error": {"message": "upstream timed out"}})
    for call, arguments in (("create", ("key", [b"{}\n"])), ("look", ("batch_1",)), ("fetch", ("batch_1",))):
        with pytest.raises(RefusedError) as refused:
            run(through(saying(gave_up), call, *arguments))
        assert refused.value.again


def test_a_gateway_that_gave_up_waiting_for_an_order_leaves_it_in_doubt() -> None:
    with pytest.raises(ServiceError) as doubtful:
        run(through(saying((200, {"id": "file-1"}), (504, {})), "create", "key", [b"{}\n"]))
    assert type(doubtful.value) is ServiceError


@pytest.mark.parametrize("answers", [[(200, {"no": "id"})], [(200, {"id": "file-1"}), (200, {"no": "id"})]])
def test_an_answer_that_names_no_file_or_batch_is_an_error(answers: list[tuple[int, object]]) -> None:
    with pytest.raises(ServiceError, match="it named no"):
        run(through(saying(*answers), "create", "key", [b"{}\n"]))


def test_no_credit_for_a_batch_stops_the_run() -> None:
    refused = (429, {"error": {"message": "no credit", "code": "insufficient_quota"}})
    with pytest.raises(QuotaError, match="Add credit"):
        run(through(saying((200, {"id": "file-1"}), refused), "create", "key", [b"{}\n"]))


ELSEWHERE: list[object] = [
    "not here",
    {"message": "no Route matched with those values"},  # Kong
    {"message": "No batch found", "type": "invalid_request_error", "param": None, "code": None},
    {"detail": "Not Found"},
    {"error": {"code": "404", "message": "Resource not found"}},  # Azure
    {"error": {"message": "No batch found", "type": ["invalid_request_error"]}},
    {"error": {"message": ["No batch found"], "type": "invalid_request_error"}},
    {"error": {"message": "Unknown request URL", "type": "invalid_request_error", "code": "unknown_url"}},
    {"error": {"message": "Invalid URL (GET /v1/v1/batches/batch_1)", "type": "invalid_request_error"}},
]


@pytest.mark.parametrize("body", ELSEWHERE)
def test_a_wrong_address_or_a_gateway_is_no_proof_that_a_batch_or_its_answers_are_gone(body: object) -> None:
    with pytest.raises(QuotaError, match="base_url"):
        run(through(saying((404, body)), "look", "batch_1"))
    with pytest.raises(QuotaError, match="base_url"):
        run(through(saying((200, DONE), (404, body)), "fetch", "batch_1"))


@pytest.mark.parametrize("code", [None, "batch_not_found"])
def test_the_vendors_own_word_proves_that_a_batch_is_gone(code: str | None) -> None:
    assert run(through(saying((404, gone("No batch found", code=code))), "look", "batch_1")) == BatchStatus(
        "unknown", done=0, total=0
    )


@pytest.mark.parametrize(
    "page",
    [
        [],
        {"no": "data", "has_more": False},
        {"data": []},
        {"data": None, "has_more": False},
        {"data": "", "has_more": False},
        {"data": {}, "has_more": False},
        {"data": [], "has_more": None},
        {"data": [], "has_more": True},
        {"data": [7], "has_more": False},
        {"data": [{"id": "batch_1", "metadata": ["bizmeme_key"]}], "has_more": False},
    ],
)
def test_a_list_that_cannot_be_read_finds_nothing_and_says_so(page: object) -> None:
    with pytest.raises(ServiceError, match=r"list of batches|JSON cannot"):
        run(through(saying((200, page)), "find", "key"))


def test_a_list_that_goes_round_in_circles_ends_in_doubt() -> None:
    pages = [{"data": [{"id": name, "metadata": {}}], "has_more": True} for name in ("batch_1", "batch_2")]
    with pytest.raises(ServiceError, match="in circles") as raised:
        run(through(saying(*[(200, page) for page in pages * 2]), "find", "key"))
    assert type(raised.value) is ServiceError


NO_NAMES = [None, 7, "", "None of it", "../files", "..", "batch/1", "batch_1?x=1", "\ud83d", "b" * 201, ["b"]]


@pytest.mark.parametrize("name", NO_NAMES)
def test_what_cannot_be_the_name_of_a_batch_or_a_file_is_none(name: object) -> None:
    listed = {"id": name, "metadata": {"bizmeme_key": "key"}}
    for page in (
        {"data": [listed], "has_more": False},
        {"data": [listed | {"metadata": {}}], "has_more": True},
    ):
        with pytest.raises(ServiceError, match="it named no batch"):
            run(through(saying((200, page)), "find", "key"))
    for answers in ([(200, {"id": name})], [(200, {"id": "file-1"}), (200, {"id": name})]):
        with pytest.raises(ServiceError, match="it named no"):
            run(through(saying(*answers), "create", "key", [b"{}\n"]))
    if name not in (None, ""):  # neither is a file that is not there
        with pytest.raises(ServiceError, match="it named no file"):
            run(through(saying((200, {"status": "completed", "output_file_id": name})), "fetch", "batch_1"))


@pytest.mark.parametrize(
    ("batch", "seen"),
    [
        ({"status": "in_progress", "request_counts": None}, BatchStatus("running", 0, 0)),
        ({"status": "a new word"}, BatchStatus("running", 0, 0)),
        ({"status": "finalizing", "request_counts": {"completed": 3, "failed": 1, "total": 4}},
         BatchStatus("running", 4, 4, answered=3)),
        ({"status": "completed", "request_counts": [], "errors": []}, BatchStatus("ended", 0, 0)),
        ({"status": "failed", "errors": []}, BatchStatus("ended", 0, 0, "failed")),
        ({"status": "failed", "errors": None}, BatchStatus("ended", 0, 0, "failed")),
        ({"status": "failed", "errors": {"data": [{"message": "Enqueued too much", "line": None}]}},
         BatchStatus("ended", 0, 0, "failed: Enqueued too much")),
    ],
)  # fmt: skip
def test_how_far_a_batch_is_can_be_said_with_little(batch: object, seen: BatchStatus) -> None:
    assert run(through(saying((200, batch)), "look", "batch_1")) == seen


def test_lines_that_cannot_be_read_are_no_outcome_and_spoil_no_other() -> None:
    good = {"custom_id": "good", "response": {"status_code": 200, "body": {"choices": []}}, "error": None}
    busy = {"custom_id": "busy", "response": {"status_code": 429, "body": None}, "error": None}
    odd = {"custom_id": "odd", "response": None, "error": {"code": "token_limit", "message": None}}
    empty = {"custom_id": "empty", "response": {"status_code": 200, "body": None}}
    words = {"custom_id": "words", "response": {"status_code": 400, "body": {"error": "bad picture"}}}
    half = {"custom_id": "half", "response": {"status_code": 200, "body": {"id": "\ud83d"}}}
    name = {"custom_id": "\ud83d", "response": None, "error": {"code": "x", "message": "\ud83d"}}
    lines = [
        b"{",
        b"[]",
        b'{"custom_id": 7}',
        b'{"custom_id": "string", "error": "bad picture"}',
        *(json.dumps(each).encode() for each in (good, busy, odd, empty, words, half, name)),
    ]
    outcomes = run(
        through(serving({"output_file_id": "file-1"}, {"file-1": b"\n".join(lines)}), "fetch", "b")
    )
    assert {outcome.request_hash: (outcome.reply, outcome.reason, outcome.again) for outcome in outcomes} == {
        "good": ('{"choices":[]}', None, False),
        "busy": (None, "refused with status 429: no reason given", True),
        "odd": (None, "token_limit", False),
        "words": (None, "refused with status 400: no reason given", False),
        "half": ('{"id":"\\ud83d"}', None, False),
        "empty": ("null", None, False),
        "?": (None, "?", False),
    }


@pytest.mark.parametrize("depth", [200, 400, 700, 990, 1_015, 3_000, 100_000])
def test_a_line_nested_however_deep_spoils_no_other(depth: int) -> None:
    deep = ANSWERED.replace(b'"a"', b'"deep"').replace(b"[]", b"[" * depth + b"]" * depth)
    outcomes = run(through(serving(DONE, {"file-1": deep + b"\n" + ANSWERED}), "fetch", "batch_1"))
    replies = {outcome.request_hash: outcome.reply for outcome in outcomes}
    assert replies.pop("a") == '{"choices":[]}'
    assert list(replies) == (["deep"] if depth < 1_024 else [])  # deeper, nobody can say whose it is
    for reply in replies.values():
        assert reply
        assert "[" * depth in reply
        assert labeller(mode="batch").read(reply).reason == "the reply is not a chat completion"


@pytest.mark.parametrize("body", ["null", "7", "NaN", '"a text"', "[]", "true", '{"choices":"\\ud83d"}'])
def test_whatever_a_paid_line_holds_is_a_reply_and_reads_as_a_reason(body: str) -> None:
    line = b'{"custom_id": "a", "response": {"status_code": 200, "body": %s}}' % body.encode()
    (outcome,) = run(through(serving(DONE, {"file-1": line}), "fetch", "batch_1"))
    assert outcome == Outcome("a", body, reason=None)
    assert labeller(mode="batch").read(body).reason == "the reply is not a chat completion"


def test_a_paid_line_without_a_body_is_a_reply_all_the_same() -> None:
    line = b'{"custom_id": "a", "response": {"status_code": 200}}'
    (outcome,) = run(through(serving(DONE, {"file-1": line}), "fetch", "batch_1"))
    assert outcome == Outcome("a", "null", reason=None)


@pytest.mark.parametrize("depth", [900, 1_005, 5_000])
@pytest.mark.parametrize("call", ["look", "find", "fetch", "create"])
@pytest.mark.parametrize(
    "answer",
    [
        '{"status": %s}',
        '{"status": "failed", "errors": {"data": [{"message": %s, "line": %s}]}}',
        '{"status": "completed", "output_file_id": %s, "request_counts": %s}',
        '{"data": %s, "has_more": false}',
        '{"data": [{"id": %s, "metadata": {"bizmeme_key": %s}}], "has_more": true}',
        '{"id": %s}',
    ],
)
def test_an_answer_nested_however_deep_is_no_crash(answer: str, call: str, depth: int) -> None:
    body = answer.replace("%s", "[" * depth + "]" * depth)

    async def deep(request: web.Request) -> web.StreamResponse:
        await request.read()
        return web.Response(text=body, content_type="application/json")

    arguments = ("key", [b"{}\n"]) if call == "create" else ("key",)
    with contextlib.suppress(ServiceError):
        told = run(through(deep, call, *arguments))
        assert told == [] if call == "fetch" else told.state in ("running", "ended")


def test_a_line_says_no_part_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    key = "sk-planted-4711"
    monkeypatch.setenv("BIZMEME_SANDBOX_KEY", key)
    words = "x" * 150 + key
    error = {"custom_id": "a", "error": {"code": "odd", "message": words}}
    refused = {"custom_id": "b", "response": {"status_code": 400, "body": {"error": {"message": words}}}}
    lines = b"\n".join(json.dumps(each).encode() for each in (error, refused))
    outcomes = run(through(serving({"error_file_id": "file-2"}, {"file-2": lines}), "fetch", "batch_1"))
    failed = {"status": "failed", "errors": {"data": [{"message": words}]}}
    problem = run(through(saying((200, failed)), "look", "batch_1")).problem
    told = [*(str(outcome.reason) for outcome in outcomes), problem]
    assert len(told) == 3
    assert all("xxx" in each and "sk-" not in each for each in told)


# --- answers that are not there -----------------------------------------------------------------------

ANSWERED = b'{"custom_id": "a", "response": {"status_code": 200, "body": {"choices": []}}}'
REFUSED = b'{"custom_id": "b", "response": {"status_code": 400, "body": null}}'
DONE = {"output_file_id": "file-1", "request_counts": {"completed": 1, "failed": 0, "total": 1}}


def serving(batch: Mapping[str, object], files: Mapping[str, bytes]) -> Handler:
    """A vendor of one completed batch, which has only these files."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if not request.path.endswith("/content"):
            return web.json_response({"status": "completed", "error_file_id": None} | dict(batch))
        data = files.get(request.path.split("/")[-2])
        if data is None:
            return web.json_response(gone("No such File object: file-1"), status=404)
        kind = "text/html" if data.startswith(b"<!") else "application/octet-stream"
        return web.Response(body=data, content_type=kind)

    return answer


@pytest.mark.parametrize(
    ("batch", "files"),
    [
        (DONE | {"output_file_id": None}, {}),
        (DONE | {"request_counts": {"completed": 3}}, {"file-1": ANSWERED}),
        (DONE, {"file-1": b""}),
        (DONE, {"file-1": b"<!DOCTYPE html>\n<p>Just a moment...</p>\n"}),
        (DONE, {"file-1": b"\n <html>\n</html>"}),
        (DONE | {"error_file_id": "file-2"}, {"file-1": ANSWERED, "file-2": b"<!DOCTYPE html>\n"}),
    ],
)
def test_a_batch_whose_answers_are_not_there_is_not_one_without_answers(
    batch: Mapping[str, object], files: Mapping[str, bytes]
) -> None:
    with pytest.raises(ServiceError, match=r"of which|web page") as raised:
        run(through(serving(batch, files), "fetch", "batch_1"))
    assert type(raised.value) is ServiceError


@pytest.mark.parametrize(
    ("batch", "files", "seen"),
    [
        (DONE, {}, None),
        (DONE | {"error_file_id": "file-2"}, {"file-2": REFUSED}, None),
        ({"error_file_id": "file-2"}, {}, None),
        (DONE | {"error_file_id": "file-2"}, {"file-1": ANSWERED}, {"a"}),
        ({"output_file_id": None}, {}, set()),
    ],
)
def test_a_batch_whose_answers_the_vendor_threw_away_has_none_any_more(
    batch: Mapping[str, object], files: Mapping[str, bytes], seen: set[str] | None
) -> None:
    outcomes = run(through(serving(batch, files), "fetch", "batch_1"))
    assert seen == (None if outcomes is None else {outcome.request_hash for outcome in outcomes})


def test_a_batch_that_is_gone_once_it_has_ended_is_not_one_without_answers() -> None:
    with pytest.raises(ServiceError, match="is gone") as raised:
        run(through(saying((404, gone("No batch found"))), "fetch", "batch_1"))
    assert type(raised.value) is ServiceError
