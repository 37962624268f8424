"""One small pipeline a session."""

import pytest

from tests.stages.pipeline import Pipeline


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """The small pipeline; ask for `small.upto(stage)`."""
    return Pipeline(tmp_path_factory.mktemp("pipeline") / "small", "experiment=small")
