"""API keys: named where they are missing, nowhere else."""

import pytest

from bizmeme.errors import MissingKeyError
from bizmeme.shell.keys import Key, hidden, read_key


def test_a_missing_key_says_which_variable_of_which_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOME_KEY", raising=False)
    with pytest.raises(
        MissingKeyError, match=r"\$SOME_KEY is not set.*a service.*x\.api_key_env.*export SOME_KEY"
    ):
        read_key("SOME_KEY", setting="x.api_key_env", service="a service")
    monkeypatch.setenv("SOME_KEY", "sk-1234567")
    assert read_key("SOME_KEY", setting="x.api_key_env", service="a service") == "sk-1234567"


def test_a_key_that_a_service_repeats_is_hidden_and_a_short_word_is_not() -> None:
    assert hidden("wrong key sk-1234567!", "sk-1234567") == "wrong key …!"
    assert hidden("the sandbox is down", "the") == "the sandbox is down"


def test_a_key_is_trimmed_as_http_trims_it_and_hidden_in_every_form_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOME_KEY", " sk-12/34 567\n")
    assert read_key("SOME_KEY", setting="x.api_key_env", service="a service") == "sk-12/34 567"
    for form in ("sk-12/34 567", "sk-12%2F34%20567", "sk-12/34%20567", "sk-12%2F34+567"):
        assert Key("SOME_KEY", "x.api_key_env", "a service").hide(f"wrong: {form}!") == "wrong: …!"
    monkeypatch.setenv("SOME_KEY", "  ")
    with pytest.raises(MissingKeyError):
        read_key("SOME_KEY", setting="x.api_key_env", service="a service")
