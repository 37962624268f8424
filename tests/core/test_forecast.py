"""The forecast holds the bill."""

from dataclasses import replace

import numpy as np
import pytest

from bizmeme.core.forecast import Billed, Forecast, Load, by_formula, by_pilot
from bizmeme.core.prices import TokenPrices, Usage, cost_usd
from bizmeme.errors import DataError

PRICES = TokenPrices(input=0.10, cached_input=0.025, output=0.50)


def world(seed: int, *, posts: int = 10_000, pilot: int = 175) -> tuple[list[Billed], list[Billed]]:
    """A pilot and the rest: log-normal texts, each with tokens a character of its own.

    The pilot is drawn by strata, so that longer texts are too few in it, or too many.
    """
    rng = np.random.default_rng(seed)
    chars = np.minimum(np.exp(rng.normal(rng.uniform(3, 5.5), rng.uniform(0.6, 1.4), posts)), 2000).round()
    pictures = np.where(rng.random(posts) < 0.9, 308, rng.integers(100, 308, posts))
    per_char = rng.uniform(0.2, 0.35) * np.exp(rng.normal(0, rng.uniform(0.05, 0.3), posts))
    inputs = np.round(rng.uniform(200, 400) + per_char * chars + pictures)
    outputs = np.round(np.exp(rng.normal(np.log(30), rng.uniform(0.1, 0.5), posts)))
    cached = np.where(rng.random(posts) < rng.random(), 128, 0)
    weight = np.where(chars > np.median(chars), rng.uniform(0.2, 3), 1.0)
    drawn = set(rng.choice(posts, pilot, replace=False, p=weight / weight.sum()).tolist())
    asked = [
        Billed(
            Load(int(chars[no]), int(pictures[no])), Usage(int(inputs[no]), int(outputs[no]), int(cached[no]))
        )
        for no in range(posts)
    ]
    return [asked[no] for no in sorted(drawn)], [one for no, one in enumerate(asked) if no not in drawn]


def forecast(pilot: list[Billed], rest: list[Billed]) -> Forecast:
    return by_pilot(pilot, [one.load for one in rest], PRICES, seed=1)


def bill(rest: list[Billed]) -> float:
    return sum(cost_usd(PRICES, one.usage) for one in rest)


def test_the_interval_holds_the_bill_and_is_narrow() -> None:
    """In 8 small worlds; bench/gates.py has hundreds of 10,000 posts."""
    held = 0
    for seed in range(8):
        pilot, rest = world(seed, posts=2000)
        usd = forecast(pilot, rest).usd
        assert usd.value is not None
        assert usd.low is not None
        assert usd.high is not None
        assert usd.high - usd.value < 0.15 * usd.value
        held += usd.low <= bill(rest) <= usd.high
    assert held >= 7


def test_a_pilot_of_short_texts_does_not_mislead() -> None:
    pilot, rest = world(13, posts=2000)
    short = sorted([*pilot, *rest], key=lambda one: one.load.chars)[:1500:10]
    usd = forecast(short, rest).usd
    mean = bill(short) / len(short) * len(rest)
    assert usd.value == pytest.approx(bill(rest), rel=0.01)
    assert mean < 0.95 * bill(rest)


def test_its_tokens_are_those_of_the_usage_blocks() -> None:
    pilot, rest = world(4, posts=2000)
    found = forecast(pilot, rest)
    assert found.requests == len(rest)
    assert found.input_tokens.value == pytest.approx(sum(one.usage.input_tokens for one in rest), rel=0.05)
    assert found.output_tokens.value == pytest.approx(sum(one.usage.output_tokens for one in rest), rel=0.1)
    assert found.figures()["basis"] == "pilot"


def test_requests_that_are_all_alike_leave_no_doubt() -> None:
    alike = [Billed(Load(100, 308), Usage(650, 20, 50))] * 100
    usd = forecast(alike, alike).usd
    assert usd.value == pytest.approx(bill(alike), abs=1e-6)
    assert usd.low == usd.high == usd.value


def test_nothing_left_to_ask_costs_nothing() -> None:
    assert forecast(world(5, posts=300)[0], []).usd.figures() == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_two_parts_of_a_forecast_add_up_and_nothing_adds_nothing() -> None:
    pilot, rest = world(5, posts=300)
    one, other = forecast(pilot, rest[:50]), forecast(pilot, rest[50:])
    both, whole = one.plus(other), forecast(pilot, rest)
    assert (both.requests, both.basis, both.pilot) == (whole.requests, whole.basis, whole.pilot)
    assert both.usd.value == pytest.approx(whole.usd.value, abs=2e-6)
    assert both.usd.low is not None
    assert whole.usd.low is not None
    assert both.usd.low <= whole.usd.low + 2e-6  # no narrower
    assert one.plus(forecast(pilot, [])) == forecast(pilot, []).plus(one) == one


def test_the_same_seed_gives_the_same_interval() -> None:
    pilot, rest = world(6, posts=500)
    assert forecast(pilot, rest) == forecast(pilot, rest)


def test_a_formula_has_no_interval_and_says_what_it_is() -> None:
    loads = [Load(400, 308)] * 1000
    found = by_formula(loads, PRICES, instruction_chars=1200, output_tokens=30)
    assert (found.basis, found.pilot) == ("formula", 0)
    assert found.input_tokens.value == 708_000
    assert found.usd.value == pytest.approx((708_000 * 0.10 + 30_000 * 0.50) / 1e6)
    assert found.usd.low is found.usd.high is None


def test_a_handful_of_requests_is_no_pilot() -> None:
    pilot, rest = world(7, posts=300)
    with pytest.raises(DataError, match="19 pilot requests are too few"):
        forecast(pilot[:19], rest)


def test_cached_tokens_are_charged_at_their_price() -> None:
    pilot, rest = world(8, posts=500)
    fresh = [replace(one, usage=replace(one.usage, cached_tokens=0)) for one in pilot]
    whole = [replace(one, usage=replace(one.usage, cached_tokens=one.usage.input_tokens)) for one in pilot]
    dear, cheap = forecast(fresh, rest).usd.value, forecast(whole, rest).usd.value
    assert dear is not None
    assert cheap is not None
    outputs = forecast(pilot, rest).output_tokens.value
    assert outputs is not None
    answers = outputs * 0.50 / 1e6
    assert (cheap - answers) == pytest.approx((dear - answers) / 4, rel=1e-4)
