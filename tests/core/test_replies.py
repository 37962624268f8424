"""What a vision API's answer says."""

import math

import pytest

from bizmeme.core.replies import label_probability, read_answer
from bizmeme.core.vocabulary import Labels

MOOD = Labels(name="mood", names=("bearish", "neutral", "bullish"))
CONTENT = '{"label": "bearish", "rationale": "The bearish chart falls."}'
TOKENS = [('{"', 0.0), ("label", 0.0), ('": "', -0.1), ("bear", -0.2), ("ish", -0.3), ('", "', -5.0)]
REST = [(CONTENT[len("".join(t for t, _ in TOKENS)) :], -9.0)]


def test_the_confidence_is_the_probability_of_exactly_the_labels_tokens() -> None:
    reading = read_answer(CONTENT, labels=MOOD, tokens=[*TOKENS, *REST])
    assert reading.label == "bearish"
    assert reading.confidence == pytest.approx(math.exp(-0.5))
    assert reading.rationale == "The bearish chart falls."
    assert reading.reason is None


def test_a_token_that_spans_the_labels_edge_counts() -> None:
    tokens = [('{"label": "be', -0.4), ('arish", "rationale": "The bearish chart falls."}', -0.1)]
    assert label_probability(CONTENT, "bearish", tokens=tokens) == pytest.approx(math.exp(-0.5))


def test_without_matching_tokens_there_is_no_confidence() -> None:
    assert read_answer(CONTENT, labels=MOOD).confidence is None
    assert label_probability(CONTENT, "bearish", tokens=[("other", -0.1)]) is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "the answer is empty"),
        ("", "the answer is empty"),
        ('{"label": "bear', "the answer is not JSON"),
        ("[]", "the answer has no label"),
        ('{"label": 3}', "the answer has no label"),
        ('{"label": "bulish"}', "'bulish' is not a label"),
        ('{"label": "NEUTRAL"}', "'NEUTRAL' is not a label"),
    ],
)
def test_an_unreadable_answer_stays_unlabelled_and_says_why(content: str | None, reason: str) -> None:
    reading = read_answer(content, labels=MOOD)
    assert (reading.label, reading.reason) == (None, reason)
