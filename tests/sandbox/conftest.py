"""The small world of conf/sandbox/small.yaml, and its servers in a child process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from bizmeme.sandbox.building import build
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.process import running
from bizmeme.sandbox.state import Addresses
from bizmeme.sandbox.world import World

CONF = Path(__file__).parents[2] / "conf" / "sandbox"


def load(name: str) -> SandboxConfig:
    return SandboxConfig.model_validate(OmegaConf.to_container(OmegaConf.load(CONF / f"{name}.yaml")))


@pytest.fixture(scope="session")
def small() -> SandboxConfig:
    return load("small")


@pytest.fixture(scope="session")
def world(small: SandboxConfig) -> World:
    return build(small)


@pytest.fixture(scope="session")
def hasty(small: SandboxConfig) -> SandboxConfig:
    """The small world on a board that lets every request through, and still shows its first day's threads."""
    serving = small.serving.model_copy(update={"min_interval_s": 0.0, "archive_days": 1_000})
    return small.model_copy(update={"serving": serving})


@pytest.fixture(scope="session")
def addresses(hasty: SandboxConfig) -> Iterator[Addresses]:
    with running(hasty) as addresses:
        yield addresses
