"""Who is held out."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from bizmeme.core.splits import PARTS, HeldOut, part_of_day, unit_hash, with_day, with_part

LAST = date(2025, 12, 8)
VALUES: dict[str, Any] = {
    "block_days": 14, "gold_days": 2, "val_days": 1, "last_period_from": None, "embargo_days": 0,
}  # fmt: skip
HELD_OUT = HeldOut(**VALUES)
WITH_LAST = HeldOut(**VALUES | {"last_period_from": "2025-12-08", "embargo_days": 20})
MONDAY = date(2025, 1, 6)  # a block begins: (ordinal - 1) is a multiple of 14
DAYS = [MONDAY + timedelta(days=n) for n in range(14 * 100)]


def test_every_block_holds_out_as_many_days_as_configured() -> None:
    assert (MONDAY.toordinal() - 1) % 14 == 0
    for start in range(0, len(DAYS), 14):
        parts = [part_of_day(day, HELD_OUT, seed=3) for day in DAYS[start : start + 14]]
        assert (parts.count("gold"), parts.count("val"), parts.count("train")) == (2, 1, 11)


def test_any_two_blocks_length_of_days_has_held_out_ones() -> None:
    parts = [part_of_day(day, HELD_OUT, seed=3) for day in DAYS]
    for start in range(len(DAYS) - 28):
        assert parts[start : start + 28].count("gold") >= 2
        assert parts[start : start + 28].count("val") >= 1


def test_blocks_differ_in_which_of_their_days_are_held_out() -> None:
    parts = [part_of_day(day, HELD_OUT, seed=3) for day in DAYS]
    places = {start: tuple(parts[start : start + 14]) for start in range(0, len(DAYS), 14)}
    assert len(set(places.values())) > 50
    assert parts != [part_of_day(day, HELD_OUT, seed=4) for day in DAYS]


def test_more_posts_move_no_day() -> None:
    posts = [(day, number) for number, day in enumerate(DAYS[:40])]
    few, many = (with_part(table(rows), HELD_OUT, seed=3) for rows in (posts[::3], posts))
    parts = dict(many.select("day", "part").iter_rows())
    assert set(parts.values()) == {"gold", "val", "train"}
    assert all(parts[day] == part for day, part in few.select("day", "part").iter_rows())


def test_a_last_period_moves_no_day_before_its_embargo() -> None:
    before = [day for day in DAYS if day < LAST - timedelta(days=20)]
    assert len(before) > 300
    assert all(part_of_day(d, WITH_LAST, seed=3) == part_of_day(d, HELD_OUT, seed=3) for d in before)


def test_the_last_period_is_held_out_whole() -> None:
    later = [LAST + timedelta(days=n) for n in range(60)]
    assert {part_of_day(day, WITH_LAST, seed=3) for day in later} == {"last"}
    assert part_of_day(LAST - timedelta(days=1), WITH_LAST, seed=3) != "last"


def test_the_embargo_takes_train_and_val_days_and_leaves_gold_ones() -> None:
    inside = [LAST - timedelta(days=n) for n in range(1, 21)]
    plain = [part_of_day(day, HELD_OUT, seed=3) for day in inside]
    assert set(plain) == {"gold", "val", "train"}
    expected = ["gold" if part == "gold" else "embargo" for part in plain]
    assert [part_of_day(day, WITH_LAST, seed=3) for day in inside] == expected
    assert part_of_day(LAST - timedelta(days=21), WITH_LAST, seed=3) != "embargo"


def test_every_part_has_a_name_in_the_list() -> None:
    named = {part_of_day(LAST + timedelta(days=n), WITH_LAST, seed=3) for n in range(-60, 5)}
    assert named == set(PARTS)


@pytest.mark.parametrize("val_days", [12, 13])
def test_a_block_that_leaves_nothing_to_train_on_is_refused(val_days: int) -> None:
    with pytest.raises(ValidationError, match="no day of a block of 14 is left to train on"):
        HeldOut(**VALUES | {"val_days": val_days})
    HeldOut(**VALUES | {"val_days": 11})


def test_the_unit_hash_tells_its_parts_apart() -> None:
    assert unit_hash("a", "bc") != unit_hash("ab", "c")
    assert 0 <= unit_hash("x") < 1


def test_a_reply_after_midnight_goes_with_its_threads_day() -> None:
    late, early = datetime(2025, 1, 2, 0, 5, tzinfo=UTC), datetime(2025, 1, 1, 23, 50, tzinfo=UTC)
    posts = pl.DataFrame({"board": ["b", "b"], "thread_no": [1, 1], "posted_at": [late, early]})
    assert with_day(posts)["day"].to_list() == [date(2025, 1, 1)] * 2


def table(posts: list[tuple[date, int]]) -> pl.DataFrame:
    """One opening post a row, at noon."""
    rows = [
        {
            "board": "b",
            "thread_no": number,
            "posted_at": datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        }
        for day, number in posts
    ]
    return pl.DataFrame(rows)
