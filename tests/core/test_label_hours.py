"""The slowest of all limits says how long it takes."""

from typing import Any

import pytest

from bizmeme.core.label_hours import Duration, live_hours
from bizmeme.core.limits import Limits


def hours(requests: int, tokens: float = 0.0, **changed: Any) -> Duration:
    none = dict.fromkeys(Limits.model_fields, None)
    return live_hours(
        requests,
        tokens,
        limits=Limits.model_validate(none | {"concurrency": 10} | changed),
        seconds_per_answer=2,
    )


def test_without_other_limits_answers_come_as_fast_as_they_are_asked_at_once() -> None:
    assert hours(18_000) == Duration(1.0, "concurrency")


@pytest.mark.parametrize(("limit", "value"), [("requests_per_minute", 100), ("tokens_per_minute", 50_000)])
def test_a_limit_a_minute_holds_where_it_is_slower(limit: str, value: int) -> None:
    assert hours(18_000, 9_000_000, **{limit: value}) == Duration(3.0, limit)


@pytest.mark.parametrize(("limit", "value"), [("requests_per_day", 8_000), ("tokens_per_day", 4_000_000)])
def test_what_is_above_a_days_quota_waits_for_the_next_day(limit: str, value: int) -> None:
    found = hours(18_000, 9_000_000, **{limit: value})
    assert found.held_by == limit
    assert found.hours == pytest.approx(48 + 2_000 / 18_000)
    assert hours(8_000, 4_000_000, **{limit: value}).held_by == "concurrency"


def test_nothing_to_ask_takes_no_time() -> None:
    assert hours(0, requests_per_minute=1, requests_per_day=1).hours == 0
