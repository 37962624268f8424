"""Cells of strangers' tables: numbers, dates, names."""

import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from bizmeme.core import cells

NOON = 1_759_924_800  # 2025-10-08 12:00 UTC


@pytest.mark.parametrize(
    "given",
    [
        NOON,
        float(NOON),
        NOON * 1_000,
        NOON * 1_000_000 + 999_999,
        NOON * 1_000_000_000,
        str(NOON),
        f" {NOON}.75 ",
        "2025-10-08 12:00",
        "2025-10-08T12:00:00Z",
        "2025-10-08T12:00:00.999",
        "2025-10-08 14:00:00+02:00",
        "2025-10-08 12:00:00 UTC",
        "20251008T120000",
        datetime(2025, 10, 8, 12),
        datetime(2025, 10, 8, 12, tzinfo=UTC),
        datetime(2025, 10, 8, 8, tzinfo=timezone(timedelta(hours=-4))),
    ],
)
def test_a_moment_is_read_in_every_unit_and_without_zone_as_utc(given: object) -> None:
    assert cells.moment(given) == NOON


@pytest.mark.parametrize("given", [date(2025, 10, 8), "2025-10-08", "20251008"])
def test_a_day_is_its_first_second(given: object) -> None:
    assert cells.moment(given) == NOON - 12 * 3600


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "soon",
        "10/08/25(Wed)08:00:00",
        "08.10.2025",
        True,
        -5,
        0,
        1,
        math.nan,
        math.inf,
        10**30,
        b"x",
        "9" * 5000,
        "0001-01-01",
        "9999-12-31T23:59:59-23:00",
        datetime(1990, 1, 1),
        "2101-01-01",
    ],
)
def test_what_is_no_date_of_a_board_is_none(given: object) -> None:
    assert cells.moment(given) is None


@pytest.mark.parametrize(("given", "read"), [(7, 7), ("7", 7), (7.0, 7), ("7.0", 7), (" 7 ", 7)])
def test_a_post_number_may_be_written_in_any_type(given: object, read: int) -> None:
    assert cells.post_number(given) == read


@pytest.mark.parametrize(
    "given", [0, -7, 7.5, "7a", "٧", True, 2**53, "9" * 30, math.inf, None, "1e5", "0x10", [7]]
)
def test_what_can_be_no_posts_number_is_none(given: object) -> None:
    assert cells.post_number(given) is None


def test_an_md5_is_known_in_its_three_spellings_and_nothing_else_is_one() -> None:
    assert cells.md5("9q0a9DEJBTtwsfyKZmzJpA==") == "9q0a9DEJBTtwsfyKZmzJpA=="
    assert cells.md5("9q0a9DEJBTtwsfyKZmzJpA") == "9q0a9DEJBTtwsfyKZmzJpA=="
    assert cells.md5("f6ad1af43109053b70b1fc8a666cc9a4") == "9q0a9DEJBTtwsfyKZmzJpA=="
    assert cells.md5("ab-_" * 5 + "ab") == "ab+/" * 5 + "ab=="
    for strange in (None, "", "x", 3, "9q0a9DEJBTtwsfyKZmzJpA=" + "é"):
        assert cells.md5(strange) is None


def test_whatever_a_cell_holds_json_can_hold_it() -> None:
    import json

    deep: object = "x"
    for _ in range(5_000):
        deep = [deep]
    given = {
        "a": math.nan,
        "b": b"\xff",
        "c": "\ud83d\0ok",
        "d": date(2025, 1, 2),
        "e": Decimal("1.5"),
        "f": deep,
    }
    held = cells.jsonable(given)
    assert json.loads(json.dumps(held, allow_nan=False))["c"] == "ok"
    assert isinstance(held, dict)
    assert (held["a"], held["b"], held["d"], held["e"]) == (None, None, "2025-01-02", "1.5")


def test_a_value_shown_moves_no_cursor_and_stays_on_its_line() -> None:
    shown = cells.shown("a\x1b[2J\nb\u202e" + "x" * 100)
    assert "\x1b" not in shown
    assert "\n" not in shown
    assert "\u202e" not in shown
    assert len(shown) == 60


@pytest.mark.parametrize("given", [1, 1.0, "1", True, "true", "Yes"])
def test_yes_is_known_in_many_spellings(given: object) -> None:
    assert cells.flag(given)


@pytest.mark.parametrize("given", [0, 0.0, "0", False, "", None, "no", "false"])
def test_and_everything_else_is_no(given: object) -> None:
    assert not cells.flag(given)
