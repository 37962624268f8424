"""The odds of moods, and what text or picture alone can tell."""

from collections import Counter, defaultdict
from collections.abc import Callable

import pytest

from bizmeme.sandbox import moods
from bizmeme.sandbox.building import build
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.world import Post, World
from tests.sandbox.conftest import load


@pytest.fixture(scope="module")
def large() -> World:
    return build(load("default"))


@pytest.mark.parametrize("name", ["default", "small"])
def test_neither_text_nor_picture_suffices_but_both_do(name: str) -> None:
    best = moods.ceilings(load(name))
    assert 0.55 < best.text <= 0.62
    assert 0.55 < best.image <= 0.62
    assert best.both == 1.0


@pytest.mark.parametrize("name", ["default", "small"])
def test_the_mix_of_moods_is_the_real_boards(name: str) -> None:
    mix = moods.mood_mix(load(name))
    assert mix == pytest.approx({"bearish": 0.343, "neutral": 0.477, "bullish": 0.180}, abs=0.02)


def test_the_odds_of_every_cell_sum_to_one(small: SandboxConfig) -> None:
    assert sum(moods.joint(small).values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("side", "of"),
    [
        ("topic", lambda post: post.topic),
        ("scene", lambda post: post.picture.scene),
    ],
)
def test_the_enumerated_ceiling_is_what_a_lookup_reaches(
    side: str, of: Callable[[Post], str], large: World
) -> None:
    seen: dict[str, Counter[str | None]] = defaultdict(Counter)
    for post in large.pictured:
        seen[of(post)][post.mood] += 1
    reached = sum(max(moods.values()) for moods in seen.values()) / len(large.pictured)
    best = moods.ceilings(load("default"))
    assert reached == pytest.approx(best.text if side == "topic" else best.image, abs=0.02)


def test_moods_swing_from_week_to_week(small: SandboxConfig) -> None:
    fear, greed = moods.odds_on(small, 0), moods.odds_on(small, 7)
    assert fear[0]["crash"] > 1.5 * greed[0]["crash"]
    assert greed[1]["moon"] > 1.5 * fear[1]["moon"]


def test_without_swing_every_week_is_calm(small: SandboxConfig) -> None:
    calm = small.model_copy(update={"world": small.world.model_copy(update={"swing": 0.0})})
    assert moods.odds_on(calm, 0)[0] == pytest.approx(moods.SCENES)
    assert moods.odds_on(calm, 7)[1] == pytest.approx(moods.TOPICS)
