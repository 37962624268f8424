"""What a vision API's usage block costs."""

from datetime import date
from typing import Annotated

from pydantic import Field

from bizmeme.core.settings import Section

UsdPerMillion = Annotated[float, Field(ge=0, le=1000)]


class Prices(Section):
    """One model's prices, with the day they were read: vendors change them."""

    as_of: date
    """The day on which the vendor's page said so."""

    input_usd_per_million_tokens: UsdPerMillion
    """Price of 1,000,000 prompt tokens, USD."""

    output_usd_per_million_tokens: UsdPerMillion
    """Price of 1,000,000 completion tokens, USD."""


def cost_usd(prices: Prices, *, input_tokens: int, output_tokens: int) -> float:
    """The price of one request, USD."""
    paid = (
        input_tokens * prices.input_usd_per_million_tokens
        + output_tokens * prices.output_usd_per_million_tokens
    )
    return paid / 1_000_000
