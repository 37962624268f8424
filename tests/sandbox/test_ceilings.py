"""What text or picture alone can tell."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable

import pytest

from bizmeme.sandbox.building import build
from bizmeme.sandbox.ceilings import Ceilings, ceilings, joint, mood_mix
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.drafts import DAY_S, begins_at
from bizmeme.sandbox.world import Post, World
from tests.sandbox.conftest import load


@pytest.fixture(scope="module")
def large() -> World:
    return build(load("default"))


@pytest.mark.parametrize("seed_offset", [-1, 0, 1])
@pytest.mark.parametrize("name", ["default", "small"])
def test_neither_text_nor_picture_suffices_but_both_do(name: str, seed_offset: int) -> None:
    config = load(name)
    best = ceilings(config.model_copy(update={"seed": config.seed + seed_offset}))
    assert 0.5 < best.text <= 0.6
    assert 0.5 < best.image <= 0.6
    assert best.both == 1.0


@pytest.mark.parametrize("name", ["default", "small"])
def test_the_mix_of_moods_is_the_real_boards(name: str) -> None:
    assert mood_mix(load(name)) == pytest.approx(
        {"bearish": 0.343, "neutral": 0.477, "bullish": 0.18}, abs=0.02
    )


def test_the_odds_of_every_cell_sum_to_one(small: SandboxConfig) -> None:
    assert sum(joint(small).values()) == pytest.approx(1)


def words(post: Post) -> Hashable:
    return post.copypasta.key if post.copypasta else post.topic


def picture(post: Post) -> Hashable:
    assert post.picture
    return (
        post.picture.root
        if post.copypasta and post.picture.scene == post.copypasta.scene
        else post.picture.scene
    )


@pytest.mark.parametrize(("side", "of"), [("text", words), ("image", picture)])
def test_the_enumerated_ceiling_is_what_knowing_the_day_and_the_odds_reaches(
    side: str, of: Callable[[Post], Hashable], large: World
) -> None:
    """A table made from the same posts flatters: a day's rarest cells hold few of them."""
    config = load("default")
    seen: dict[Hashable, Counter[str | None]] = defaultdict(Counter)
    for post in large.pictured:
        week = (post.posted_at - begins_at(config)) // (7 * DAY_S)
        seen[week, of(post)][post.mood] += 1
    reached = sum(max(moods.values()) for moods in seen.values()) / len(large.pictured)
    assert reached == pytest.approx(getattr(ceilings(config), side), abs=0.02)


def test_copypasta_raises_what_one_side_can_tell(small: SandboxConfig) -> None:
    def at(share: float) -> Ceilings:
        world = small.world.model_copy(update={"copypasta_share": share})
        return ceilings(small.model_copy(update={"world": world}))

    none, all_of_it = at(0.0), at(0.5)
    assert none.text < at(0.066).text < all_of_it.text
    assert none.image < at(0.066).image < all_of_it.image
    assert all_of_it.text > 0.5 * 0.9 + 0.5 * 0.5
