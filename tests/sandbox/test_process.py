"""Servers as a child process, and as a process of their own."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bizmeme.errors import ConfigError, ServiceError
from bizmeme.sandbox import process
from bizmeme.sandbox.config import SandboxConfig, origin
from bizmeme.sandbox.process import SERVERS, running
from bizmeme.sandbox.state import Addresses, find
from tests.sandbox.web import fetch_json

SOURCES = Path(process.__file__).parents[2]
PATIENCE_S = 60.0

PARENT = """
import json, sys, time
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.process import running
with running(SandboxConfig.model_validate_json(sys.argv[1])) as addresses:
    print(json.dumps(dict(addresses)), flush=True)
    time.sleep(600)
"""
COMMAND = """
import sys
from pathlib import Path
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.process import serve_forever
serve_forever(SandboxConfig.model_validate_json(sys.argv[1]), Path(sys.argv[2]))
"""


def python(program: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(SOURCES)},
    )


def answers(addresses: Addresses) -> bool:
    try:
        return bool(fetch_json(addresses["clock"] + "/now"))
    except OSError:  # nobody listens, or the server dies in the middle of an answer
        return False


def wait_until_silent(addresses: Addresses) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while answers(addresses) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not answers(addresses)


def test_every_server_has_an_address_of_its_own(addresses: Addresses) -> None:
    assert addresses.keys() == SERVERS.keys()
    assert len(set(addresses.values())) == len(SERVERS)
    assert all(address.startswith("http://127.0.0.1:") for address in addresses.values())
    assert all("routes" in fetch_json(address + "/_counts") for address in addresses.values())


def test_the_child_is_gone_when_the_block_ends(small: SandboxConfig) -> None:
    with running(small) as addresses:
        assert answers(addresses)
    assert not answers(addresses)


def test_a_killed_parent_leaves_no_orphan(small: SandboxConfig) -> None:
    parent = python(PARENT, small.model_dump_json())
    assert parent.stdout
    try:
        ready, _, _ = select.select([parent.stdout], [], [], PATIENCE_S)
        assert ready
        addresses = json.loads(parent.stdout.readline())
        assert answers(addresses)
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
    assert wait_until_silent(addresses)


def test_a_child_that_cannot_start_says_why(small: SandboxConfig) -> None:
    broken = small.model_copy(update={"seed": -1})
    with (
        pytest.raises(ServiceError, match=r"(?s)did not start .*seed.*Correct conf/sandbox/"),
        running(broken),
    ):
        pass


@pytest.fixture
def home(small: SandboxConfig, tmp_path: Path) -> Iterator[Path]:
    """The state folder of a running `bizmeme sandbox`, stopped by SIGTERM."""
    command = python(COMMAND, small.model_dump_json(), str(tmp_path))
    assert command.stdout
    try:
        # The table is printed once the state is written.
        ready, _, _ = select.select([command.stdout], [], [], PATIENCE_S)
        assert ready
        yield tmp_path
    finally:
        command.terminate()
        command.wait()
        command.stdout.close()


def test_a_running_world_is_found_by_its_state(home: Path, small: SandboxConfig) -> None:
    addresses = find(home, origin(small))
    assert addresses
    assert addresses.keys() == SERVERS.keys()
    assert answers(addresses)


def test_a_running_world_of_another_origin_is_named(home: Path, small: SandboxConfig) -> None:
    with pytest.raises(ConfigError, match=f"is {origin(small)}, not sandbox-else"):
        find(home, "sandbox-else")


def test_a_second_world_of_the_same_home_is_refused(home: Path, small: SandboxConfig) -> None:
    with pytest.raises(ConfigError, match="already runs"):
        process.serve_forever(small, home)


def test_a_stopped_world_leaves_no_state(small: SandboxConfig, tmp_path: Path) -> None:
    command = python(COMMAND, small.model_dump_json(), str(tmp_path))
    assert command.stdout
    select.select([command.stdout], [], [], PATIENCE_S)
    assert (tmp_path / "sandbox.json").exists()
    command.send_signal(signal.SIGINT)
    assert command.wait() == 0
    command.stdout.close()
    assert list(tmp_path.iterdir()) == []
    assert find(tmp_path, origin(small)) is None


@pytest.mark.parametrize(
    "state", ["", "[]", "{}", '{"pid": 1}', '{"pid": 1, "origin": "any", "addresses": {}}']
)
def test_a_state_that_says_nothing_is_no_world(state: str, tmp_path: Path) -> None:
    (tmp_path / "sandbox.json").write_text(state)
    assert find(tmp_path, "sandbox-any") is None


def test_a_state_of_a_dead_process_is_stale(tmp_path: Path) -> None:
    # This process lives, but no clock answers there: a recycled number.
    for pid in (os.getpid(), 2**22 + 1):
        state = {"pid": pid, "origin": "sandbox-any", "addresses": {"clock": "http://127.0.0.1:9"}}
        (tmp_path / "sandbox.json").write_text(json.dumps(state))
        assert find(tmp_path, "sandbox-any") is None
