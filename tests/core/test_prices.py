"""The dated price table: what a usage block costs, what a model offers, until when."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf
from pydantic import ValidationError

from bizmeme.core.prices import PriceTable, TokenPrices, Usage, cost_usd
from bizmeme.errors import ConfigError

CONF = Path(__file__).parents[2] / "conf/prices/default.yaml"
VALUES: Any = OmegaConf.to_container(OmegaConf.load(CONF))
TABLE = PriceTable.model_validate(VALUES)
LUNA = TABLE.models["gpt-6-luna"]

counts = st.integers(0, 10**6)
prices = st.floats(0, 1000)


def test_a_request_costs_its_tokens_at_their_prices() -> None:
    asked = TokenPrices(input=0.15, cached_input=None, output=0.60)
    assert cost_usd(asked, Usage(input_tokens=2833, output_tokens=30)) == pytest.approx(0.00044295)


def test_cached_tokens_have_a_price_of_their_own_where_the_vendor_has_one() -> None:
    usage = Usage(input_tokens=2000, output_tokens=0, cached_tokens=1500)
    dear, cheap = (TokenPrices(input=0.10, cached_input=cached, output=0.50) for cached in (None, 0.01))
    assert cost_usd(dear, usage) == pytest.approx(2000 * 0.10e-6)
    assert cost_usd(cheap, usage) == pytest.approx((500 * 0.10 + 1500 * 0.01) * 1e-6)


@given(counts, counts, counts, prices, prices)
def test_more_tokens_never_cost_less(
    asked: int, said: int, more: int, input_usd: float, output_usd: float
) -> None:
    table = TokenPrices(input=input_usd, cached_input=None, output=output_usd)
    less = cost_usd(table, Usage(asked, said))
    assert 0 <= less <= cost_usd(table, Usage(asked + more, said))
    assert less <= cost_usd(table, Usage(asked, said + more))


@given(counts, counts, st.data())
def test_a_cache_never_makes_a_prompt_dearer_where_it_is_cheaper(
    asked: int, said: int, data: st.DataObject
) -> None:
    table = TokenPrices(input=0.10, cached_input=0.02, output=0.50)
    cached = data.draw(st.integers(0, asked))
    assert cost_usd(table, Usage(asked, said, cached)) <= cost_usd(table, Usage(asked, said)) + 1e-12


def test_a_batch_costs_its_share_of_a_chat() -> None:
    usage = Usage(600, 30)
    live, batch = LUNA.prices("live"), LUNA.prices("batch")
    assert live
    assert batch
    assert cost_usd(live, usage) == pytest.approx(600 * 0.10e-6 + 30 * 0.50e-6)
    assert cost_usd(batch, usage) == pytest.approx(cost_usd(live, usage) / 2)


def test_a_decision_costs_its_prompt_alone() -> None:
    decisions = LUNA.prices("decisions")
    assert decisions
    assert cost_usd(decisions, Usage(600, 1)) == pytest.approx(600 * 0.10e-6)


@pytest.mark.parametrize(
    ("model", "modes"),
    [
        ("gpt-6-luna", ("live", "batch", "decisions")),
        ("gpt-4o-mini", ("live", "batch")),
        ("gemini-2.5-flash-lite", ("live", "batch")),
        ("gemini-decision-1", ("decisions",)),
    ],
)
def test_a_model_has_the_modes_that_its_vendor_sells(model: str, modes: tuple[str, ...]) -> None:
    assert TABLE.models[model].modes == modes


@pytest.mark.parametrize(
    ("vendor", "model", "mode", "told"),
    [
        ("openai", "gpt-5-luna", "live", r"labeller\.x\.model = 'gpt-5-luna'.*mean 'gpt-6-luna'.*Known: gem"),
        ("openai", "gpt-4o-mini", "decisions", r"': openai does not offer it .*live, batch.*gpt-6-luna"),
        ("gemini", "gemini-decision-1", "batch", r"mode = 'batch': gemini does not offer it"),
        ("openai", "gemini-2.5-flash-lite", "live", r"it is gemini's, .*Choose one of gpt-4"),
    ],
)  # fmt: skip
def test_what_has_no_price_is_not_asked(vendor: str, model: str, mode: Any, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        TABLE.usable(model, mode, vendor=vendor, where="labeller.x")


def test_a_model_is_dead_from_the_day_of_its_shutdown_on() -> None:
    day = TABLE.models["gpt-4o-mini"].shutdown
    assert day == date(2027, 1, 14)
    TABLE.check_alive("gpt-4o-mini", day - timedelta(days=1))
    TABLE.check_alive("gpt-6-luna", date(2099, 1, 1))
    for today in (day, day + timedelta(days=1)):
        with pytest.raises(ConfigError, match=r"gpt-4o-mini was shut down on 2027-01-14.*Nothing was asked"):
            TABLE.check_alive("gpt-4o-mini", today)


@pytest.mark.parametrize(
    "changes",
    [
        {"chat": {"input": -0.1, "cached_input": None, "output": 0.5}},
        {"batch_share": 0},
        {"batch_share": 1.5},
        {"free": 1},
    ],
    ids=str,
)
def test_a_table_that_cannot_be_true_is_refused(changes: dict[str, Any]) -> None:
    model = VALUES["models"]["gpt-6-luna"] | changes
    with pytest.raises(ValidationError):
        PriceTable.model_validate({"as_of": "2026-11-22", "models": {"gpt-6-luna": model}})
