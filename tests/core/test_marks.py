"""Market periods and held-out days, as a table and a picture show them."""

from datetime import date, timedelta

from bizmeme.core.marks import Stretch, held_out, periods, told, within
from bizmeme.core.splits import HeldOut, part_of_day

FIRST = date(2025, 9, 29)
LAST = date(2025, 12, 8)
RULE = HeldOut(block_days=14, gold_days=2, val_days=1, last_period_from=LAST, embargo_days=0)


def days(stretch: Stretch) -> list[date]:
    return [stretch.first + timedelta(days=n) for n in range((stretch.last - stretch.first).days + 1)]


def test_periods_follow_each_other_from_the_first_day() -> None:
    assert periods(FIRST, [("calm", 14), ("fear", 7)]) == [
        Stretch("calm", FIRST, date(2025, 10, 12)),
        Stretch("fear", date(2025, 10, 13), date(2025, 10, 19)),
    ]


def test_held_out_days_are_those_of_the_split() -> None:
    found = held_out(FIRST, date(2025, 12, 14), RULE, seed=3)
    marked = {day: each.name for each in found for day in days(each)}
    for number in range(77):
        part = part_of_day(day := FIRST + timedelta(days=number), RULE, seed=3)
        assert marked.get(day, "train") == part
    assert found[-1] == Stretch("last", LAST, date(2025, 12, 14))


def test_only_what_lies_between_two_days_is_told_of() -> None:
    market = periods(FIRST, [("calm", 3), ("greed", 6)])
    assert within(market, date(2025, 10, 3), date(2025, 10, 9)) == [
        Stretch("greed", date(2025, 10, 3), date(2025, 10, 7))
    ]
    assert told(market, FIRST, FIRST) == "calm"
    assert told(market, FIRST, date(2025, 10, 5)) == "calm 3, greed 4"
    assert told(market, date(2025, 12, 1), date(2025, 12, 1)) == ""
