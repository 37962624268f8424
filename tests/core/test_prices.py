"""What a usage block costs."""

from datetime import date

import pytest

from bizmeme.core.prices import Prices, cost_usd


def test_a_request_costs_its_tokens_at_their_prices() -> None:
    prices = Prices(
        as_of=date(2026, 11, 22), input_usd_per_million_tokens=0.15, output_usd_per_million_tokens=0.60
    )
    assert cost_usd(prices, input_tokens=2833, output_tokens=30) == pytest.approx(0.00044295)
