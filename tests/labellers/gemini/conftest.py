"""Gemini as conf/ configures it, against the sandbox's small world."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from bizmeme.core.prices import PriceTable
from bizmeme.core.vocabulary import Labels
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.process import running
from bizmeme.sandbox.state import Addresses
from tests.labellers.gemini.desk import KEY, Desk

CONF = Path(__file__).parents[3] / "conf"


def loaded(path: str) -> Any:
    return OmegaConf.to_container(OmegaConf.load(CONF / path))


@pytest.fixture(scope="session")
def small() -> SandboxConfig:
    return SandboxConfig.model_validate(loaded("sandbox/small.yaml"))


@pytest.fixture(scope="session")
def addresses(small: SandboxConfig) -> Iterator[Addresses]:
    with running(small) as addresses:
        yield addresses


@pytest.fixture
def desk(addresses: Addresses, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Builds labellers of the sandbox's Gemini."""
    monkeypatch.setenv("BIZMEME_SANDBOX_KEY", KEY)
    labels = Labels.model_validate(loaded("labels/mood.yaml")["labels"])
    prices = PriceTable.model_validate(loaded("prices/default.yaml"))
    section = loaded("labeller/gemini.yaml")["gemini"] | {"base_url": addresses["gemini"]}
    return Desk(section, labels, prices)
