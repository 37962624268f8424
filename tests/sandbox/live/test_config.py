"""A live configuration is complete, closed to unknown keys, and within its bounds."""

import pytest
from pydantic import ValidationError

from bizmeme.sandbox.live.process import load
from tests.sandbox.live.conftest import DAY


def test_the_day_is_a_valid_configuration_of_the_name_of_its_file() -> None:
    config = load(DAY)
    assert config.name == "day"
    assert config.ends_at_s - config.begins_at_s == 24 * 3_600
    assert config.begins_at_s == 1_762_732_800


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("traffic.post_per_day=10", "traffic.post_per_day"),
        ("rules.min_interval_s=-1", "rules.min_interval_s"),
        ("trouble.empty_share=0.6", "trouble.empty_share"),
        ("begins_at=2009-12-31", "begins_at"),
        ("wire=null", "wire"),
    ],
)
def test_a_wrong_value_is_named(override: str, named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        load(DAY, [override])


def test_no_trouble_and_no_sticky_are_one_setting_each() -> None:
    config = load(DAY, ["trouble=null", "sticky=null"])
    assert config.trouble is None
    assert config.sticky is None
