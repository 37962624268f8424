"""One small pipeline a session."""

from pathlib import Path

import pytest

from bizmeme.core.splits import HeldOut
from tests.stages.pipeline import Pipeline


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """The small pipeline; ask for `small.upto(stage)`."""
    return Pipeline(tmp_path_factory.mktemp("pipeline") / "small", "experiment=small")


@pytest.fixture
def fork(small: Pipeline, tmp_path: Path) -> Pipeline:
    """A copy in which nothing is frozen."""
    return small.upto("sample").fork(tmp_path / "fork").thaw()


@pytest.fixture
def held_out(small_config: dict[str, object]) -> HeldOut:
    """Who is held out in the small experiment."""
    return HeldOut.model_validate(small_config["split"])
