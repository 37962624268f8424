"""What OpenAI's replies say, and what is made of broken ones: never a crash, never neutral."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizmeme.core.prices import Usage
from tests.labellers.asking_openai import labeller

CHAT = labeller(mode="live")
DECISIONS = labeller(mode="decisions")
ASKED = [CHAT, DECISIONS]


def chat(content: object, *, finish_reason: str = "stop", **message: object) -> str:
    said = {"role": "assistant", "content": content, "refusal": None} | message
    usage = {"prompt_tokens": 600, "completion_tokens": 30, "prompt_tokens_details": {"cached_tokens": 128}}
    choice = {"index": 0, "message": said, "finish_reason": finish_reason, "logprobs": None}
    return json.dumps({"choices": [choice], "usage": usage})


def decision(**answer: object) -> str:
    usage = {"input_tokens": 600, "output_tokens": 1, "input_tokens_details": {"cached_tokens": 0}}
    return json.dumps({"answers": [{"type": "choice", "name": "label"} | answer], "usage": usage})


def odds(bearish: object, neutral: object, bullish: object) -> list[dict[str, object]]:
    shares = {"bearish": bearish, "neutral": neutral, "bullish": bullish}
    return [{"value": value, "probability": share} for value, share in shares.items()]


def test_a_chat_is_a_label_with_its_rationale_and_usage() -> None:
    answer = CHAT.read(chat('{"label":"bearish","rationale":"It falls."}'))
    assert (answer.label, answer.rationale, answer.reason) == ("bearish", "It falls.", None)
    assert answer.usage == Usage(600, 30, 128)
    assert CHAT.cost_usd(answer.usage, batch=False) == pytest.approx((600 * 0.10 + 30 * 0.50) * 1e-6)


def test_alternatives_of_the_labels_first_token_become_the_odds_of_every_label() -> None:
    def entry(token: str, share: float, **others: float) -> dict[str, object]:
        rivals = {token: share} | others
        top = [{"token": rival, "logprob": math.log(each)} for rival, each in rivals.items()]
        return {"token": token, "logprob": math.log(share), "bytes": None, "top_logprobs": top}

    tokens = [
        entry('{"label":"', 1.0),
        entry("bull", 0.6, bear=0.3, neut=0.1),
        entry("ish", 1.0),
        entry('"}', 1.0),
    ]
    reply = json.loads(chat('{"label":"bullish"}'))
    reply["choices"][0]["logprobs"] = {"content": tokens}
    answer = CHAT.read(json.dumps(reply))
    assert answer.probabilities == pytest.approx({"bearish": 0.3, "neutral": 0.1, "bullish": 0.6})
    assert answer.confidence == pytest.approx(0.6)


def test_a_decisions_confidence_is_the_choices_probability_and_not_its_concentration() -> None:
    answer = DECISIONS.read(decision(choice="bullish", confidence=0.2, probabilities=odds(0.1, 0.2, 0.7)))
    assert (answer.label, answer.confidence) == ("bullish", 0.7)
    assert answer.probabilities == {"bearish": 0.1, "neutral": 0.2, "bullish": 0.7}
    assert answer.usage == Usage(600, 1)


@pytest.mark.parametrize("told", [[], odds(0.1, 0.2, 7), odds(0.1, 0.2, 0.7)[:2], None])
def test_odds_that_are_not_all_there_are_no_odds(told: object) -> None:
    answer = DECISIONS.read(decision(choice="bullish", confidence=0.9, probabilities=told))
    assert (answer.label, answer.confidence, answer.probabilities) == ("bullish", None, None)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (chat(None, refusal="I cannot help with that."), "the model refused: I cannot help with that."),
        (chat('{"label":"neutral"', finish_reason="length"), "the answer was cut off at its length limit"),
        (
            chat('{"label":"neutral"}', finish_reason="content_filter"),
            "the content filter stopped the answer",
        ),
        (chat(""), "the answer is empty"),
        (chat("neutral"), "the answer is not JSON"),
        (chat('{"mood":"neutral"}'), "the answer has no label"),
        (chat('{"label":"Neutral"}'), "'Neutral' is not a label"),
        (chat(["neutral"]), "the reply is not a chat completion"),
    ],
)
def test_a_chat_without_a_label_says_why_and_is_paid_all_the_same(reply: str, reason: str) -> None:
    answer = CHAT.read(reply)
    assert (answer.label, answer.confidence, answer.reason) == (None, None, reason)
    assert answer.usage == Usage(600, 30, 128)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (decision(type="refusal"), "the model refused"),
        (decision(choice="moon", probabilities=odds(0, 0, 1)), "'moon' is not a label"),
        (decision(choice=True, probabilities=[]), "the reply is not a decision"),
        (decision(choice="bullish", probabilities=[{"value": "bullish"}]), "the reply is not a decision"),
        (decision(choice="bullish", probabilities=odds("x", 0, 0)), "the reply is not a decision"),
        (decision(), "the reply is not a decision"),
    ],
)
def test_a_decision_without_a_label_says_why_and_is_paid_all_the_same(reply: str, reason: str) -> None:
    answer = DECISIONS.read(reply)
    assert (answer.label, answer.confidence, answer.reason) == (None, None, reason)
    assert answer.usage == Usage(600, 1)


@pytest.mark.parametrize("asked", ASKED, ids=["chat", "decisions"])
@pytest.mark.parametrize(
    "reply",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        "[" * 100_000,
        '{"choices": []}',
        '{"answers": [[]]}',
        '{"error": {}}',
        "\udc80",
    ],
)
def test_a_reply_that_is_none_is_a_reason_without_a_price(asked: Any, reply: str) -> None:
    answer = asked.read(reply)
    assert (answer.label, answer.usage) == (None, None)
    assert answer.reason.startswith("the reply is not a ")


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        {"prompt_tokens": "600", "completion_tokens": 30},
        {"prompt_tokens": 600, "completion_tokens": -1},
        {"prompt_tokens": 600, "completion_tokens": True},
        {"prompt_tokens": 6, "completion_tokens": 30, "prompt_tokens_details": {"cached_tokens": 7}},
        {"prompt_tokens": 2**31, "completion_tokens": 30},
        {"prompt_tokens": 600, "completion_tokens": 10**400},
    ],
)
def test_a_usage_block_that_cannot_be_true_is_none(usage: object) -> None:
    reply = json.loads(chat('{"label":"neutral"}')) | {"usage": usage}
    answer = CHAT.read(json.dumps(reply))
    assert (answer.label, answer.usage) == ("neutral", None)


@pytest.mark.parametrize("depth", [500, 900, 980, 1_005, 1_020, 5_000])
@pytest.mark.parametrize(
    ("asked", "reply"),
    [
        (CHAT, '{"choices": [{"message": {"refusal": %s}}]}'),
        (CHAT, '{"choices": [{"message": {"content": %s}}]}'),
        (CHAT, '{"choices": [{"message": {}, "finish_reason": %s}]}'),
        (CHAT, '{"choices": [{"message": %s}], "usage": {"prompt_tokens": %s, "completion_tokens": %s}}'),
        (DECISIONS, '{"answers": [{"type": %s, "choice": %s}]}'),
        (DECISIONS, '{"answers": [{"type": "choice", "choice": %s}]}'),
        (
            DECISIONS,
            '{"answers": [{"type": "choice", "choice": "bullish", "probabilities": [{"value": %s}]}]}',
        ),
    ],
)
def test_a_reply_nested_however_deep_has_no_label_and_says_why(asked: Any, reply: str, depth: int) -> None:
    answer = asked.read(reply.replace("%s", "[" * depth + "]" * depth))
    assert (answer.label, answer.usage) == (None, None)
    said = ("the model refused", "the reply is not a chat completion", "the reply is not a decision")
    assert answer.reason in said


def test_half_a_surrogate_pair_fits_in_a_table() -> None:
    refused = CHAT.read(chat(None, refusal="no \ud83d"))
    chosen = DECISIONS.read(decision(choice="\ud83d", probabilities=[]))
    assert (refused.reason, chosen.reason) == ("the model refused: no ?", "'?' is not a label")


def scored(own: str, *, rival: str = "-3") -> str:
    """A chat whose label's token has that log-probability, and an alternative that one."""
    top = [{"token": "bullish", "logprob": "OWN"}, {"token": "bearish", "logprob": "RIVAL"}]
    tokens = [
        {"token": '{"label":"', "logprob": 0},
        {"token": "bullish", "logprob": "OWN", "top_logprobs": top},
        {"token": '"}', "logprob": 0},
    ]
    reply = json.loads(chat('{"label":"bullish"}'))
    reply["choices"][0]["logprobs"] = {"content": tokens}
    return json.dumps(reply).replace('"OWN"', own).replace('"RIVAL"', rival)


NO_LOGPROBS = ["NaN", "Infinity", "-Infinity", "5", "0.01", "1e999", "null", "true", '"-1"', "[]", "9" * 400]


@pytest.mark.parametrize("logprob", NO_LOGPROBS)
def test_what_is_no_log_probability_makes_no_confidence_and_costs_no_label(logprob: str) -> None:
    for reply in (scored(logprob), scored("-0.1", rival=logprob)):
        answer = CHAT.read(reply)
        assert (answer.label, answer.confidence, answer.probabilities) == ("bullish", None, None)
        assert (answer.reason, answer.usage) == (None, Usage(600, 30, 128))


@pytest.mark.parametrize("logprob", ["0", "-0.0", "1e-7", "-9999.0", "-1"])
def test_a_log_probability_that_is_one_makes_a_confidence(logprob: str) -> None:
    answer = CHAT.read(scored("-0.1", rival=logprob))
    assert answer.probabilities
    assert answer.confidence == answer.probabilities["bullish"]
    assert sum(answer.probabilities.values()) == pytest.approx(1)


@pytest.mark.parametrize("share", [math.nan, math.inf, -math.inf, -0.1, 1.1])
def test_a_decisions_odds_that_are_no_probabilities_make_no_confidence(share: float) -> None:
    answer = DECISIONS.read(decision(choice="bullish", probabilities=odds(0.1, share, 0.7)))
    assert (answer.label, answer.confidence, answer.probabilities) == ("bullish", None, None)


def with_tokens() -> str:
    reply = json.loads(chat('{"label":"bullish"}'))
    token = {"token": '{"label":"bullish"}', "logprob": -0.1}
    reply["choices"][0]["logprobs"] = {"content": [token | {"top_logprobs": [token]}]}
    return json.dumps(reply)


SOUND = [(CHAT, with_tokens()), (DECISIONS, decision(choice="bullish", probabilities=odds(0.1, 0.2, 0.7)))]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=5,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) within a JSON value."""
    keys = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]


@given(st.sampled_from(SOUND), st.data())
def test_wherever_a_reply_is_broken_reading_never_raises(sound: tuple[Any, str], data: st.DataObject) -> None:
    asked, reply = sound[0], json.loads(sound[1])
    container, key = data.draw(st.sampled_from(places(reply)), label="place")
    container[key] = data.draw(ANYTHING | st.just(-(10**400)), label="value")
    answer = asked.read(json.dumps(reply))
    assert (answer.label is None) == (answer.reason is not None)
    assert answer.confidence is None or 0 <= answer.confidence <= 1


@given(st.text())
def test_reading_any_text_never_raises(reply: str) -> None:
    assert CHAT.read(reply).reason
