"""A moving board with all that goes wrong, three pulled plugs, and an oracle that knows what was shown.

`COLLECT_HOURS=24 python -m pytest tests/collectors/test_day.py` takes a whole day of the board's time.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bizmeme.sandbox.live.config import LiveConfig
from bizmeme.sandbox.live.knowable import due, histories
from bizmeme.sandbox.live.process import load, running_live
from bizmeme.sandbox.live.revealed import Revealed, polls, revealed
from bizmeme.sandbox.live.stage import Answer
from bizmeme.sandbox.live.timeline import build
from bizmeme.shell.holdings import Holdings
from bizmeme.shell.journals import open_journal
from tests.sandbox.web import fetch_json

pytestmark = [pytest.mark.slow, pytest.mark.timeout(0)]

ROOT = Path(__file__).parents[2]
HOURS = float(os.environ.get("COLLECT_HOURS", "3"))
ORIGIN = "day"
KILLS_AT = (0.2, 0.5, 0.8)  # of the hours
_SETTLED_S = 1_800.0  # what was there before the first look is fetched by then
_POLL_S = 0.05
_PATIENCE_S = 3600


def config(*overrides: str) -> LiveConfig:
    """The day of conf/live/day.yaml, its bursts of trouble drawn together where it is shorter."""
    whole = load(str(ROOT / "conf/live/day.yaml"), [f"hours={HOURS}", *overrides])
    if whole.trouble is None:
        return whole
    bursts = tuple(
        each.model_copy(update={"at_min": each.at_min * HOURS / 24}) for each in whole.trouble.bursts
    )
    return whole.model_copy(update={"trouble": whole.trouble.model_copy(update={"bursts": bursts})})


@dataclass
class Collected:
    """What a run left behind."""

    config: LiveConfig
    home: Path
    log: list[Answer]
    violations: Mapping[str, Any]
    troubles: Mapping[str, int]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with open_journal(self.home, ORIGIN) as journal:
            return journal.database.execute(query).fetchall()

    def held(self) -> dict[int, dict[str, Any]]:
        with open_journal(self.home, ORIGIN) as journal:
            return {post["no"]: post for post in Holdings(journal, "board/biz").posts()}

    def revealed(self) -> Revealed:
        return revealed(self.log, build(self.config), self.config)


class Client:
    """`bizmeme collect` on a moving board, as its own process."""

    def __init__(self, addresses: Mapping[str, str], home: Path, *, hours: float) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "tests.collectors.client", addresses["board"], addresses["media"],
                addresses["clock"], str(home), str(hours),
            ],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])},
            stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip

    def until(self, clock: str, moment: float) -> None:
        """Wait until the board's time has come; then pull the plug."""
        deadline = time.monotonic() + _PATIENCE_S
        while self.process.poll() is None and time.monotonic() < deadline:
            if fetch_json(f"{clock}/now")["now"] >= moment:
                self.process.send_signal(signal.SIGKILL)
                self.process.wait(60)
                return
            time.sleep(_POLL_S)
        raise AssertionError(f"the client ended before: {self.process.communicate()[1]}")

    def to_its_end(self) -> None:
        _, errors = self.process.communicate(timeout=_PATIENCE_S)
        assert self.process.returncode == 0, errors


def collected(home: Path, settings: LiveConfig, *, kills: tuple[float, ...]) -> Collected:
    """Collect a board to its end, with kills at those shares of its hours."""
    dropped: list[int] = []
    with running_live(settings) as addresses:
        for share in kills:
            client = Client(addresses, home, hours=settings.hours)
            client.until(addresses["clock"], settings.begins_at_s + share * settings.hours * 3600)
            dropped.append(len(fetch_json(f"{addresses['truth']}/_log")) - 1)
        left_s = settings.ends_at_s - fetch_json(f"{addresses['clock']}/now")["now"]
        Client(addresses, home, hours=left_s / 3600).to_its_end()
        log, violations, troubles = (
            fetch_json(f"{addresses['truth']}/_{name}") for name in ("log", "violations", "troubles")
        )
    # What was in flight at a kill was shown to nobody.
    kept = [Answer(*row) for number, row in enumerate(log) if number not in dropped]
    return Collected(settings, home, kept, violations, troubles)


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Collected:
    return collected(tmp_path_factory.mktemp("troubled"), config(), kills=KILLS_AT)


def test_no_rule_of_the_board_is_broken(troubled: Collected) -> None:
    assert troubled.violations["total"] == 0, troubled.violations
    assert {"board rollback", "board busy", "board challenge"} <= set(troubled.troubles)


def test_few_requests_are_made_beside_one_look_a_minute(troubled: Collected) -> None:
    """0.42 requests per new post at 6,000 posts a day: 0.24 for the looks, the rest for threads."""
    settled_s = troubled.config.begins_at_s + _SETTLED_S
    asked = [each for each in troubled.log if each.host == "board" and each.at > settled_s]
    looks = sum(each.path.endswith("/catalog.json") for each in asked)
    new = sum(post["first_seen"] > settled_s for post in troubled.held().values())
    per_post = (len(asked) - looks) / new
    print(f"{len(asked)} requests, {looks} looks, {new} new posts: {len(asked) / new:.3f} a post")  # noqa: T201
    assert per_post <= 0.42 - 0.24


def test_every_post_of_two_polls_in_a_row_is_held(troubled: Collected) -> None:
    wanted = due(histories(build(troubled.config), troubled.config), polls(troubled.log))
    held = troubled.held()
    assert len(wanted) > 100
    assert sorted(wanted - held.keys()) == []


def test_what_any_answer_revealed_is_held(troubled: Collected) -> None:
    told, held = troubled.revealed(), troubled.held()
    assert sorted(told.posts.keys() - held.keys()) == []
    gone = {no for no, known in told.posts.items() if known.gone}
    deleted = {no for no, post in held.items() if post["deleted_at"] is not None}
    assert sorted(gone - deleted) == []
    assert sorted(deleted - gone) == []
    edits = dict(troubled.rows("SELECT no, COUNT(*) FROM versions GROUP BY no"))
    shown = {no: len(known.versions) - 1 for no, known in told.posts.items() if len(known.versions) > 1}
    assert edits == shown
