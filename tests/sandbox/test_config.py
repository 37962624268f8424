"""What belongs to a world's origin."""

import pytest
from pydantic import ValidationError

from bizmeme.sandbox.config import SandboxConfig, origin
from tests.sandbox.conftest import load

SAME = {
    "name": "other",
    "captions.count": 601,
    "labellers.openai": 0.5,
    "annotators.error": 0.2,
    "hardness.ratio": 2.0,
    "serving.min_interval_s": 0.0,
}
OTHER = {"edition": 99, "seed": 99, "world.swing": 0.1, "world.first_day": "2025-10-20"}


@pytest.mark.parametrize("key", SAME)
def test_the_origin_ignores_quality_captions_serving_and_name(small: SandboxConfig, key: str) -> None:
    assert origin(_changed(small, key, SAME[key])) == origin(small)


@pytest.mark.parametrize("key", OTHER)
def test_the_origin_changes_with_edition_seed_and_world(small: SandboxConfig, key: str) -> None:
    assert origin(_changed(small, key, OTHER[key])) != origin(small)


def test_an_origin_is_a_word_and_twelve_hex_digits(small: SandboxConfig) -> None:
    word, digits = origin(small).split("-")
    assert word == "sandbox"
    assert len(digits) == 12
    assert int(digits, 16) >= 0


def test_default_and_small_are_different_worlds_of_one_edition(small: SandboxConfig) -> None:
    default = load("default")
    assert origin(default) != origin(small)
    assert default.edition == small.edition


def test_an_unknown_key_is_refused(small: SandboxConfig) -> None:
    with pytest.raises(ValidationError, match="planets"):
        SandboxConfig.model_validate(small.model_dump() | {"planets": 3})


def test_a_world_survives_its_way_through_json(small: SandboxConfig) -> None:
    assert SandboxConfig.model_validate_json(small.model_dump_json()) == small


def _changed(config: SandboxConfig, key: str, value: object) -> SandboxConfig:
    values = config.model_dump(mode="json")
    *path, last = key.split(".")
    section = values[path[0]] if path else values
    assert section[last] != value
    section[last] = value
    return SandboxConfig.model_validate(values)
