"""What is held over time: counts by stretch and source, each post once in `all`, strays left out."""

from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizmeme.core.coverage import ALL, SCHEMA, SOURCES, Every, by_time, distinct, in_scope, legible, opening
from tests.core.holding import after, frame, post

POSTS = st.lists(
    st.builds(
        lambda no, source, hours, picture: post(
            no, hours / 24, source=source, thread_no=no // 7, picture=picture
        ),
        st.integers(1, 60),
        st.sampled_from(SOURCES),
        st.integers(0, 24 * 40),
        st.booleans(),
    ),
    unique_by=lambda each: (each["source"], each["no"]),
)  # fmt: skip
COUNTS = ("posts", "threads", "pictures", "deleted")


def rows(posts: pl.DataFrame, every: Every = "day") -> list[tuple[object, ...]]:
    return by_time(posts, every).select("begins", "source", *COUNTS).rows()


def test_a_post_that_two_sources_hold_counts_for_each_and_once_in_all() -> None:
    both = frame(
        post(5, 0.1, picture=True),
        post(5, 0.1, source="warosu", deleted=True),
        post(6, 0.2, source="warosu", thread_no=5),
    )
    assert rows(both) == [
        (after(0), ALL, 2, 1, 1, 1),
        (after(0), "board", 1, 1, 1, 0),
        (after(0), "warosu", 2, 1, 0, 1),
    ]
    first = distinct(both).row(0, named=True)
    assert (first["source"], first["held_by"]) == ("board", 2)


def test_a_day_without_posts_has_a_row_of_zeros() -> None:
    assert rows(frame(post(1, 0.5), post(9, 2.5)))[2] == (after(1), ALL, 0, 0, 0, 0)


def test_a_thread_of_several_days_is_one_thread_of_their_week() -> None:
    running = frame(post(1, 1.0), post(2, 2.0, thread_no=1), post(3, 3.0, thread_no=1))
    assert [row[3] for row in rows(running) if row[1] == ALL] == [1, 1, 1]
    assert rows(running, "week")[0] == (after(0), ALL, 3, 1, 0, 0)


@given(POSTS, st.sampled_from(("hour", "day", "week", "month")))
def test_stretches_add_up_and_all_is_at_most_the_sum_of_the_sources(
    posts: list[dict[str, object]], every: Every
) -> None:
    held = frame(*posts)
    counted = by_time(held, every)
    whole, each = counted.filter(pl.col("source") == ALL), counted.filter(pl.col("source") != ALL)
    assert whole["posts"].sum() == held.select("board", "no").n_unique()
    assert each["posts"].sum() == len(held)
    joined = each.group_by("begins").agg(pl.col(COUNTS).sum()).join(whole, on="begins", suffix="_all")
    assert joined["posts_all"].sum() <= joined["posts"].sum()
    assert (joined["pictures_all"] <= joined["posts_all"]).all()
    assert whole["begins"].is_unique().all()


def test_nothing_held_gives_no_rows() -> None:
    nothing = pl.DataFrame(schema=dict(SCHEMA))
    assert by_time(nothing, "day").is_empty()
    assert in_scope(nothing).posts.is_empty()
    assert legible(nothing) == "day"


def test_opening_posts_are_those_with_their_threads_number() -> None:
    assert opening(frame(post(1, 0), post(2, 0, thread_no=1)))["no"].to_list() == [1]


def test_an_old_sticky_thread_does_not_draw_the_axis_out_for_years() -> None:
    usual = [post(1000 + n, 100 + n / 50) for n in range(100)]
    replies = [post(10 + n, n, thread_no=10) for n in range(0, 99, 3)]  # one every three days: no break
    inside = post(1500, 101, thread_no=10)
    scope = in_scope(frame(*usual, *replies, inside))
    assert scope.aside == len(replies)
    assert sorted(scope.posts["no"]) == sorted([*range(1000, 1100), 1500])


def test_a_lone_post_of_years_before_is_set_aside_and_a_second_campaign_is_not() -> None:
    late = [post(9000 + n, 900 + n / 500) for n in range(500)]
    early = [post(100 + n, n / 500) for n in range(50)]
    assert in_scope(frame(post(7, 0), *late)).aside == 1
    assert in_scope(frame(*early, *late)).aside == 0


@pytest.mark.parametrize(
    ("days", "every"), [(1, "day"), (60, "day"), (61, "week"), (400, "week"), (500, "month")]
)
def test_long_stretches_are_folded_to_what_a_person_can_read(days: int, every: Every) -> None:
    assert legible(frame(post(1, 0), post(2, days - 1))) == every


def test_a_week_begins_on_monday() -> None:
    assert rows(frame(post(1, 6.99)), "week")[0][0] == after(0)
    assert rows(frame(post(1, 7.0)), "week")[0][0] == after(0) + timedelta(days=7)
