"""The stratified sample."""

import pytest

from bizmeme.core.sampling import Candidate, allocate, stratified

POPULATION = [Candidate(n, "busy" if n % 3 else "quiet") for n in range(300)]


def test_weights_add_up_to_the_population() -> None:
    drawn = stratified(POPULATION, 50, seed=1)
    assert len(drawn) == 50
    assert sum(one.weight for one in drawn) == pytest.approx(300)
    assert sum(one.weight for one in drawn if one.stratum == "quiet") == pytest.approx(100)


def test_the_same_seed_draws_the_same_and_another_another() -> None:
    again = stratified(list(reversed(POPULATION)), 50, seed=1)
    assert {one.key for one in again} == {one.key for one in stratified(POPULATION, 50, seed=1)}
    assert {one.key for one in again} != {one.key for one in stratified(POPULATION, 50, seed=2)}


def test_all_are_taken_where_there_are_too_few() -> None:
    drawn = stratified(POPULATION[:5], 50, seed=1)
    assert sorted(one.key for one in drawn) == [0, 1, 2, 3, 4]
    assert {one.weight for one in drawn} == {1.0}
    assert stratified([], 50, seed=1) == []


def test_places_follow_sizes_to_within_one() -> None:
    assert allocate({"a": 50, "b": 30, "c": 20}, 10) == {"a": 5, "b": 3, "c": 2}
    assert allocate({"a": 1, "b": 1}, 9) == {"a": 1, "b": 1}
    assert allocate({"a": 9, "b": 5, "c": 1}, 2) == {"a": 1, "b": 1, "c": 0}
    assert allocate({}, 5) == {}


def test_a_small_stratum_is_not_lost() -> None:
    population = [Candidate(n, "rare" if n == 0 else "common") for n in range(101)]
    drawn = stratified(population, 10, seed=1)
    assert len(drawn) == 10
    assert sum(one.weight for one in drawn) == pytest.approx(101)
