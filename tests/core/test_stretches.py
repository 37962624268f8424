"""Stretches of time, against the same moments counted one by one."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bizmeme.core.stretches import Stretch, grouped, uncovered, united

MOMENTS = st.integers(0, 30)
STRETCH = st.builds(Stretch, MOMENTS, MOMENTS)
SEVERAL = st.lists(STRETCH, max_size=6)


def moments(stretches: list[Stretch]) -> set[int]:
    return {at for each in stretches for at in range(int(each.begins_s), int(each.ends_s))}


@given(SEVERAL)
def test_what_is_united_holds_the_same_moments_in_order_and_apart(stretches: list[Stretch]) -> None:
    made = united(stretches)
    assert moments(made) == moments(stretches)
    assert all(before.ends_s < after.begins_s for before, after in pairwise(made))
    assert united(reversed(made)) == made


@given(SEVERAL, STRETCH)
def test_what_is_uncovered_and_what_is_covered_are_the_whole(covered: list[Stretch], within: Stretch) -> None:
    left = uncovered(covered, within)
    assert moments(left) == moments([within]) - moments(covered)
    assert all(before.ends_s <= after.begins_s for before, after in pairwise(left))


@given(SEVERAL, st.integers(1, 9))
def test_groups_are_apart_and_leave_nothing_out(stretches: list[Stretch], apart: int) -> None:
    made = united(stretches)
    groups = grouped(made, apart_s=apart)
    assert [each for group in groups for each in group] == made
    for before, after in pairwise(groups):
        assert after[0].begins_s - before[-1].ends_s >= apart


@given(STRETCH, MOMENTS, MOMENTS)
def test_a_stretch_meets_what_shares_a_moment_with_it(stretch: Stretch, first: int, last: int) -> None:
    if first <= last and stretch.begins_s < stretch.ends_s:
        assert stretch.meets(first, last) == bool(moments([stretch]) & set(range(first, last + 1)))
