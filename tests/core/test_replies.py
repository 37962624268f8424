"""What a vision API's answer says."""

import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizmeme.core.replies import Token, read_answer
from bizmeme.core.vocabulary import Labels

MOOD = Labels(name="mood", names=("bearish", "neutral", "bullish"))
CONTENT = '{"label": "bearish", "rationale": "The bearish chart falls."}'
TOLD = [('{"', 0.0), ("label", 0.0), ('": "', -0.1), ("bear", -0.2), ("ish", -0.3), ('", "', -5.0)]
TOKENS = [Token(*told) for told in TOLD]
REST = [Token(CONTENT[len("".join(text for text, _ in TOLD)) :], -9.0)]


def answered(*tokens: tuple[str, Mapping[str, float]]) -> dict[str, float]:
    """The probabilities read from an answer whose label is spelt so; each token with alternatives' odds."""
    spelt = [
        Token(text, math.log(odds[text]), {other: math.log(share) for other, share in odds.items()})
        for text, odds in tokens
    ]
    content = '{"label": "' + "".join(token.text for token in spelt) + '"}'
    around = [Token('{"label": "', 0.0), *spelt, Token('"}', 0.0)]
    reading = read_answer(content, labels=MOOD, tokens=around)
    assert reading.probabilities
    assert reading.label
    assert reading.confidence == reading.probabilities[reading.label]
    return dict(reading.probabilities)


def test_without_alternatives_the_confidence_is_the_probability_of_exactly_the_labels_tokens() -> None:
    reading = read_answer(CONTENT, labels=MOOD, tokens=[*TOKENS, *REST])
    assert reading.label == "bearish"
    assert reading.confidence == pytest.approx(math.exp(-0.5))
    assert reading.probabilities is None
    assert reading.rationale == "The bearish chart falls."
    assert reading.reason is None


def test_a_token_that_spans_the_labels_edge_counts() -> None:
    tokens = [Token('{"label": "be', -0.4), Token('arish", "rationale": "The bearish chart falls."}', -0.1)]
    reading = read_answer(CONTENT, labels=MOOD, tokens=tokens)
    assert reading.confidence == pytest.approx(math.exp(-0.5))


def test_alternatives_that_spell_the_same_label_are_added_up() -> None:
    odds = answered(
        ("bull", {"bull": 0.5, "bullish": 0.1, "bear": 0.2, "ne": 0.1, "the": 0.1}), ("ish", {"ish": 1})
    )
    assert odds == pytest.approx({"bearish": 0.2 / 0.9, "neutral": 0.1 / 0.9, "bullish": 0.6 / 0.9})


def test_a_token_that_labels_share_is_followed_to_where_they_part() -> None:
    odds = answered(
        ("b", {"b": 0.8, "neutral": 0.2}), ("ear", {"ear": 0.75, "ull": 0.25}), ("ish", {"ish": 1})
    )
    assert odds == pytest.approx({"bearish": 0.6, "neutral": 0.2, "bullish": 0.2})


def test_an_alternative_that_could_become_several_labels_counts_for_none() -> None:
    odds = answered(("bull", {"bull": 0.5, "b": 0.3, "neutral": 0.2}), ("ish", {"ish": 1}))
    assert odds == pytest.approx({"bearish": 0, "neutral": 0.2 / 0.7, "bullish": 0.5 / 0.7})


def test_a_token_that_begins_before_the_label_is_compared_with_its_like() -> None:
    """`":"neu` can be exchanged for `":"bul`, and not for a bare `bul`."""
    first = Token('":"neu', math.log(0.6), {'":"bul': math.log(0.3), "bul": math.log(0.1)})
    tokens = [Token('{"label', 0.0), first, Token("tral", 0.0), Token('"}', 0.0)]
    reading = read_answer('{"label":"neutral"}', labels=MOOD, tokens=tokens)
    assert reading.probabilities == pytest.approx({"bearish": 0, "neutral": 2 / 3, "bullish": 1 / 3})


@given(st.sampled_from(MOOD.names), st.data())
def test_however_a_label_is_cut_into_tokens_its_probability_is_a_share(
    label: str, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(label) - 1))))
    parts = [label[i:j] for i, j in zip([0, *cuts], [*cuts, len(label)], strict=True)]
    own = st.floats(0.05, 0.9)
    told = []
    for part in parts:
        share = data.draw(own)
        told.append(
            (part, {part: share, data.draw(st.sampled_from(["b", "bear", "bull", "n", "x", '"'])): 1 - share})
        )
    odds = answered(*((part, {part: 0.5} | odds) for part, odds in told))
    assert sum(odds.values()) == pytest.approx(1)
    assert all(0 <= each <= 1 for each in odds.values())
    assert odds[label] > 0


def test_without_matching_tokens_there_is_no_confidence() -> None:
    assert read_answer(CONTENT, labels=MOOD).confidence is None
    assert read_answer(CONTENT, labels=MOOD, tokens=[Token("other", -0.1)]).confidence is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "the answer is empty"),
        ("", "the answer is empty"),
        ('{"label": "bear', "the answer is not JSON"),
        ("[" * 100_000, "the answer is not JSON"),
        ("[]", "the answer has no label"),
        ('{"label": 3}', "the answer has no label"),
        ('{"label": "bulish"}', "'bulish' is not a label"),
        ('{"label": "NEUTRAL"}', "'NEUTRAL' is not a label"),
    ],
)
def test_an_unreadable_answer_stays_unlabelled_and_says_why(content: str | None, reason: str) -> None:
    reading = read_answer(content, labels=MOOD)
    assert (reading.label, reading.reason) == (None, reason)


def test_half_a_surrogate_pair_in_a_rationale_costs_no_label() -> None:
    for content in (
        '{"label": "bullish", "rationale": "up \\ud83d"}',
        '{"label": "bullish", "rationale": "\ud83d"}',
    ):
        assert read_answer(content, labels=MOOD).label == "bullish"
