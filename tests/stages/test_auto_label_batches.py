"""auto_label in mode batch, after a run that stopped with a batch under way: what was ordered is fetched."""

from pathlib import Path

import pytest

from bizmeme.errors import BizmemeError, BudgetError, ConfigError, GateError
from tests.stages.labelling import Labelling, World, unpaid
from tests.stages.pipeline import Pipeline

BATCH = ("auto_label.labellers=[openai]", "labeller.openai.mode=batch", "auto_label.limit=150")


@pytest.fixture
def fresh(small: Pipeline, tmp_path: Path) -> Labelling:
    """The small pipeline before anything was paid."""
    return unpaid(small, tmp_path / "fresh")


def test_a_pilot_that_has_grown_into_a_batch_under_way_waits_for_it_and_pays_nothing_twice(
    fresh: Labelling, served: World
) -> None:
    before = served.paid("openai")
    fresh.ordered(served, *BATCH)
    pilot = fresh.held[0]
    fresh.with_a_large_pilot().run(served, *BATCH)
    paid = served.paid("openai") - before
    assert set(paid.values()) == {1}
    assert len(paid) == fresh.held[0] >= fresh.figures["requests"] > 3 * pilot
    assert fresh.figures["in_doubt"] == 0


STOPS: dict[str, tuple[tuple[str, ...], type[BizmemeError]]] = {
    "the model is shut down": (
        ("prices.models.gpt-6-luna.shutdown='2025-10-31'", "auto_label.limit=200"),
        ConfigError,
    ),
    "the gate closes": (("auto_label.gate.min_macro_f1=0.99",), GateError),
    "the budget is used up": (("auto_label.budget_usd=0.0001",), BudgetError),
}


@pytest.mark.parametrize("what", STOPS)
def test_what_was_ordered_is_fetched_before_the_stage_stops(
    fresh: Labelling, served: World, what: str
) -> None:
    overrides, error = STOPS[what]
    fresh.ordered(served, *BATCH)
    pilot, asked = fresh.held[0], served.asked("openai")
    if error is BudgetError:
        fresh.with_a_large_pilot()
    with pytest.raises(error):
        fresh.run(served, *BATCH, *overrides)
    assert fresh.held[0] > 3 * pilot
    assert served.asked("openai") == asked
