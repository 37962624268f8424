"""Who is held out."""

from datetime import UTC, date, datetime, timedelta

import polars as pl

from bizmeme.core.splits import HeldOut, part_of_day, unit_hash, with_day

HELD_OUT = HeldOut(gold_share=0.25, val_share=0.1)
DAYS = [date(2025, 1, 1) + timedelta(days=n) for n in range(2000)]


def test_shares_of_days_come_out_as_configured() -> None:
    parts = [part_of_day(day, HELD_OUT, seed=3) for day in DAYS]
    assert abs(parts.count("gold") / len(DAYS) - 0.25) < 0.03
    assert abs(parts.count("val") / len(DAYS) - 0.10) < 0.02


def test_a_day_keeps_its_part_whatever_else_is_collected() -> None:
    assert part_of_day(DAYS[5], HELD_OUT, seed=3) == part_of_day(date(2025, 1, 6), HELD_OUT, seed=3)
    other = [part_of_day(day, HELD_OUT, seed=4) for day in DAYS]
    assert other != [part_of_day(day, HELD_OUT, seed=3) for day in DAYS]


def test_the_unit_hash_tells_its_parts_apart() -> None:
    assert unit_hash("a", "bc") != unit_hash("ab", "c")
    assert 0 <= unit_hash("x") < 1


def test_a_reply_after_midnight_goes_with_its_threads_day() -> None:
    late, early = datetime(2025, 1, 2, 0, 5, tzinfo=UTC), datetime(2025, 1, 1, 23, 50, tzinfo=UTC)
    posts = pl.DataFrame({"board": ["b", "b"], "thread_no": [1, 1], "posted_at": [late, early]})
    assert with_day(posts)["day"].to_list() == [date(2025, 1, 1)] * 2
