"""What every test shares: pinned processors, a clean environment, and one small world served on loopback."""

import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from bizmeme.shell import processors

if TYPE_CHECKING:
    from tests.stages.labelling import World
    from tests.stages.pipeline import Pipeline
    from tests.studio import RealStudio

processors.pin()  # before torch or numpy loads
os.environ["HF_HUB_OFFLINE"] = "1"
for _name in (
    "BIZMEME_HOME",
    "DVC_ROOT",
    "DVC_STAGE",
    "DVC_EXP_NAME",
    "OPENAI_API_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_API_KEY",
    "LABEL_STUDIO_API_KEY",
    "LABEL_STUDIO_URL",
):
    os.environ.pop(_name, None)
os.environ["BIZMEME_SANDBOX_KEY"] = "sandbox"

settings.register_profile("bizmeme", deadline=None)  # no test depends on wall time
settings.load_profile("bizmeme")

ROOT = Path(__file__).parents[1]
_connect = socket.socket.connect


def _loopback_only(self: socket.socket, address: Any) -> None:
    """Tests reach this machine and nothing else."""
    host = address[0] if isinstance(address, tuple) else "localhost"
    if host not in ("127.0.0.1", "::1", "localhost"):
        raise AssertionError(f"a test wanted to reach {host}")
    _connect(self, address)


socket.socket.connect = _loopback_only  # type: ignore[assignment, method-assign]


def program(name: str) -> str:
    """The path of a program that `make system` installs; without it a test is skipped, or fails under CI."""
    found = shutil.which(name)
    if found is None:
        reason = f"{name} is not installed: run `make system`"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return str(found)


@pytest.fixture(scope="session")
def small_config() -> dict[str, object]:
    """The composed configuration of the small experiment."""
    from bizmeme.stages.compose import composed_yaml

    return composed_yaml(ROOT / "conf", ["experiment=small"]).config


@pytest.fixture
def world(small_config: Mapping[str, object]) -> Iterator[Mapping[str, str]]:
    """A fresh small world in a process of its own: {name: address}."""
    from bizmeme.sandbox import process
    from bizmeme.sandbox.config import SandboxConfig

    with process.running(SandboxConfig.model_validate(small_config["sandbox"])) as addresses:
        yield addresses


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> "Pipeline":
    """One small pipeline a session, to look at or fork; ask for `small.upto(stage)`."""
    from tests.stages.pipeline import Pipeline

    return Pipeline(tmp_path_factory.mktemp("pipeline") / "small", "experiment=small")


@pytest.fixture(scope="session")
def served(small_config: Mapping[str, object]) -> Iterator["World"]:
    """One small world a session; what it was asked adds up."""
    from tests.stages.labelling import world_of

    with world_of(small_config) as world:
        yield world


@pytest.fixture(scope="session")
def real_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator["RealStudio"]:
    """The real Label Studio, one server for all tests of a session."""
    from tests.studio import running

    with running(tmp_path_factory.mktemp("label-studio") / "home") as studio:
        yield studio
