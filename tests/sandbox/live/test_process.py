"""The moving board as a child, and as a process whose memory outlives a killed visitor."""

import json
import select
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from bizmeme.errors import ServiceError
from bizmeme.sandbox import children
from bizmeme.sandbox.live.hosts import SERVERS
from bizmeme.sandbox.live.process import running_live
from tests.sandbox.live.conftest import DAY, SMALL, small
from tests.sandbox.web import fetch_json

SOURCES = Path(children.__file__).parents[2]
PATIENCE_S = 60.0
VISITOR = """
import os, sys, urllib.request
request = urllib.request.Request(sys.argv[1] + "/biz/catalog.json", headers={"User-Agent": "hasty"})
try:
    urllib.request.urlopen(request)
except urllib.error.HTTPError:
    os.kill(os.getpid(), 9)
"""


def test_a_child_answers_at_every_address_and_is_gone_when_the_block_ends() -> None:
    with running_live(small()) as addresses:
        assert addresses.keys() == SERVERS.keys()
        assert fetch_json(addresses["clock"] + "/now") == {"now": small().begins_at_s}
        assert all("routes" in fetch_json(address + "/_counts") for address in addresses.values())
    with pytest.raises(urllib.error.URLError):
        fetch_json(addresses["clock"] + "/now")


def test_a_child_that_cannot_start_says_why() -> None:
    broken = small().model_copy(update={"seed": -1})
    with (
        pytest.raises(ServiceError, match=r"(?s)did not start .*seed.*Correct conf/live/"),
        running_live(broken),
    ):
        pass


def test_an_independent_world_remembers_what_a_killed_visitor_did() -> None:
    world = subprocess.Popen(
        [sys.executable, "-m", "bizmeme.sandbox.live", DAY, *SMALL],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(SOURCES)},
    )
    assert world.stdout is not None
    try:
        ready, _, _ = select.select([world.stdout], [], [], PATIENCE_S)
        assert ready
        addresses = json.loads(world.stdout.readline())
        done = subprocess.run(
            [sys.executable, "-c", VISITOR, addresses["board"]], timeout=PATIENCE_S, check=False
        )
        assert done.returncode == -9
        assert fetch_json(addresses["truth"] + "/_violations")["by_host"]["board"] == {"no_contact": 1}
    finally:
        world.terminate()
        assert world.wait(PATIENCE_S) == 0
        world.stdout.close()
