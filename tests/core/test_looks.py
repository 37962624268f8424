"""Which catalogs are believed, and how soon the next look comes."""

import pytest

from bizmeme.core.looks import next_interval, plausible


@pytest.mark.parametrize(
    ("listed", "before", "doubted", "believed"),
    [
        (0, 0, 9, False), (0, 150, 9, False), (75, 150, 0, True), (74, 150, 0, False), (74, 150, 2, True),
        (3, 0, 0, True),
    ],
)  # fmt: skip
def test_an_empty_or_halved_catalog_is_an_accident(
    listed: int, before: int, doubted: int, believed: bool
) -> None:
    assert plausible(listed, before, doubted=doubted) is believed


@pytest.mark.parametrize(
    ("most_new", "overflowed", "expected"),
    [
        (0, False, 120), (1, False, 120), (2, False, 90), (3, False, 60), (6, False, 30), (6, True, 30),
        (40, True, 10),
    ],
)  # fmt: skip
def test_the_next_look_comes_before_the_window_overflows(
    most_new: int, overflowed: bool, expected: float
) -> None:
    wanted = next_interval(60, most_new=most_new, window=5, overflowed=overflowed, bounds_s=(10, 300))
    assert wanted == expected
