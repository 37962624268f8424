"""Batches of a server that misbehaves: what comes of each line, and that one that is paid for is a reply."""

import json

import pytest

from bizmeme.core.prices import Usage
from bizmeme.errors import QuotaError, RefusedError, ServiceError
from bizmeme.ports.labellers import Outcome
from tests.labellers.gemini.desk import KEY, Desk, Said, deep, refusal, told


@pytest.mark.parametrize("body", [{}, {"name": 7}, {"name": "operations/other"}, [], "batches/one"])
def test_a_batch_that_was_created_without_a_name_is_in_doubt(desk: Desk, body: object) -> None:
    with pytest.raises(ServiceError) as raised:
        told(desk, lambda batches: batches.create("mine", [b"{}"]), Said(body=body))
    assert not isinstance(raised.value, RefusedError)


def test_a_refusal_to_begin_is_one_as_of_any_request(desk: Desk) -> None:
    busy = refusal(429, f"Busy, {KEY}.", "RESOURCE_EXHAUSTED")
    with pytest.raises(RefusedError) as raised:
        told(desk, lambda batches: batches.create("mine", [b"{}"]), busy)
    assert raised.value.again
    assert KEY not in str(raised.value)
    with pytest.raises(QuotaError):
        told(
            desk, lambda batches: batches.create("mine", [b"{}"]), refusal(404, "No such model.", "NOT_FOUND")
        )


def test_a_gateway_that_gave_up_waiting_for_a_new_batch_leaves_it_in_doubt(desk: Desk) -> None:
    with pytest.raises(ServiceError) as raised:
        told(desk, lambda batches: batches.create("mine", [b"{}"]), refusal(504, "Deadline expired."))
    assert type(raised.value) is ServiceError


@pytest.mark.parametrize("status", [403, 503, 504])
def test_looking_raises_what_asking_would(desk: Desk, status: int) -> None:
    with pytest.raises(RefusedError) as raised:
        told(desk, lambda batches: batches.look("batches/one"), refusal(status, "No."))
    assert isinstance(raised.value, QuotaError) == (status == 403)
    assert raised.value.again == (status != 403)


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        ({"metadata": {"state": "BATCH_STATE_PENDING"}}, ("running", None)),
        ({"metadata": {"state": "BATCH_STATE_NEW_WORD"}}, ("running", None)),
        ({"metadata": {"state": "JOB_STATE_SUCCEEDED"}}, ("ended", None)),
        ({"metadata": {"state": "BATCH_STATE_FAILED"}, "error": {"code": 13, "message": f"Oops {KEY}."}},
         ("ended", "failed: Oops …")),
        ({"done": True, "metadata": {}}, ("ended", "failed")),
        ({}, ("running", None)),
        ({"metadata": {"state": ["BATCH_STATE_SUCCEEDED"]}}, ("running", None)),
        ({"metadata": {"state": "BATCH_STATE_FAILED"}, "error": {"message": ["Oops"]}},
         ("ended", "failed: no reason given")),
        (b'{"metadata": {"state": %s}}' % deep(900).encode(), ("running", None)),
        (b'{"done": true, "error": {"message": %s}}' % deep(900).encode(),
         ("ended", "failed: no reason given")),
        (b'{"metadata": {"batchStats": {"requestCount": %s}}}' % deep(900).encode(), ("running", None)),
    ],
)  # fmt: skip
def test_a_state_is_read_whatever_stands_around_it(
    desk: Desk, operation: object, status: tuple[str, str | None]
) -> None:
    seen, _ = told(desk, lambda batches: batches.look("batches/one"), Said(body=operation))
    assert (seen.state, seen.problem) == status


@pytest.mark.parametrize("count", ["7", 7])
def test_a_status_says_how_many_answers_are_charged_for(desk: Desk, count: object) -> None:
    stats = {"requestCount": 9, "successfulRequestCount": count, "failedRequestCount": "1"}
    for state, word in (("RUNNING", "running"), ("EXPIRED", "ended")):
        operation = {"metadata": {"state": f"BATCH_STATE_{state}", "batchStats": stats}}
        seen, _ = told(desk, lambda batches: batches.look("batches/one"), Said(body=operation))
        assert (seen.state, seen.done, seen.total, seen.answered) == (word, 8, 9, 7)


def test_only_lines_that_can_be_told_apart_are_outcomes_each_time_that_they_came(desk: Desk) -> None:
    lines = [
        {"response": {"candidates": []}, "metadata": {"key": "a"}},
        {"response": {"candidates": [1]}, "metadata": {"key": "a"}},
        {"response": {}},
        {"metadata": {"key": "b"}},
        {"error": {"code": 8}, "metadata": {"key": "c"}},
        {"error": {"code": 400, "message": f"Bad {KEY} \ud83d"}, "metadata": {"key": "d"}},
        {"error": {"code": ["unhashable"]}, "metadata": {"key": "e"}},
        {"response": {"\ud83d": 1}, "metadata": {"key": "\ud83d"}},
        None,
    ]
    for place in ({"metadata": {"output": {"inlinedResponses": {"inlinedResponses": lines}}}},
                  {"response": {"inlinedResponses": {"inlinedResponses": lines}}}):  # fmt: skip
        outcomes, _ = told(desk, lambda batches: batches.fetch("batches/one"), Said(body=place))
        assert outcomes == [
            Outcome("a", '{"candidates": []}', None),
            Outcome("a", '{"candidates": [1]}', None),
            Outcome("c", None, "failed in its batch: no reason given", again=True),
            Outcome("d", None, "failed in its batch: Bad … ?", again=False),
            Outcome("?", '{"\\ud83d": 1}', None),
        ]


def inline(*lines: object) -> dict[str, object]:
    return {"inlinedResponses": {"inlinedResponses": list(lines)}}


@pytest.mark.parametrize("response", ["text", "", ["a"], 7, 1.5, False, None, {}, {"\ud83d": float("inf")}])
def test_a_response_is_paid_for_whatever_it_is(desk: Desk, response: object) -> None:
    operation = {"response": inline({"response": response, "metadata": {"key": "a"}}, ANSWERED_B)}
    outcomes, _ = told(desk, lambda batches: batches.fetch("batches/one"), Said(body=operation))
    assert outcomes[0] == Outcome("a", json.dumps(response), None)
    assert outcomes[1].request_hash == "b"
    assert desk.labeller().read(outcomes[0].reply).reason


@pytest.mark.parametrize("levels", [300, 980, 995, 1010])
def test_a_response_nested_too_deeply_is_paid_for_all_the_same(desk: Desk, levels: int) -> None:
    usage = {"promptTokenCount": 600, "candidatesTokenCount": 20}
    shallow = json.dumps({"response": {"usageMetadata": usage, "candidates": 0}, "metadata": {"key": "a"}})
    lines = (
        shallow.replace(": 0", ": " + deep(levels)),
        json.dumps({"metadata": {"key": "b"}}).replace("{", '{"response": ' + deep(levels) + ", ", 1),
    )
    body = b'{"response": {"inlinedResponses": {"inlinedResponses": [%s]}}}' % ", ".join(lines).encode()
    outcomes, _ = told(desk, lambda batches: batches.fetch("batches/one"), Said(body=body))
    assert [each.request_hash for each in outcomes] == ["a", "b"]
    assert all(json.loads(each.reply) is not None for each in outcomes)
    answer = desk.labeller().read(outcomes[0].reply)
    assert (answer.label, answer.usage) == (None, Usage(600, 20))
    assert answer.reason


def test_a_body_nested_too_deeply_is_no_traceback(desk: Desk) -> None:
    body = Said(body=b'{"response": %s}' % deep(100_000).encode())
    for act in (
        lambda batches: batches.look("batches/one"),
        lambda batches: batches.fetch("batches/one"),
        lambda batches: batches.find("mine"),
        lambda batches: batches.create("mine", [b"{}"]),
    ):
        with pytest.raises(ServiceError, match="something else came than JSON"):
            told(desk, act, body)


ANSWERED_B = {"response": {"candidates": []}, "metadata": {"key": "b"}}
ANSWERED = {"response": {"candidates": []}, "metadata": {"key": "a"}}


@pytest.mark.parametrize(
    "operation",
    [
        {"done": True, "metadata": {"state": "BATCH_STATE_SUCCEEDED"}},
        {"done": True, "metadata": {}},
        {"metadata": {"state": "BATCH_STATE_SUCCEEDED",
                      "output": {"inlinedResponses": {"inlinedResponses": "abc"}}}},
        {"metadata": {"state": "BATCH_STATE_SUCCEEDED", "output": {"responsesFile": "files/1"}}},
        {"metadata": {"state": "BATCH_STATE_EXPIRED", "batchStats": {"successfulRequestCount": "1"}}},
        {"metadata": {"state": "BATCH_STATE_SUCCEEDED", "batchStats": {"successfulRequestCount": "2"},
                      "output": inline(ANSWERED)}},
    ],
)  # fmt: skip
def test_a_batch_whose_answers_are_not_there_is_not_one_without_answers(
    desk: Desk, operation: object
) -> None:
    with pytest.raises(ServiceError, match="answers, of which") as raised:
        told(desk, lambda batches: batches.fetch("batches/one"), Said(body=operation))
    assert type(raised.value) is ServiceError


@pytest.mark.parametrize(
    "operation",
    [
        {"metadata": {"state": "BATCH_STATE_FAILED", "batchStats": 7}},
        {"metadata": {"state": "BATCH_STATE_CANCELLED", "batchStats": {"successfulRequestCount": "0"}}},
        {"done": True, "error": {"code": 13}},
    ],
)
def test_a_batch_that_ended_before_any_answer_has_none(desk: Desk, operation: object) -> None:
    outcomes, _ = told(desk, lambda batches: batches.fetch("batches/one"), Said(body=operation))
    assert outcomes == []


def test_a_count_that_is_none_is_no_reason_to_hold_back_answers(desk: Desk) -> None:
    stats = {"successfulRequestCount": "9" * 5000, "failedRequestCount": -1}
    metadata = {"state": "BATCH_STATE_SUCCEEDED", "batchStats": stats, "output": inline(ANSWERED)}
    outcomes, _ = told(desk, lambda batches: batches.fetch("batches/one"), Said(body={"metadata": metadata}))
    assert outcomes == [Outcome("a", '{"candidates": []}', None)]
