"""docs/realism.md tells how far the default world is from the real board."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from bizmeme.sandbox.building import build
from tests.sandbox.conftest import load

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def realism() -> ModuleType:
    spec = importlib.util.spec_from_file_location("realism", ROOT / "docs" / "realism.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rows(realism: ModuleType) -> list[object]:
    config = load("default")
    return list(realism.rows(build(config), config))


def test_the_page_is_current_and_gives_a_reason_for_every_row_that_is_off(
    realism: ModuleType, rows: list[object]
) -> None:
    assert realism.PAGE.read_text(encoding="utf-8") == realism.page(rows), "stale: run `make docs`"
    assert {row.what for row in rows if row.off} == set(realism.REASONS)  # type: ignore[attr-defined]


def test_text_alone_is_worth_as_much_as_on_the_real_board_and_less_in_another_period(
    rows: list[object],
) -> None:
    found = {row.what: row.world for row in rows}  # type: ignore[attr-defined]
    assert 50 <= found["text alone, 1,200 labels, same periods"] <= 60
    assert found["points lost in another period"] >= 5
