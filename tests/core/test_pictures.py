"""The vendors' rules from a picture's size to its tokens, by the figures that others measured."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from bizmeme.core.pictures import Detail, scaled
from bizmeme.core.prices import PriceTable

CONF = Path(__file__).parents[2] / "conf/prices/default.yaml"
TABLE = PriceTable.model_validate(OmegaConf.to_container(OmegaConf.load(CONF)))

sides = st.integers(1, 5_000)
models = st.sampled_from(sorted(TABLE.models))


@pytest.mark.parametrize(
    ("model", "size", "detail", "tokens"),
    [
        ("gpt-6-luna", (512, 512), "low", 308),
        ("gpt-6-luna", (1024, 1024), "low", 1229),
        ("gpt-6-luna", (1, 1), "low", 2),
        ("gpt-6-luna", (512, 513), "low", 327),  # a row of patches more
        ("gpt-6-luna", (9_000, 9_000), "low", 12_000),
        ("gpt-4.1-mini", (512, 512), "low", 415),
        ("gpt-4.1-mini", (4_000, 4_000), "high", 2_489),
        ("gpt-4o-mini", (512, 512), "low", 2_833),
        ("gpt-4o-mini", (4_000, 3_000), "low", 2_833),
        ("gpt-4o-mini", (512, 512), "high", 2_833 + 5_667),
        ("gpt-4o-mini", (1024, 1024), "high", 2_833 + 4 * 5_667),  # becomes 768×768
        ("gpt-4o-mini", (2048, 4096), "high", 2_833 + 6 * 5_667),  # becomes 768×1536
        ("gpt-4o-mini", (112, 112), "auto", 2_833 + 5_667),
        ("gemini-2.5-flash-lite", (384, 384), "low", 258),
        ("gemini-2.5-flash-lite", (385, 100), "low", 516),
        ("gemini-2.5-flash-lite", (512, 512), "low", 1_032),
        ("gemini-3.1-flash-lite", (512, 512), "low", 280),
        ("gemini-3.1-flash-lite", (512, 512), "high", 1_090),
    ],
)  # fmt: skip
def test_a_picture_costs_what_the_vendor_says(
    model: str, size: tuple[int, int], detail: Any, tokens: int
) -> None:
    assert TABLE.models[model].picture.tokens(*size, detail=detail) == tokens


@given(models, sides, sides, st.sampled_from(["low", "high", "auto"]))
def test_a_picture_costs_something_and_the_same_on_its_side(
    model: str, width_px: int, height_px: int, detail: Detail
) -> None:
    rule = TABLE.models[model].picture
    upright, lying = (
        rule.tokens(*size, detail=detail) for size in ((width_px, height_px), (height_px, width_px))
    )
    assert upright == lying > 0


@given(sides, sides, sides)
def test_a_larger_picture_is_never_cheaper_in_patches(width_px: int, height_px: int, more_px: int) -> None:
    patches = TABLE.models["gpt-6-luna"].picture
    small, large = (patches.tokens(width_px + px, height_px, detail="low") for px in (0, more_px))
    assert small <= large <= 12_000


@given(sides, sides, st.integers(1, 2_000))
def test_what_is_sent_is_never_larger_than_it_was_or_than_asked(
    width_px: int, height_px: int, longest_px: int
) -> None:
    width, height = scaled(width_px, height_px, longest_px=longest_px)
    assert 1 <= width <= width_px
    assert 1 <= height <= height_px
    assert max(width, height) == min(longest_px, max(width_px, height_px))


@pytest.mark.parametrize(
    ("size", "longest_px", "sent"),
    [
        ((640, 480), 512, (512, 384)),
        ((480, 640), 512, (384, 512)),
        ((300, 200), 512, (300, 200)),
        ((9_000, 2), 512, (512, 1)),
    ],
)
def test_both_sides_shrink_alike(size: tuple[int, int], longest_px: int, sent: tuple[int, int]) -> None:
    assert scaled(*size, longest_px=longest_px) == sent
