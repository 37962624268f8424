"""Which posts each project shows, and in which order."""

import polars as pl

from bizmeme.core.rounds import Turn, turns


def sample(posts: int, *, batch: int = 0, first: int = 1) -> pl.DataFrame:
    """Every third post for a second person, every fifth once more."""
    numbers = range(first, first + posts)
    return pl.DataFrame(
        {
            "board": ["biz"] * posts,
            "no": list(numbers),
            "batch": [batch] * posts,
            "second": [no % 3 == 0 for no in numbers],
            "repeat": [no % 5 == 0 for no in numbers],
        }
    )


def test_the_first_sees_everything_and_the_second_a_share() -> None:
    drawn = sample(60)
    first, second = (turns(drawn, project, seed=1) for project in ("first", "second"))
    assert sorted(turn.key[1] for turn in first if not turn.repeat) == drawn["no"].to_list()
    assert sorted(turn.key[1] for turn in first if turn.repeat) == drawn.filter("repeat")["no"].to_list()
    assert sorted(turn.key[1] for turn in second) == drawn.filter("second")["no"].to_list()
    assert not any(turn.repeat for turn in second)
    assert turns(drawn, "adjudication", seed=1) == turns(drawn, "queue", seed=1) == []


def test_each_has_an_order_of_their_own_that_the_seed_decides() -> None:
    drawn = sample(60)
    common = set(drawn.filter("second")["no"])
    first = [turn.key for turn in turns(drawn, "first", seed=1) if turn.key[1] in common and not turn.repeat]
    second = [turn.key for turn in turns(drawn, "second", seed=1)]
    assert sorted(first) == sorted(second)
    assert first != second != sorted(second)
    assert second != [turn.key for turn in turns(drawn, "second", seed=2)]
    assert second == [turn.key for turn in turns(drawn[::-1], "second", seed=1)]


def test_a_repeat_stands_far_from_the_first_showing() -> None:
    shown = turns(sample(200), "first", seed=1)
    for turn in shown:
        if turn.repeat:
            apart = abs(shown.index(turn) - shown.index(Turn(turn.key, repeat=False)))
            assert apart > len(shown) / 3


def test_what_is_added_comes_after_what_was_there() -> None:
    before, added = sample(40), sample(20, batch=1, first=100)
    together = turns(pl.concat([added, before]), "first", seed=1)
    assert together[: len(turns(before, "first", seed=1))] == turns(before, "first", seed=1)
    assert together[len(turns(before, "first", seed=1)) :] == turns(added, "first", seed=1)
