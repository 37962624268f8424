"""auto_label in all six ways of asking: both vendors, live, in batches, and at the decisions endpoint."""

from pathlib import Path

import polars as pl
import pytest
from scipy.stats import binom

from tests.stages.labelling import KEY, Labelling, World, unpaid
from tests.stages.pipeline import Pipeline

DECIDING = {"openai": "gpt-6-luna", "gemini": "gemini-decision-1"}
MODES = ("live", "batch", "decisions")
ONE_SIDED = 0.01


@pytest.fixture
def fresh(small: Pipeline, tmp_path: Path) -> Labelling:
    """The small pipeline before anything was paid."""
    return unpaid(small, tmp_path / "fresh")


def asking(vendor: str, mode: str) -> tuple[str, ...]:
    """The overrides by which one vendor alone is asked in a mode."""
    model = (f"labeller.{vendor}.model={DECIDING[vendor]}",) if mode == "decisions" else ()
    return (f"auto_label.labellers=[{vendor}]", f"labeller.{vendor}.mode={mode}", *model)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("vendor", ["openai", "gemini"])
def test_each_mode_labels_all_as_well_as_configured_for_what_was_forecast(
    fresh: Labelling, served: World, vendor: str, mode: str
) -> None:
    paid_before, asked_before = served.paid(vendor), served.asked(vendor)
    batches_before = served.batches(vendor)
    fresh.run(served, *asking(vendor, mode))
    figures = fresh.figures["labellers"][vendor]
    pilot = figures["gate"]["n"]

    # Labels against what is true.
    truth = fresh.labels.join(served.moods(), on=KEY)
    assert len(truth) == len(fresh.labels) > 400
    right = int((truth["label"] == truth["mood"]).fill_null(False).sum())
    configured = getattr(served.config.labellers, vendor)
    assert binom.cdf(right, len(truth), configured) > ONE_SIDED, f"{right} of {len(truth)} right"
    assert truth.filter(pl.col("label").is_null() == pl.col("reason").is_null()).is_empty()
    assert (fresh.replies["rationale"].is_null().all()) == (mode == "decisions")
    assert (fresh.replies["confidence"].is_not_null().all()) == (mode == "decisions")

    # The bill against the forecast, and against the vendor's own count.
    forecast = figures["forecast"]
    assert (forecast["basis"], forecast["pilot"]) == ("pilot", pilot)
    assert forecast["usd"]["low"] <= forecast["paid_usd"] <= forecast["usd"]["high"]
    assert forecast["usd"]["high"] < 1.15 * forecast["usd"]["value"]
    paid = served.paid(vendor) - paid_before
    assert set(paid.values()) == {1}
    assert len(paid) == fresh.held[0] == fresh.figures["requests"]
    assert fresh.held[1] == pytest.approx(fresh.figures["cost_usd"], abs=1e-6)
    live = pilot if mode == "batch" else len(paid)  # the pilot never waits for a batch
    assert served.asked(vendor) - asked_before == live
    assert (served.batches(vendor) > batches_before) == (mode == "batch")


@pytest.mark.parametrize("vendor", ["openai", "gemini"])
def test_going_on_in_batches_pays_nothing_for_what_was_answered_live_and_half_for_the_rest(
    fresh: Labelling, served: World, vendor: str
) -> None:
    before = served.paid(vendor)
    fresh.run(served, *asking(vendor, "live"), "auto_label.limit=120")
    some, cost_usd = fresh.held
    answered = fresh.replies
    fresh.run(served, *asking(vendor, "batch"), "auto_label.limit=240")
    paid = served.paid(vendor) - before
    assert set(paid.values()) == {1}
    assert len(paid) == fresh.held[0] > 1.9 * some
    assert answered.join(fresh.replies, on=answered.columns, how="anti", nulls_equal=True).is_empty()
    later = (fresh.held[1] - cost_usd) / (fresh.held[0] - some)
    assert later == pytest.approx(cost_usd / some / 2, rel=0.1)
    asked = served.asked(vendor)
    fresh.run(served, *asking(vendor, "live"), "auto_label.limit=240")
    assert served.asked(vendor) == asked


def test_decisions_asked_by_other_numbers_at_once_give_the_same_bytes(
    small: Pipeline, fresh: Labelling, served: World
) -> None:
    fresh.run(served, "labeller.openai.limits.concurrency=5", "labeller.openai.limits.tokens_per_minute=null")
    assert fresh.bytes == Labelling(small).bytes
