"""How the market bends the odds of scenes and topics."""

import pytest

from bizmeme.sandbox import moods
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.regimes import odds_by_day, period_on


def test_the_odds_of_each_day_sum_to_one_and_are_its_own(small: SandboxConfig) -> None:
    days = odds_by_day(small)
    assert len(days) == small.world.days == 21
    for scenes, topics in days:
        assert sum(scenes.values()) == pytest.approx(1)
        assert sum(topics.values()) == pytest.approx(1)
        assert topics[moods.NO_TEXT] == moods.TOPICS[moods.NO_TEXT]
    assert len({scenes["crash"] for scenes, _ in days}) == len(days)


def test_a_day_lies_in_the_period_that_holds_it(small: SandboxConfig) -> None:
    assert [period_on(small, day) for day in (0, 6, 7, 13, 14, 20, 99)] == [0, 0, 1, 1, 2, 2, 2]


def test_fear_brings_crashes_and_greed_rockets(small: SandboxConfig) -> None:
    days = odds_by_day(small)
    greed, fear = days[:7], days[14:]

    def mean(week: list[tuple[moods.Odds, moods.Odds]], scene: str) -> float:
        return sum(scenes[scene] for scenes, _ in week) / len(week)

    assert mean(fear, "crash") > 1.5 * mean(greed, "crash")
    assert mean(greed, "rocket") > 1.5 * mean(fear, "rocket")


def test_without_swing_every_day_is_alike(small: SandboxConfig) -> None:
    calm = small.world.model_copy(update={"swing": 0.0, "daily_swing": 0.0})
    for scenes, topics in odds_by_day(small.model_copy(update={"world": calm})):
        assert scenes == pytest.approx(moods.SCENES)
        assert topics == pytest.approx(moods.TOPICS)
