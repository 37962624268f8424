"""How far it is to so many pictures."""

from bizmeme.core.goal import goal, grown
from tests.core.holding import after, frame, post


def pictures(*days: float) -> list[dict[str, object]]:
    return [post(no, day, picture=True) for no, day in enumerate(days)]


def test_the_rate_is_that_of_the_last_seven_days() -> None:
    held = frame(*pictures(*[n / 10 for n in range(300)]), post(999, 29, picture=False))  # ten a day
    found = goal(held, 1000, now=after(30))
    assert (found.held, found.per_day, found.share) == (300, 10.0, 0.3)
    assert found.on == after(30 + 70).date()
    assert str(found).startswith("300 of 1,000 posts with a picture (30 %); at 10 a day, 1,000 on ")


def test_a_collection_of_two_days_goes_by_those_and_one_of_an_hour_by_a_day() -> None:
    assert goal(frame(*pictures(*[n / 50 for n in range(100)])), 900, now=after(2)).per_day == 50
    assert goal(frame(*pictures(0.0, 0.01, 0.02)), 900, now=after(0.04)).per_day == 3


def test_it_says_when_the_goal_was_reached() -> None:
    found = goal(frame(*pictures(1, 2, 3, 4)), 3, now=after(30))
    assert (found.on, found.share) == (after(3).date(), 1.0)
    assert str(found) == "4 posts with a picture; 3 reached with a post of 2025-10-02"


def test_where_nothing_comes_any_more_no_day_is_promised() -> None:
    found = goal(frame(*pictures(1, 2)), 3, now=after(300))
    assert found.on is None
    assert "none came in the last 7 days" in str(found)
    assert goal(frame(), 3, now=after(0)).on is None


def test_a_day_beyond_the_calendar_is_none() -> None:
    assert goal(frame(*pictures(1.0)), 10**9, now=after(2)).on is None


def test_it_grows_by_what_each_day_brought() -> None:
    held = frame(*pictures(0.1, 0.2, 2.5), post(99, 1.0))
    assert grown(held, "day").rows() == [(after(0), 2), (after(1), 2), (after(2), 3)]
