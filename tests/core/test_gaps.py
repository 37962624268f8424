"""Missing numbers: single ones are normal, long runs are gaps, each filled from where it still can be."""

import random
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizmeme.core.coverage import Every
from bizmeme.core.gaps import FEWEST, Fill, behind, command, fills, missing_by_time, runs, shortest_gap, where
from tests.core.holding import after, frame, post, steady

NOW = after(30)


def gaps(posts: pl.DataFrame) -> pl.DataFrame:
    return runs(posts).filter(pl.col("count") >= shortest_gap(posts))


def test_a_run_lies_between_two_held_numbers_whoever_holds_them() -> None:
    held = frame(post(10, 0.0), post(13, 0.5, source="warosu"), post(13, 0.5), post(14, 0.6))
    assert runs(held).rows() == [("biz", 11, 12, 2, after(0), after(0.5))]


def test_boards_have_numbers_of_their_own() -> None:
    assert runs(frame(post(1, 0), post(90, 0, board="smg"), post(2, 1))).is_empty()


def test_deletions_here_and_there_are_no_gap_and_ten_in_a_row_are_one() -> None:
    chance = random.Random(3)
    held = [no for no in range(20_000) if chance.random() > 0.03]
    assert shortest_gap(steady(held)) == FEWEST
    assert gaps(steady(held)).is_empty()
    cut = steady([no for no in held if not 7_000 <= no < 7_010])
    assert gaps(cut)["first"].to_list() == [next(no for no in range(7_000, 6_900, -1) if no - 1 in held)]


def test_where_only_a_part_of_the_board_is_held_a_gap_is_far_longer_than_its_usual_runs() -> None:
    chance = random.Random(3)
    held = [no for no in range(200_000) if chance.random() < 0.05]
    thin = steady(held)
    assert 30 * 30 < shortest_gap(thin) < 30 * 60  # nine in ten runs are shorter than about 45
    assert gaps(thin).is_empty()
    assert len(gaps(steady([no for no in held if not 50_000 <= no < 53_000]))) == 1


def test_the_source_that_holds_the_most_says_what_is_usual() -> None:
    thin, dense = steady(range(0, 10_000, 25), source="imported"), steady(range(10_000, 11_000))
    both = pl.concat([thin, dense])
    assert shortest_gap(thin) > 500
    assert shortest_gap(both) == FEWEST
    assert gaps(both)["count"].sum() == 24 * len(thin)


@given(
    st.lists(st.integers(1, 400), min_size=2, max_size=30, unique=True),
    st.sampled_from(("hour", "day", "week", "month")),
    st.floats(0.5, 40),
)
def test_the_pieces_of_runs_add_up_to_them(nos: list[int], every: Every, days: float) -> None:
    held = frame(*(post(no, no * days / 400) for no in nos))
    missing = runs(held)
    counted = missing_by_time(missing, every)
    assert counted["count"].sum() == missing["count"].sum() == max(nos) - min(nos) + 1 - len(nos)
    assert (counted["count"] >= 0).all()


def test_a_run_over_two_days_is_spread_by_the_time_that_it_has_in_each() -> None:
    counted = missing_by_time(runs(frame(post(0, 0.75), post(101, 1.75))), "day")
    assert counted.rows() == [(after(0), 25), (after(1), 75)]


def test_posts_of_one_second_or_out_of_order_lose_no_number() -> None:
    assert missing_by_time(runs(frame(post(1, 1.5), post(5, 1.5))), "day")["count"].sum() == 3
    late = runs(frame(post(1, 2.5), post(5, 0.5)))
    assert late.select("after", "until").row(0) == (after(0.5), after(2.5))
    assert missing_by_time(late, "day")["count"].sum() == 3


@pytest.mark.parametrize(
    ("day", "place"),
    [
        (NOW.date(), "board"),
        ((NOW - timedelta(days=3)).date(), "board"),
        ((NOW - timedelta(days=4)).date(), "warosu"),
        (date(2015, 1, 1), "warosu"),
        (date(2014, 12, 31), "nowhere"),
    ],
)
def test_the_board_shows_three_days_and_the_archive_what_came_since_2015(day: date, place: str) -> None:
    assert where(day, now=NOW) == place


def test_a_day_of_which_the_board_has_forgotten_the_morning_is_the_archives() -> None:
    assert where((NOW - timedelta(days=3)).date(), now=NOW + timedelta(hours=1)) == "warosu"


def test_days_of_one_place_go_together_and_each_fill_says_what_to_type() -> None:
    held = frame(post(0, 3.5), post(101, 4.5), post(102, 7.2), post(123, 7.3), post(124, 20), post(135, 29.5))
    found = fills(runs(held), now=NOW)
    assert found == [
        Fill("warosu", after(3).date(), after(7).date(), 2, 120),
        Fill("warosu", after(20).date(), after(26).date(), 1, 7),
        Fill("board", after(27).date(), after(29).date(), 1, 3),
    ]
    words = "source=warosu source.from=2025-10-02 source.to=2025-10-06 source.pages=null"
    assert command(found[0]) == f"bizmeme collect {words}"
    assert command(found[2], overrides=["collect.kinds=[]"]) == (
        "bizmeme collect 'collect.kinds=[]' source=board collect.once=true"
    )
    assert str(found[0]) == "2 gaps, 120 numbers, 2025-10-02 to 2025-10-06"
    assert command(Fill("nowhere", date(2014, 5, 1), date(2014, 5, 2), 1, 9)) == ""


def test_no_gap_needs_no_filling() -> None:
    assert fills(runs(frame(post(1, 0), post(2, 1))), now=NOW) == []


def test_what_came_since_the_newest_post_is_still_to_be_looked_at() -> None:
    held = frame(post(1, 0), post(2, 10.5))
    found = fills(behind(held, now=NOW), now=NOW)
    assert [(each.where, each.first, each.missing) for each in found] == [
        ("warosu", after(10).date(), 0),
        ("board", after(27).date(), 0),
    ]
    assert behind(held, now=after(11)).is_empty()
