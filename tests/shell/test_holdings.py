"""Holdings: an answer whole or not at all, edits as history, deletions that can be taken back."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bizmeme.core.catalog import Changes, Glimpse, Held
from bizmeme.core.files import Kind, Pending, Seen, Wanted
from bizmeme.errors import DataError
from bizmeme.shell.holdings import Holdings, State, Thread, Update
from bizmeme.shell.journals import open_journal
from bizmeme.shell.media_store import MediaStore

NOW = 1_764_000_000.0
THREAD = Thread(7, Held(10, 1, 0, "", whole=True, posts={}))


@pytest.fixture
def holdings(tmp_path: Path) -> Iterator[Holdings]:
    with open_journal(tmp_path, "real") as journal:
        yield Holdings(journal, "board/biz")


def post(no: int, com: str, **more: object) -> tuple[Glimpse, dict[str, Any]]:
    return Glimpse(no, 1, f"{hash(com):x}", has_file=False), {"no": no, "com": com, **more}


def new(no: int, com: str, **more: object) -> Update:
    return Update(THREAD, Changes(new=(no,)), {no: post(no, com, **more)})


def body(holdings: Holdings, no: int) -> Any:
    return holdings.body(no)


def test_a_post_is_held_as_received_and_its_thread_comes_back_with_it(holdings: Holdings) -> None:
    holdings.write([new(7, "gm", id="abc"), new(8, "\ud800 wagmi")], now=NOW, path="/x", validator="Tue")
    assert body(holdings, 7) == {"no": 7, "com": "gm", "id": "abc"}
    assert body(holdings, 8)["com"] == "\ud800 wagmi"  # half a pair survives as it came
    assert holdings.validator("/x") == "Tue"
    assert holdings.open_threads()[7].held.posts.keys() == {7, 8}


def test_an_edit_keeps_what_stood_there_before(holdings: Holdings) -> None:
    holdings.write([new(7, "gm")], now=NOW)
    edited = Update(THREAD, Changes(edited=(7,)), {7: post(7, "banned")})
    holdings.write([edited], now=NOW + 60)
    assert body(holdings, 7)["com"] == "banned"
    rows = holdings._database.execute("SELECT no, until, body FROM versions").fetchall()
    assert [(no, until, json.loads(text)["com"]) for no, until, text in rows] == [(7, NOW + 60, "gm")]


def test_a_deletion_is_soft_and_can_be_taken_back(holdings: Holdings) -> None:
    holdings.write([new(7, "gm"), new(8, "wagmi")], now=NOW)
    holdings.write([Update(THREAD, Changes(gone=(8,)))], now=NOW + 60)
    assert holdings.open_threads()[7].held.posts.keys() == {7}
    assert body(holdings, 8)["com"] == "wagmi"
    assert holdings.write([new(8, "wagmi")], now=NOW + 120) == 1
    (back,) = [row for row in holdings.posts() if row["no"] == 8]
    assert (back["deleted_at"], back["restored_at"], back["first_seen"]) == (None, NOW + 120, NOW)


def test_only_threads_without_a_known_end_are_open(holdings: Holdings) -> None:
    states: dict[int, State] = {1: "live", 2: "archived", 3: "doubtful", 4: "deleted", 5: "vanished"}
    threads = [Update(replace(THREAD, no=no, state=state)) for no, state in states.items()]
    holdings.write([*threads, Update(replace(THREAD, no=6, state="archived", need="left"))], now=NOW)
    assert holdings.open_threads().keys() == {1, 3, 6}
    assert holdings.finished() == {2}


def test_a_file_is_wanted_once_and_a_gone_one_again_where_another_post_shows_it(holdings: Holdings) -> None:
    file, copy = Wanted("md5", "file", "/biz/1.png"), Wanted("md5", "file", "/biz/2.png")
    small = Wanted("md5", "thumbnail", "/biz/1s.jpg")
    holdings.write([replace(new(7, "gm"), files=(file, copy, small))], now=NOW)
    assert holdings.next_file() == Pending(small)  # thumbnails come first
    holdings.note_file(Pending(small, tries=1), "ok", sha256="ab", seen=Seen(9, 8, animated=True))
    assert holdings.next_file() == Pending(file)
    holdings.note_file(Pending(file, tries=2, mishaps=2), "gone")
    holdings.want([file])
    assert holdings.next_file() is None
    holdings.want([copy])
    assert holdings.next_file() == Pending(copy)


def test_the_next_file_is_found_without_looking_at_all_of_them(holdings: Holdings) -> None:
    plan: list[str] = []
    holdings._database.set_trace_callback(plan.append)
    holdings.next_file()
    holdings._database.set_trace_callback(None)
    steps = holdings._database.execute(f"EXPLAIN QUERY PLAN {plan[0]}").fetchall()
    assert [step[-1] for step in steps] == ["SEARCH media USING INDEX media_wanted (source=?)"]


KILLED = """
import os, signal, sys
from pathlib import Path
from bizmeme.shell.journals import open_journal
from tests.shell.test_holdings import Holdings, NOW, new
with open_journal(Path(sys.argv[1]), "real") as journal:
    holdings = Holdings(journal, "board/biz")
    def updates():
        for no in range(7, 40):
            if no == 30:
                os.kill(os.getpid(), signal.SIGKILL)
            yield new(no, "gm")
    holdings.write([new(1, "gm")], now=NOW, path="/x", validator="first")
    holdings.write(updates(), now=NOW, path="/x", validator="second")
"""


def test_an_answer_that_a_kill_cut_off_is_not_held_at_all_and_its_validator_neither(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    done = subprocess.run(command, env=os.environ, check=False, cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    with open_journal(tmp_path, "real") as journal:
        holdings = Holdings(journal, "board/biz")
        assert [row["no"] for row in holdings.posts()] == [1]
        assert holdings.validator("/x") == "first"


ROOT = Path(__file__).parents[2]


def test_a_file_on_the_disk_is_whole_or_not_there_and_names_what_it_holds(tmp_path: Path) -> None:
    store = MediaStore(tmp_path / "media")
    sha256 = store.put(b"a picture")
    assert store.put(b"a picture") == sha256
    assert store.get(sha256) == b"a picture"
    assert [path.name for path in tmp_path.rglob("*.part")] == []
    next(path for path in tmp_path.rglob(sha256)).write_bytes(b"another")
    with pytest.raises(DataError, match="does not hold what its name says"):
        store.get(sha256)


def shown(no: int, **more: object) -> tuple[Glimpse, dict[str, Any]]:
    return post(no, "gm", tim=no, ext=".png", **more)


@pytest.mark.parametrize(
    ("thread", "files", "tried"),
    [
        (THREAD, 2, 0),
        (replace(THREAD, state="archived", archived_on=int(NOW) - 3 * 86_400), 2, 0),
        (replace(THREAD, state="archived", archived_on=int(NOW) - 8 * 86_400), 2, 1),
        (replace(THREAD, state="deleted"), 0, 0),
        (replace(THREAD, state="vanished"), 0, 0),
    ],
)
def test_files_are_noted_later_where_the_board_may_still_have_them_unlikely_ones_to_be_asked_once(
    holdings: Holdings, thread: Thread, files: int, tried: int
) -> None:
    new = Changes(new=(7, 8, 9))
    holdings.write([Update(thread, new, {no: shown(no) for no in (7, 8, 9)})], now=NOW)
    holdings.write([Update(thread, Changes(gone=(8,)))], now=NOW)
    found = sorted(holdings.files_shown("biz", ["file"], now=NOW), key=lambda each: each.file.path)
    assert [each.file.path for each in found] == ["/biz/7.png", "/biz/9.png"][:files]
    assert {(each.tries, each.mishaps) for each in found} <= {(tried, tried)}
    asyncio.run(holdings.switch(["file"], lambda _: found))
    if found:
        assert holdings.next_file() == found[0]


def test_a_kind_counts_as_on_only_once_every_file_is_noted(holdings: Holdings) -> None:
    files = [Pending(Wanted(str(no), "file", f"/biz/{no}.png")) for no in range(2_500)]

    def cut(_: object) -> Iterator[Pending]:
        yield from files[:2_000]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(holdings.switch(["file"], cut))
    assert len(list(holdings.files())) in (1_000, 2_000)
    asyncio.run(holdings.switch(["file"], lambda _: files))
    assert len(list(holdings.files())) == 2_500
    asyncio.run(holdings.switch(["file"], cut))  # it is on: nobody looks again


def test_a_kind_that_was_off_for_a_while_misses_nothing_of_that_while(holdings: Holdings) -> None:
    asked: list[Sequence[Kind]] = []

    def note(kinds: Sequence[Kind]) -> list[Pending]:
        asked.append(kinds)
        return []

    turns: list[list[Kind]] = [["file"], ["file", "thumbnail"], ["thumbnail"], ["file"], ["file"], []]
    for turn in turns:
        asyncio.run(holdings.switch(turn, note))
    assert asked == [["file"], ["thumbnail"], ["file"]]
