"""What the tests of several stages ask for."""

from pathlib import Path

import pytest

from bizmeme.core.splits import HeldOut
from tests.stages.pipeline import Pipeline


@pytest.fixture
def fork(small: Pipeline, tmp_path: Path) -> Pipeline:
    """A copy in which nothing is frozen."""
    return small.upto("sample").fork(tmp_path / "fork").thaw()


@pytest.fixture
def held_out(small_config: dict[str, object]) -> HeldOut:
    """Who is held out in the small experiment."""
    return HeldOut.model_validate(small_config["split"])
