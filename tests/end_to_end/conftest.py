"""One finished small project a session; each test leaves it as it found it."""

from collections.abc import Iterator

import pytest

from tests.end_to_end.project import Project


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A clone in which `dvc repro` has run once, committed."""
    project = Project(tmp_path_factory.mktemp("project"))
    project.log = project.dvc("repro")
    project.commit("first run")
    return project


@pytest.fixture
def project(finished: Project) -> Iterator[Project]:
    """The finished project; conf/ and src/ are put back afterwards."""
    yield finished
    finished.git("checkout", "--quiet", "--force", ".")
    finished.dvc("checkout", "--force")
