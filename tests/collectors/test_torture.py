"""Kill -9 while a moving board is collected, again and again: what the oracle says of it stays true.

`make torture N=300` pulls the plug 90 times here; every run of the tests does it five times, with a fixed
seed. The answer that was in flight at a kill may have been written down or not: both are right.
"""

import asyncio
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bizmeme.collectors.board.pages import digest
from bizmeme.core.files import wanted
from bizmeme.sandbox.live.config import LiveConfig
from bizmeme.sandbox.live.files import Files
from bizmeme.sandbox.live.happenings import Timeline
from bizmeme.sandbox.live.knowable import due, histories
from bizmeme.sandbox.live.process import load, running_live
from bizmeme.sandbox.live.rendering import OPENING_PX, REPLY_PX
from bizmeme.sandbox.live.revealed import Revealed, polls, revealed
from bizmeme.sandbox.live.stage import Answer
from bizmeme.sandbox.live.timeline import build
from bizmeme.shell.journals import journal_file
from bizmeme.shell.media_store import MediaStore
from bizmeme.shell.pictures import Caps, Refused, looked
from tests.collectors import client
from tests.sandbox.web import fetch_json
from tests.victims import (
    HELD_FILES,
    ROOT,
    SEED,
    Held,
    Victim,
    kills_of,
    plan,
    prepared,
    recovered,
    sha256,
    still_held,
)  # fmt: skip

pytestmark = [pytest.mark.slow, pytest.mark.timeout(0)]

KILLS = kills_of("board")
ORIGIN = "day"
HOURS = 0.5 + KILLS * 0.055
# How often a victim may come to a place before it is killed there: some minutes of the board's time.
CALLS = {
    "holdings.write": 5,
    "holdings.posts": 25,
    "holdings.validator": 5,
    "files.noted": 8,
    "media.renamed": 8,
    "budget.written": 90,
}
CAPS = Caps.model_validate(client.VALUES["pictures"])
MOST_CPU_S = 0.25
_TWICE = 2  # a file that is not there, or spoilt, is asked for so often
_POSTS = "SELECT no, first_seen, digest, deleted_at IS NOT NULL OR restored_at IS NOT NULL FROM posts"


def lived(addresses: Mapping[str, str], home: Path, hours: float) -> None:
    """`bizmeme collect` on the moving board."""
    board, media, clock = (addresses[name] for name in ("board", "media", "clock"))
    asyncio.run(client.main(board, media, clock, home, hours))


@dataclass
class Collected:
    """What a run with all its kills left behind."""

    home: Path
    config: LiveConfig
    timeline: Timeline
    log: list[Answer]
    in_flight: set[int]  # lines of the log that may have been written down or not
    violations: Mapping[str, Any]
    troubles: Mapping[str, int]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with recovered(journal_file(self.home, ORIGIN)) as database:
            return database.execute(query).fetchall()

    @property
    def received(self) -> list[Answer]:
        """Every answer that surely was."""
        return [answer for number, answer in enumerate(self.log) if number not in self.in_flight]

    def told(self) -> tuple[Revealed, Revealed]:
        """What was revealed at the least, and at the most."""
        least, most = (revealed(each, self.timeline, self.config) for each in (self.received, self.log))
        return least, most


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Collected:
    prepared("tests.collectors.client", __name__)
    home, config = tmp_path_factory.mktemp("killed"), world()
    log, in_flight = list[Answer](), set[int]()
    before: Held = {}
    with running_live(config) as addresses:
        for kill in plan(KILLS, seed=SEED, calls=CALLS, most_cpu_s=MOST_CPU_S):
            victim = Victim(lived, (addresses, home, hours_left(addresses, config)), log=home / "log.txt")
            assert victim.pulled(kill), "the board's time was over before the kills were: raise HOURS"
            sys.stderr.write(f"killed board: {kill}\n")  # `make torture` shows it
            before = still_held(before, held(home, before), kill)
            log += answers(addresses, len(log))
            in_flight.add(len(log) - 1)
        Victim(lived, (addresses, home, hours_left(addresses, config)), log=home / "log.txt").to_its_end()
        log += answers(addresses, len(log))
        still_held(before, held(home, {}), kill)
        violations, troubles = (fetch_json(f"{addresses['truth']}/_{n}") for n in ("violations", "troubles"))
    return Collected(home, config, build(config), log, in_flight, violations, troubles)


def hours_left(addresses: Mapping[str, str], config: LiveConfig) -> float:
    """Of the board's time."""
    now = fetch_json(f"{addresses['clock']}/now")["now"]
    return float(config.ends_at_s - now) / 3600


def world() -> LiveConfig:
    """conf/live/day.yaml with a shorter history, its bursts of trouble drawn together."""
    whole = load(str(ROOT / "conf/live/day.yaml"), [f"hours={HOURS}", "traffic.history_hours=20"])
    assert whole.trouble is not None
    bursts = [each.model_copy(update={"at_min": each.at_min * HOURS / 24}) for each in whole.trouble.bursts]
    return whole.model_copy(update={"trouble": whole.trouble.model_copy(update={"bursts": tuple(bursts)})})


def answers(addresses: Mapping[str, str], since: int) -> list[Answer]:
    """The log from a line on, with the line of whatever the server was still about to answer."""
    for _ in range(2):
        rows = fetch_json(f"{addresses['truth']}/_log?since={since}")
    return [Answer(*row) for row in rows]


def held(home: Path, before: Held) -> Held:
    """Every content that was ever shown, whose end was ever seen, and files, read where they are new."""
    if not journal_file(home, ORIGIN).exists():
        return {}
    now: dict[tuple[object, ...], object] = {}
    with recovered(journal_file(home, ORIGIN)) as database:
        for no, first_seen, shown, gone in database.execute(_POSTS):
            now |= {("first seen", no): first_seen, ("shown", no, shown): True}
            now |= {("gone, perhaps back", no): True} if gone else {}
        query = "SELECT no, thread_no, versions.body FROM versions JOIN posts USING (source, no)"
        for no, thread_no, body in database.execute(query):
            now["shown", no, digest(json.loads(body), thread_no)] = True
        files = database.execute(HELD_FILES).fetchall()
    for key, kind, name in files:
        now["file", key, kind] = True
        if ("file", key, kind) not in before:
            MediaStore(home / "media").get(name)  # which compares
    return now


def test_no_rule_of_the_board_is_broken(collected: Collected) -> None:
    assert collected.violations["total"] == 0, collected.violations
    assert {"board busy", "board challenge"} <= set(collected.troubles)


def test_every_post_of_two_polls_in_a_row_is_held(collected: Collected) -> None:
    wanted = due(histories(collected.timeline, collected.config), polls(collected.received))
    assert len(wanted) > 100
    assert sorted(wanted - {no for (no,) in collected.rows("SELECT no FROM posts")}) == []


def test_posts_deletions_and_edits_are_those_that_answers_revealed(collected: Collected) -> None:
    least, most = collected.told()
    deleted = dict(collected.rows("SELECT no, deleted_at IS NOT NULL FROM posts"))
    assert sorted(least.posts.keys() - deleted.keys()) == []
    assert sorted(deleted.keys() - most.posts.keys()) == []
    edits = dict(collected.rows("SELECT no, COUNT(*) FROM versions GROUP BY no"))
    for no, gone in deleted.items():
        views = [each.posts[no] for each in (least, most) if no in each.posts]
        assert gone in {view.gone for view in views}, no
        counts = [len(view.versions) - 1 for view in views]
        assert min(counts) <= edits.get(no, 0) <= max(counts), no


def test_every_body_that_is_held_is_the_one_that_its_digest_is_of(collected: Collected) -> None:
    for no, thread_no, noted, body in collected.rows("SELECT no, thread_no, digest, body FROM posts"):
        assert digest(json.loads(body), thread_no) == noted, no


def test_every_file_that_a_post_shows_is_noted_and_comes_once(collected: Collected) -> None:
    bodies = collected.rows("SELECT body FROM posts UNION ALL SELECT body FROM versions")
    files = [wanted(json.loads(body), board="biz", kind="thumbnail") for (body,) in bodies]
    noted = {key for (key,) in collected.rows("SELECT key FROM media")}
    assert {file.key for file in files if file} == noted
    good = [each.path for each in collected.received if each.host == "media" and _sound(each)]
    held = {path for (path,) in collected.rows("SELECT path FROM media WHERE status = 'ok'")}
    again = {path: times for path, times in Counter(good).items() if path in held and times > 1}
    assert again == {}
    assert len(held) > 30


def test_every_file_is_the_boards_own_and_a_missing_one_was_asked_for_twice(collected: Collected) -> None:
    asked = defaultdict[str, list[Answer]](list)
    for answer in collected.log:
        asked[answer.path].append(answer)
    files = Files(collected.config.seed, collected.config.posts)
    for path, status, name in collected.rows("SELECT path, status, sha256 FROM media"):
        data = thumbnail(collected.timeline, files, path)
        if status == "ok":
            assert name == sha256(data), path
        elif status == "gone":
            assert sum(each.status == 404 for each in asked[path]) >= _TWICE, path
        elif status != "wanted":
            found = looked(data, CAPS)
            came = found.status if isinstance(found, Refused) else "ok"
            assert all(each.trouble or came == status for each in asked[path]), path


def _sound(answer: Answer) -> bool:
    return answer.status == 200 and not answer.trouble


def thumbnail(timeline: Timeline, files: Files, path: str) -> bytes:
    """The thumbnail that the media host has at a path."""
    found = re.fullmatch(r"/biz/(\d+)s\.jpg", path)
    assert found, path
    post = timeline.by_tim[int(found[1])]
    assert post.upload is not None
    return files.thumbnail(post.upload, longest_px=OPENING_PX if post.opens else REPLY_PX)
