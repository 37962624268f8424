"""Servers that misbehave on purpose, in the stretch of requests that the configuration names."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from bizmeme.sandbox.config import SandboxConfig, origin
from bizmeme.sandbox.config_serving import Fault
from bizmeme.sandbox.process import running
from tests.sandbox.web import fetch, fetch_json


def broken(config: SandboxConfig, *faults: Fault) -> SandboxConfig:
    return config.model_copy(update={"serving": config.serving.model_copy(update={"faults": faults})})


def fault(
    trouble: Any, *, after: int = 0, times: int | None = None, server: Any = "board", share: float = 1
) -> Fault:
    return Fault(server=server, trouble=trouble, after=after, times=times, share=share)


def test_a_fault_lasts_its_stretch_of_requests_and_is_no_part_of_the_origin(hasty: SandboxConfig) -> None:
    config = broken(hasty, fault("error", after=1, times=2))
    assert origin(config) == origin(hasty)
    seen = []
    with running(config) as addresses:
        for _ in range(4):
            try:
                fetch(f"{addresses['board']}/boards.json")
                seen.append(200)
            except urllib.error.HTTPError as error:
                seen.append(error.code)
        assert fetch_json(f"{addresses['board']}/_counts")["statuses"] == {"200": 2, "500": 2}
        fetch(f"{addresses['truth']}/truth")  # another server is none the worse
    assert seen == [200, 500, 500, 200]


@pytest.mark.parametrize(
    ("trouble", "happens"),
    [
        ("hang_up", lambda url: isinstance(failure(url), http.client.RemoteDisconnected | ConnectionError)),
        ("silence", lambda url: isinstance(failure(url, timeout_s=0.5), TimeoutError)),
        ("cut_off", lambda url: isinstance(failure(url), http.client.IncompleteRead)),
        ("garbage", lambda url: fetch(url).startswith(b"<!DOCTYPE html>")),
    ],
)
def test_each_trouble_is_what_it_says(
    hasty: SandboxConfig, trouble: str, happens: Callable[[str], bool]
) -> None:
    with running(broken(hasty, fault(trouble))) as addresses:
        assert happens(f"{addresses['board']}/boards.json")


@pytest.mark.parametrize(
    ("trouble", "status", "code"),
    [("quota", 429, "insufficient_quota"), ("wrong_key", 401, "invalid_api_key")],
)
def test_the_vision_api_refuses_in_its_own_shape(
    hasty: SandboxConfig, trouble: str, status: int, code: str
) -> None:
    with running(broken(hasty, fault(trouble, server="openai"))) as addresses:
        request = urllib.request.Request(
            f"{addresses['openai']}/v1/models", headers={"Authorization": "Bearer sk-mine"}
        )
        with pytest.raises(urllib.error.HTTPError) as raised:
            urllib.request.urlopen(request, timeout=30)
    body = json.loads(raised.value.read())
    assert (raised.value.code, body["error"]["code"]) == (status, code)
    assert ("sk-mine" in body["error"]["message"]) == (trouble == "wrong_key")


def failure(url: str, *, timeout_s: float = 30) -> BaseException:
    """What asking raises."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as response:
            response.read()
    except urllib.error.URLError as error:
        return error.reason if isinstance(error.reason, BaseException) else error
    except (OSError, http.client.HTTPException) as error:
        return error
    raise AssertionError(f"{url} answered")
