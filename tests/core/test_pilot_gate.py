"""The gate opens for labellers that agree with people, and says why it does not."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bizmeme.core.metrics import score
from bizmeme.core.pilot_gate import Gate, GateConfig, Pair, decide

LABELS = ("bearish", "neutral", "bullish")
CEILING = 0.913


def config(**changed: Any) -> GateConfig:
    usual = {"min_posts": 150, "min_macro_f1": 0.58, "min_share_of_ceiling": 0.7, "override": None}
    return GateConfig.model_validate(usual | changed)


def pilot(n: int, *, agrees: float, seed: int = 1) -> list[Pair]:
    """So many posts, a fourth of them in the thread of another, with a labeller that agrees so often."""
    rng = np.random.default_rng(seed)
    gold, off = rng.choice(3, n, p=[0.36, 0.45, 0.19]), rng.integers(1, 3, n)
    said = np.where(rng.random(n) < agrees, gold, (gold + off) % 3)
    threads = rng.integers(0, n * 3 // 4, n)
    return [Pair(LABELS[g], LABELS[s], int(t)) for g, s, t in zip(gold, said, threads, strict=True)]


def decided(pairs: list[Pair], *, ceiling: float | None = CEILING, **changed: Any) -> Gate:
    return decide(pairs, config(**changed), labels=LABELS, ceiling=ceiling, seed=1)


def test_a_labeller_that_agrees_passes_with_its_figures() -> None:
    gate = decided(pilot(175, agrees=0.8))
    assert gate.passed
    assert gate.is_open
    assert gate.message("openai").startswith("openai passed the gate: macro-F1 0.")
    assert gate.macro_f1.value is not None
    assert gate.share_of_ceiling == pytest.approx(gate.macro_f1.value / CEILING)
    assert gate.figures()["failures"] == []


def test_a_labeller_that_is_right_in_55_of_100_is_stopped_and_the_message_says_what_to_do() -> None:
    gate = decided(pilot(175, agrees=0.53))
    assert not gate.is_open
    said = gate.message("openai")
    assert "openai failed the gate" in said
    assert "auto_label.gate.min_macro_f1 is 0.58" in said
    assert "auto_label.gate.min_share_of_ceiling is 0.7" in said
    assert "Nothing more was asked. Choose another model or prompt" in said


def test_luck_does_not_pass() -> None:
    """The figure itself is above the threshold, its interval's lower end is not."""
    gate = decided(pilot(175, agrees=0.58), min_share_of_ceiling=0)
    assert gate.macro_f1.value is not None
    assert gate.macro_f1.value > 0.58
    assert not gate.passed


def test_an_override_is_recorded_and_never_silent() -> None:
    failed = decided(pilot(175, agrees=0.5), override="a rehearsal with a weak model")
    assert failed.is_open
    assert not failed.passed
    assert failed.message("gemini").endswith("Overridden: a rehearsal with a weak model")
    assert failed.figures()["override"] == "a rehearsal with a weak model"
    assert decided(pilot(175, agrees=0.9), override="a rehearsal with a weak model").override is None


def test_too_small_a_pilot_does_not_pass_however_good() -> None:
    gate = decided(pilot(149, agrees=1.0))
    assert gate.failures == (
        "149 pilot posts have a human label; auto_label.gate.min_posts is 150: "
        "label more posts (`make refresh-labels`), or lower it.",
    )
    assert not decided([]).passed


def test_a_post_without_an_answer_counts_as_wrong_and_is_told() -> None:
    pairs = [Pair(LABELS[n % 3], None, n, "refused") for n in range(90)] + pilot(85, agrees=0.9)
    gate = decided(pairs)
    assert gate.unlabelled == 90
    assert not gate.passed
    assert "(90 posts got no label, mostly: refused)" in gate.message("openai")


def test_without_a_human_ceiling_only_the_rest_is_held() -> None:
    gate = decided(pilot(175, agrees=0.8), ceiling=None, min_share_of_ceiling=1.0)
    assert gate.passed
    assert gate.share_of_ceiling is None
    assert not decided(pilot(175, agrees=0.8), min_share_of_ceiling=1.0).passed


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from((*LABELS, None))), min_size=1, max_size=30)
)
def test_its_figures_are_those_of_the_metrics(answers: list[tuple[str, str | None]]) -> None:
    gold, said = zip(*answers, strict=True)
    gate = decided([Pair(true, word, 1) for true, word in answers])
    scores = score(gold, said, labels=LABELS)
    assert gate.accuracy.value == pytest.approx(scores.accuracy)
    missed = sum(word is None for word in said)
    assert gate.macro_f1.value == pytest.approx(scores.macro_f1)
    assert gate.unlabelled == missed
