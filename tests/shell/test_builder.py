"""The plug-in door."""

import pytest

from bizmeme.core.settings import Plugin
from bizmeme.errors import ConfigError
from bizmeme.shell.builder import build, checked, plugin_config
from bizmeme.stages.auto_label import AutoLabelConfig


def test_a_name_finds_its_file() -> None:
    assert type(build("clock", Plugin.model_validate({"name": "wall"}))).__name__ == "WallClock"


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"clock\.name = 'wal'.*Known: simulated, wall"):
        build("clock", Plugin.model_validate({"name": "wal"}))


def test_every_wrong_key_is_reported_at_once() -> None:
    section = Plugin.model_validate({"name": "board", "bord": "biz", "base_url": 3, "media_url": "x"})
    with pytest.raises(ConfigError) as raised:
        plugin_config("source", section)
    message = str(raised.value)
    assert "source.bord: there is no such key. Fix or remove it in conf/source/." in message
    assert "source.board: the key is missing" in message
    assert "source.base_url = 3: Input should be a valid string" in message


def test_one_name_in_place_of_a_list_is_shown_as_one() -> None:
    with pytest.raises(
        ConfigError, match=r"^auto_label\.labellers = 'openai': this is a list, as in \[openai\]"
    ):
        checked(AutoLabelConfig, {"labellers": "openai"}, where="auto_label")
