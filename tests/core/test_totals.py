"""What is held in all."""

import polars as pl
import pytest

from bizmeme.core.totals import doubling, replies, totals, week
from tests.core.holding import after, frame, post


def test_counts_shares_and_the_busiest_hours() -> None:
    held = frame(
        *(post(no, 18.5 / 24, thread_no=1, picture=no < 3) for no in range(1, 5)),
        *(post(no, 2 + 9.1 / 24, deleted=True) for no in (11, 12)),
    )
    found = totals(held)
    assert found is not None
    assert (found.posts, found.threads, found.pictures, found.deleted, found.days) == (6, 3, 2, 2, 2)
    assert found.per_day == 3.0
    assert found.picture_share == pytest.approx(1 / 3)
    assert found.busiest == (18, 9)
    assert found.first == after(18.5 / 24)


def test_nothing_has_no_totals() -> None:
    assert totals(frame()) is None


def test_replies_are_counted_where_the_opening_post_is_held() -> None:
    held = frame(
        post(1, 0), post(2, 0, thread_no=1), post(3, 0, thread_no=1), post(4, 0), post(9, 0, thread_no=8)
    )
    assert replies(held).to_list() == [0, 2]
    assert replies(frame(post(9, 0, thread_no=8))).is_empty()


def test_an_hour_of_the_week_has_the_mean_over_its_days() -> None:
    mondays = frame(post(1, 5.5 / 24), post(2, 5.6 / 24), post(3, 7 + 1 / 24))
    mean = week(mondays)
    assert (mean[0][5], mean[0][1]) == (1.0, 0.5)
    assert sum(map(sum, mean)) == 1.5


def test_lengths_fall_into_doubling_spans() -> None:
    values = pl.Series([0, 1, 1, 2, 3, 9], dtype=pl.Int64)
    assert doubling(values) == {"0": 1, "1": 2, "2-3": 2, "4-7": 0, "8-15": 1}
    assert doubling(pl.Series([], dtype=pl.Int64)) == {}
