"""The bill before it is paid: tokens and dollars of all requests still to ask, from a pilot's usage blocks.

    2,845 requests: $0.21 (0.20 to 0.22), by 175 pilot requests

Input tokens are a picture's by the price table plus a + b · characters, a straight line through the pilot.
That is the regression estimator of survey sampling (Cochran 1977, chapter 7): a pilot of longer or shorter
texts than the rest's does not mislead it. Output and cached tokens are the pilot's means, cached ones as a
share of the input.

The interval adds two spreads: of the line and the means, over 1,000 resamples of the pilot's requests; and of
single requests about them, as many as are to come. It is Student's for n - 2, and the resamples' variance,
which is too small by (n - 2) / n, is made up for. bench/gates.py measures how often it holds the bill.

Before any pilot a formula stands in: four characters a token, and no interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from bizmeme.core.estimates import Estimate
from bizmeme.core.intervals import Floats
from bizmeme.core.prices import TokenPrices, Usage
from bizmeme.errors import DataError

CHARS_PER_TOKEN = 4  # of English prose, by the vendors' rule of thumb
FEWEST = 20  # pilot requests; the line of fewer is worth nothing
_RESAMPLES = 1000
_FLAT = 1e-6  # variance of characters: all texts are equally long
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Load:
    """What is known of a request before it is asked."""

    chars: int  # of all its text that changes from post to post
    picture_tokens: int  # by the price table; 0 without a picture


@dataclass(frozen=True, slots=True)
class Billed:
    """A request that was asked, and its usage block."""

    load: Load
    usage: Usage


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a number of requests will take; without limits where no pilot stands behind it."""

    requests: int
    basis: Literal["pilot", "formula"]
    pilot: int  # requests that it was learned from
    input_tokens: Estimate
    output_tokens: Estimate
    usd: Estimate

    def plus(self, other: "Forecast") -> "Forecast":
        """Both together; their errors are taken to go the same way, since one pilot stands behind both."""
        if not self.requests or not other.requests:
            return self if self.requests else other
        return Forecast(
            self.requests + other.requests,
            self.basis,
            self.pilot,
            _summed(self.input_tokens, other.input_tokens),
            _summed(self.output_tokens, other.output_tokens),
            _summed(self.usd, other.usd),
        )

    def figures(self) -> dict[str, Any]:
        """As metric files hold it."""
        return {
            "requests": self.requests,
            "basis": self.basis,
            "pilot": self.pilot,
            "input_tokens": self.input_tokens.figures(),
            "output_tokens": self.output_tokens.figures(),
            "usd": self.usd.figures(),
        }


def _summed(one: Estimate, other: Estimate) -> Estimate:
    value, low, high = (
        None if a is None or b is None else round(a + b, _DIGITS)
        for a, b in ((one.value, other.value), (one.low, other.low), (one.high, other.high))
    )
    return Estimate(value, low, high)


def by_formula(
    rest: Sequence[Load], prices: TokenPrices, *, instruction_chars: int, output_tokens: float
) -> Forecast:
    """A first idea before any pilot: `output_tokens` are those of one answer."""
    chars = sum(load.chars for load in rest) + instruction_chars * len(rest)
    shown = chars / CHARS_PER_TOKEN + sum(load.picture_tokens for load in rest)
    answered = output_tokens * len(rest)
    usd = (shown * prices.input + answered * prices.output) / 1_000_000
    inputs, outputs, dollars = (Estimate(round(each, _DIGITS), None, None) for each in (shown, answered, usd))
    return Forecast(len(rest), "formula", 0, inputs, outputs, dollars)


def by_pilot(pilot: Sequence[Billed], rest: Sequence[Load], prices: TokenPrices, *, seed: int) -> Forecast:
    """What the rest will take, from what at least 20 pilot requests took; theirs is not in it.

    Raises DataError with fewer.
    """
    n = len(pilot)
    if n < FEWEST:
        raise DataError(f"{n} pilot requests are too few to forecast a bill by: {FEWEST} are needed.")
    times = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=_RESAMPLES)
    rates = _Rates.of(pilot, np.vstack([np.ones((1, n)), times]))
    one = rates.residuals(pilot, prices)
    sums = rates.applied(rest, prices)
    inputs, outputs, usd = (
        _estimate(all_, single, len(rest)) for all_, single in zip(sums, one, strict=True)
    )
    return Forecast(len(rest), "pilot", n, inputs, outputs, usd)


@dataclass(frozen=True, slots=True)
class _Rates:
    """What a request takes, by each of r weightings of the pilot: each (r,), the first by all alike."""

    fixed: Floats  # input tokens of no character and no picture
    per_char: Floats
    cached: Floats  # of the input tokens, the share that was cached
    output: Floats

    @classmethod
    def of(cls, pilot: Sequence[Billed], weights: Floats) -> "_Rates":
        """By weights (r, n) of the pilot's n requests."""
        chars, pictures = _loads([one.load for one in pilot])
        inputs, outputs, cached = _usages(pilot)
        shares = weights / weights.sum(axis=1, keepdims=True)
        text, mean = inputs - pictures, shares @ chars
        spread = shares @ chars**2 - mean**2
        together = shares @ (chars * text) - mean * (shares @ text)
        per_char = np.where(spread > _FLAT, together / np.where(spread > _FLAT, spread, 1), 0.0)
        of_cached = (shares @ cached) / np.maximum(shares @ inputs, 1)
        return cls(shares @ text - per_char * mean, per_char, of_cached, shares @ outputs)

    def applied(self, rest: Sequence[Load], prices: TokenPrices) -> tuple[Floats, Floats, Floats]:
        """Input tokens, output tokens and dollars of all of them, each (r,)."""
        chars, pictures = _loads(rest)
        inputs = self.fixed * len(rest) + self.per_char * chars.sum() + pictures.sum()
        outputs = self.output * len(rest)
        return inputs, outputs, _usd(inputs, inputs * self.cached, outputs, prices)

    def residuals(self, pilot: Sequence[Billed], prices: TokenPrices) -> tuple[Floats, Floats, Floats]:
        """What single requests took above these rates: the same three, each (n,)."""
        chars, pictures = _loads([one.load for one in pilot])
        inputs, outputs, cached = _usages(pilot)
        expected = self.fixed[0] + self.per_char[0] * chars + pictures
        usd = _usd(inputs, cached, outputs, prices)
        even = _usd(expected, expected * self.cached[0], np.full(len(pilot), self.output[0]), prices)
        return inputs - expected, outputs - self.output[0], usd - even


def _estimate(sums: Floats, residuals: Floats, count: int) -> Estimate:
    from scipy.stats import t as student

    n = len(residuals)
    variance = sums[1:].var() * n / (n - 2) + count * residuals.var() * n / (n - 2)
    half = float(student.ppf(0.975, n - 2) * np.sqrt(variance))
    value = float(sums[0])
    return Estimate(
        round(value, _DIGITS), round(max(0.0, value - half), _DIGITS), round(value + half, _DIGITS)
    )


def _loads(loads: Sequence[Load]) -> tuple[Floats, Floats]:
    """Characters and picture tokens."""
    chars = np.array([load.chars for load in loads], np.float64)
    return chars, np.array([load.picture_tokens for load in loads], np.float64)


def _usages(pilot: Sequence[Billed]) -> tuple[Floats, Floats, Floats]:
    """Input, output and cached tokens."""
    usages = [one.usage for one in pilot]
    table = np.array([(use.input_tokens, use.output_tokens, use.cached_tokens) for use in usages], np.float64)
    return table[:, 0], table[:, 1], table[:, 2]


def _usd(inputs: Floats, cached: Floats, outputs: Floats, prices: TokenPrices) -> Floats:
    cached_price = prices.input if prices.cached_input is None else prices.cached_input
    paid = (inputs - cached) * prices.input + cached * cached_price + outputs * prices.output
    return np.asarray(paid / 1_000_000)
