"""The day of conf/live/day.yaml, and a quick small world for the wire."""

from pathlib import Path

import pytest

from bizmeme.sandbox.live.config import LiveConfig
from bizmeme.sandbox.live.files import Files
from bizmeme.sandbox.live.happenings import Timeline
from bizmeme.sandbox.live.process import load
from bizmeme.sandbox.live.rendering import Renderer
from bizmeme.sandbox.live.timeline import build

DAY = str(Path(__file__).parents[3] / "conf" / "live" / "day.yaml")
SMALL = (
    "hours=3",
    "traffic.history_hours=16",
    "traffic.live_threads=40",
    "sticky.cap=30",
    "wire.archive_days=0.25",
)


def small(*overrides: str) -> LiveConfig:
    """Three busy hours of a small board, on which nothing goes wrong."""
    return load(DAY, [*SMALL, "trouble=null", *overrides])


@pytest.fixture(scope="session")
def day() -> LiveConfig:
    return load(DAY)


@pytest.fixture(scope="session")
def timeline(day: LiveConfig) -> Timeline:
    return build(day)


@pytest.fixture(scope="session")  # what it remembers depends on posts, marks and versions alone
def renderer(day: LiveConfig) -> Renderer:
    return Renderer(day, Files(day.seed, day.posts))
