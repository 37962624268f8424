"""What a reply says; a broken one is a reason, and nothing becomes neutral."""

import json
from typing import Any

import pytest

from bizmeme.core.prices import Usage
from tests.labellers.gemini.desk import Desk, deep

USAGE = {"promptTokenCount": 600, "candidatesTokenCount": 20}
SPOKEN = '{"label": "bearish", "rationale": "It falls."}'
DECIDED = {"type": "choice", "choice": "bullish", "confidence": 0.6,
           "probabilities": {"bearish": 0.1, "neutral": 0.3, "bullish": 0.6}}  # fmt: skip


def chat(text: str = SPOKEN, **changes: Any) -> dict[str, Any]:
    candidate = {"content": {"parts": [{"text": text}]}, "finishReason": "STOP"} | changes
    return {"candidates": [candidate], "usageMetadata": USAGE}


def decision(**changes: Any) -> dict[str, Any]:
    return {"answers": {"label": DECIDED | changes}, "usage": {"total_input_tokens": 600}}


def test_a_chat_is_read(desk: Desk) -> None:
    answer = desk.labeller().read(json.dumps(chat()))
    assert (answer.label, answer.rationale, answer.reason) == ("bearish", "It falls.", None)
    assert answer.usage == Usage(600, 20)


def test_a_text_in_several_parts_is_joined_without_thoughts(desk: Desk) -> None:
    parts = [{"text": "Hm.", "thought": True}, {"text": SPOKEN[:9]}, {"text": SPOKEN[9:]}]
    assert desk.labeller().read(json.dumps(chat(content={"parts": parts}))).label == "bearish"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": USAGE},
            "the prompt was blocked: SAFETY",
        ),
        (
            {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}},
            "the prompt was blocked: PROHIBITED_CONTENT",
        ),
        ({"candidates": [], "usageMetadata": USAGE}, "the reply has no candidates"),
        ({}, "the reply has no candidates"),
        (chat(finishReason="SAFETY"), "the model refused: SAFETY"),
        (chat(finishReason="NEW_WORD"), "the model refused: NEW_WORD"),
        (chat(finishReason="RECITATION"), "the answer would have recited a source: RECITATION"),
        (chat(SPOKEN[:12], finishReason="MAX_TOKENS"), "the answer was cut off: MAX_TOKENS"),
        (chat(content={}), "the answer is empty"),
        (chat(content=None), "the answer is empty"),
        (chat("bearish"), "the answer is not JSON"),
        (chat('{"mood": "bearish"}'), "the answer has no label"),
        (chat('{"label": "bearsih"}'), "'bearsih' is not a label"),
        (chat('{"label": ["bearish"]}'), "the answer has no label"),
        (chat(content={"parts": [7]}), "the reply is not as Gemini writes it"),
        ({"candidates": [7], "usageMetadata": USAGE}, "the reply is not as Gemini writes it"),
        ({"candidates": 7, "usageMetadata": USAGE}, "the reply is not as Gemini writes it"),
        ({"promptFeedback": "no"}, "the reply is not as Gemini writes it"),
        ([], "the reply is not JSON of Gemini"),
        (None, "the reply is not JSON of Gemini"),
    ],
)
def test_a_chat_without_a_label_says_why(desk: Desk, body: object, reason: str) -> None:
    answer = desk.labeller().read(json.dumps(body))
    assert (answer.label, answer.reason) == (None, reason)
    block = body.get("usageMetadata") if isinstance(body, dict) else None
    assert answer.usage == (Usage(600, 20) if block else None)  # even of a refusal the prompt is charged


@pytest.mark.parametrize("mode", ["live", "decisions"])
@pytest.mark.parametrize("reply", ["", "{", "<html>", "nul", pytest.param("[" * 100_000, id="deep")])
def test_what_is_no_json_is_a_reason(desk: Desk, mode: str, reply: str) -> None:
    answer = desk.labeller(mode).read(reply)
    assert (answer.label, answer.usage) == (None, None)
    assert answer.reason == "the reply is not JSON of Gemini"


def test_an_answer_nested_too_deeply_is_a_reason(desk: Desk) -> None:
    answer = desk.labeller().read(json.dumps(chat("[" * 100_000)))
    assert answer.label is None
    assert answer.reason
    assert answer.usage == Usage(600, 20)


@pytest.mark.parametrize(
    ("block", "usage"),
    [
        ({"promptTokenCount": 600}, Usage(600, 0)),
        ({"promptTokenCount": 600, "candidatesTokenCount": 20, "thoughtsTokenCount": 300}, Usage(600, 320)),
        ({"promptTokenCount": 600, "cachedContentTokenCount": 512}, Usage(600, 0, 512)),
        ({"promptTokenCount": 600, "cachedContentTokenCount": 700}, Usage(600, 0, 600)),
        ({"promptTokenCount": 600, "toolUsePromptTokenCount": 5}, Usage(605, 0)),
        ({"promptTokenCount": 600, "candidatesTokenCount": None}, Usage(600, 0)),
        ({"promptTokenCount": 600, "candidatesTokenCount": "24"}, None),
        ({"promptTokenCount": 600, "candidatesTokenCount": -5}, None),
        ({"promptTokenCount": 600, "thoughtsTokenCount": 1.5}, None),
        ({"promptTokenCount": 600, "cachedContentTokenCount": True}, None),
        ({"promptTokenCount": 2**31 - 1}, Usage(2**31 - 1, 0)),
        ({"promptTokenCount": 2**31}, None),
        ({"promptTokenCount": 10**400}, None),
        ({"promptTokenCount": 600, "candidatesTokenCount": 2**30, "thoughtsTokenCount": 2**30}, None),
        ({"candidatesTokenCount": 20}, None),
        ({"promptTokenCount": -1}, None),
        ({"promptTokenCount": "600"}, None),
        ({"promptTokenCount": True}, None),
        ({"promptTokenCount": 1.5}, None),
        (7, None),
    ],
)
def test_thoughts_are_output_and_a_broken_block_is_none(
    desk: Desk, block: object, usage: Usage | None
) -> None:
    answer = desk.labeller().read(json.dumps(chat() | {"usageMetadata": block}))
    assert (answer.label, answer.usage) == ("bearish", usage)


def test_a_decision_is_read(desk: Desk) -> None:
    answer = desk.labeller("decisions").read(json.dumps(decision()))
    assert (answer.label, answer.confidence, answer.reason) == ("bullish", 0.6, None)
    assert answer.probabilities == DECIDED["probabilities"]
    assert answer.usage == Usage(600, 0)


@pytest.mark.parametrize(
    "odds",
    [None, {}, {"bearish": 0.4, "bullish": 0.6}, {"bearish": 0.1, "neutral": "0.3", "bullish": 0.6},
     {"bearish": 0.1, "neutral": 3, "bullish": 0.6}, {"bearish": 0.1, "neutral": True, "bullish": 0.6}],
)  # fmt: skip
def test_broken_odds_leave_the_word_and_its_confidence(desk: Desk, odds: object) -> None:
    answer = desk.labeller("decisions").read(json.dumps(decision(probabilities=odds)))
    assert (answer.label, answer.confidence, answer.probabilities) == ("bullish", 0.6, None)
    worse = desk.labeller("decisions").read(json.dumps(decision(probabilities=odds, confidence="sure")))
    assert (worse.label, worse.confidence) == ("bullish", None)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"answers": {}, "prompt_feedback": {"block_reason": "safety"}, "usage": {"total_input_tokens": 600}},
         "the prompt was blocked: safety"),
        ({"usage": {"total_input_tokens": 600}}, "the reply is not as Gemini writes it"),
        ({"answers": {"other": DECIDED}, "usage": {"total_input_tokens": 600}},
         "the reply is not as Gemini writes it"),
        ({"answers": {"label": {"type": "score", "score": 7}}, "usage": {"total_input_tokens": 600}},
         "the reply is not as Gemini writes it"),
        (decision(choice="bulish"), "'bulish' is not a label"),
        (decision(choice=["bullish"]), "the answer has no label"),
    ],
)  # fmt: skip
def test_a_decision_without_a_label_says_why(desk: Desk, body: object, reason: str) -> None:
    answer = desk.labeller("decisions").read(json.dumps(body))
    assert (answer.label, answer.reason, answer.usage) == (None, reason, Usage(600, 0))


@pytest.mark.parametrize("levels", [2, 500, 900, 1010, 5000])
def test_what_is_no_word_is_not_written_out_however_deep_it_is_nested(desk: Desk, levels: int) -> None:
    blocked = '{"promptFeedback": {"blockReason": %s}, "usageMetadata": {"promptTokenCount": 4}}'
    finished = '{"candidates": [{"finishReason": %s}], "usageMetadata": {"promptTokenCount": 4}}'
    chosen = '{"answers": {"label": {"choice": %s}}, "usage": {"total_input_tokens": 4}}'
    stopped = '{"prompt_feedback": {"block_reason": %s}, "usage": {"total_input_tokens": 4}}'
    for mode, body, reason in (
        ("live", blocked, "the prompt was blocked: no reason given"),
        ("live", finished, "the model refused: no reason given"),
        ("decisions", chosen, "the answer has no label"),
        ("decisions", stopped, "the prompt was blocked: no reason given"),
    ):
        answer = desk.labeller(mode).read(body % deep(levels))
        told = (reason, Usage(4, 0)) if levels < 1024 else ("the reply is not JSON of Gemini", None)
        assert (answer.label, answer.reason, answer.usage) == (None, *told)


def test_half_a_surrogate_pair_fits_in_a_table(desk: Desk) -> None:
    said = desk.labeller().read(json.dumps(chat(r'{"label": "bearish", "rationale": "\ud83d"}')))
    off = desk.labeller("decisions").read(json.dumps(decision(choice="\ud83d")))
    for text in (said.rationale, off.reason):
        assert text is None or text.encode()
    assert off.reason == "'?' is not a label"
