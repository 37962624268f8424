"""The stratified sample, its extension and its weights."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizmeme.core.sampling import Member, allocate, drawn, spread, weights

MEMBERS = [Member(n, "busy" if n % 3 else "quiet") for n in range(300)]
STRATA = {one.key: one.stratum for one in MEMBERS}

Strata = dict[str, tuple[int, int, int]]  # size ≥ most ≥ held
strata = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=2),
    st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60)).map(
        lambda three: tuple(sorted(three, reverse=True))
    ),
    max_size=12,
)


def test_places_follow_sizes_to_within_one() -> None:
    assert allocate({"a": 50, "b": 30, "c": 20}, 10) == {"a": 5, "b": 3, "c": 2}
    assert allocate({"a": 1, "b": 1}, 9) == {"a": 1, "b": 1}
    assert allocate({"a": 9, "b": 5, "c": 1}, 2) == {"a": 1, "b": 1, "c": 0}
    assert allocate({}, 5) == {}


def test_a_small_stratum_is_not_lost() -> None:
    assert allocate({"common": 100, "rare": 1}, 10) == {"common": 9, "rare": 1}


def test_what_cannot_be_drawn_of_one_stratum_goes_to_the_others() -> None:
    assert allocate({"busy": 60, "quiet": 40}, 10, most={"busy": 4, "quiet": 40}) == {"busy": 4, "quiet": 6}
    assert allocate({"busy": 60, "quiet": 40}, 99, most={"busy": 4}) == {"busy": 4, "quiet": 0}


def test_what_is_held_stays_and_the_rest_comes_to_the_plan() -> None:
    sizes = {"old": 50, "new": 50}
    assert allocate(sizes, 30, held={"old": 10}) == {"old": 15, "new": 15}
    assert allocate(sizes, 30, held={"old": 20}) == {"old": 20, "new": 10}


@given(strata, st.integers(0, 400), st.booleans())
def test_places_keep_their_bounds_and_all_others_have_one_rate(
    given_strata: Strata, more: int, extending: bool
) -> None:
    sizes = {name: size for name, (size, _, _) in given_strata.items()}
    most = {name: most for name, (_, most, _) in given_strata.items()}
    held = {name: held if extending else 0 for name, (_, _, held) in given_strata.items()}
    wanted = sum(held.values()) + more
    places = allocate(sizes, wanted, most=most, held=held)
    assert sum(places.values()) == min(wanted, sum(most.values()))
    assert all(held[name] <= places[name] <= most[name] for name in sizes)
    # Above its least and below its most, each is less than one place from the same rate times its size.
    slowest = max(((places[n] - 1) / sizes[n] for n in sizes if places[n] > max(held[n], 1)), default=0)
    fastest = min(((places[n] + 1) / sizes[n] for n in sizes if places[n] < most[n]), default=math.inf)
    assert slowest <= fastest + 1e-9


def test_the_same_seed_draws_the_same_in_any_order_and_another_seed_others() -> None:
    places = {"busy": 30, "quiet": 20}
    ours = drawn(MEMBERS, places, seed=1)
    assert Counter(STRATA[key] for key in ours) == places
    assert drawn(MEMBERS[::-1], places, seed=1) == ours
    assert drawn(MEMBERS, places, seed=2) != ours


def test_a_longer_draw_holds_the_shorter_one() -> None:
    assert drawn(MEMBERS, {"busy": 30}, seed=1) < drawn(MEMBERS, {"busy": 31}, seed=1)


@given(strata, st.integers(1, 400))
def test_weights_add_up_to_the_population(given_strata: Strata, wanted: int) -> None:
    sizes = {name: size for name, (size, _, _) in given_strata.items()}
    places = allocate(sizes, wanted, most={name: most for name, (_, most, _) in given_strata.items()})
    sampled = [name for name, count in places.items() for _ in range(count)]
    each = weights(sizes, sampled)
    assert math.fsum(each[name] for name in sampled) == pytest.approx(sum(sizes.values()) if sampled else 0)
    if all(places[name] for name in sizes if sizes[name]):
        assert each == {name: pytest.approx(sizes[name] / places[name]) for name in sizes if sizes[name]}


@pytest.mark.parametrize(("share", "count"), [(0.05, 15), (0.15, 45), (0.0, 0), (1.0, 300), (0.005, 2)])
def test_a_share_is_exact_and_spread_over_the_strata(share: float, count: int) -> None:
    chosen = spread(MEMBERS, share, what="second", seed=1)
    assert len(chosen) == count
    of = Counter(STRATA[key] for key in chosen)
    assert abs(of["busy"] - count * 2 / 3) <= 1
    assert abs(of["quiet"] - count / 3) <= 1


def test_shares_of_another_name_or_seed_are_others_and_order_does_not_matter() -> None:
    ours = spread(MEMBERS, 0.15, what="second", seed=1)
    assert spread(MEMBERS[::-1], 0.15, what="second", seed=1) == ours
    assert spread(MEMBERS, 0.15, what="repeat", seed=1) != ours
    assert spread(MEMBERS, 0.15, what="second", seed=2) != ours
    assert spread([], 0.5, what="second", seed=1) == set()
