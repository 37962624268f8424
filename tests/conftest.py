"""What every test shares: pinned processors, a clean environment, and one small world served on loopback."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from bizmeme.shell import processors

processors.pin()  # before torch or numpy loads
os.environ["HF_HUB_OFFLINE"] = "1"
for _name in (
    "BIZMEME_HOME",
    "DVC_ROOT",
    "DVC_STAGE",
    "DVC_EXP_NAME",
    "OPENAI_API_KEY",
    "LABEL_STUDIO_API_KEY",
):
    os.environ.pop(_name, None)
os.environ["BIZMEME_SANDBOX_KEY"] = "sandbox"

ROOT = Path(__file__).parents[1]


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
