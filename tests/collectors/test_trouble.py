"""One thread, one cycle: what a stale, spoilt or missing answer may do, and what it may not."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bizmeme.collectors.board.catalog import Catalog, Look
from bizmeme.collectors.board.desk import Desk
from bizmeme.collectors.board.threads import Threads
from bizmeme.errors import ConfigError, ServiceError
from bizmeme.shell.holdings import Holdings
from bizmeme.shell.hosts import Answer
from bizmeme.shell.journals import open_journal

START = 1_764_000_000
CATALOG, ARCHIVE, PAGE, TAIL = (
    "/biz/catalog.json", "/biz/archive.json", "/biz/thread/100.json", "/biz/thread/100-tail.json",
)  # fmt: skip
Reply = Answer | Exception


def answer(path: str, value: Any, *, at: float | None = None, status: int = 200) -> Answer:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Answer(path, status, None if at is None else formatdate(at, usegmt=True), body)


@dataclass
class Site:
    """A host that says what a test tells it to; every question is noted with its moment."""

    now: float = START
    says: dict[str, list[Reply]] = field(default_factory=dict)
    asked: list[tuple[float, str, str | None]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def will(self, path: str, *replies: Reply) -> None:
        self.says[path] = list(replies)

    async def get(self, path: str, *, since: str | None = None, **_: Any) -> Answer:
        self.asked.append((self.now, path, since))
        self.now += 1
        replies = self.says.get(path) or [answer(path, b"", status=404)]
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if isinstance(reply, Exception):
            raise reply
        return reply

    def times(self, path: str) -> list[float]:
        return [at for at, each, _ in self.asked if each == path]


@dataclass
class Clock:
    site: Site

    async def now(self) -> float:
        return self.site.now

    async def sleep(self, seconds: float) -> None:
        self.site.now += seconds


def post(no: int, **more: Any) -> dict[str, Any]:
    return {"no": no, "resto": 0 if no == 100 else 100, "time": START - 1000 + no, "com": f"text {no}"} | more


def opening(replies: int, **more: Any) -> dict[str, Any]:
    return post(100, replies=replies, images=0) | more


def catalog(*numbers: int, at: float, modified: int = 0, others: int = 0, **more: Any) -> Answer:
    """Thread 100 with those replies, of which the last three are shown, and some other threads."""
    window = [post(no) for no in numbers[-3:]]
    entry = opening(len(numbers), last_replies=window, last_modified=modified or post(numbers[-1])["time"])
    if len(numbers) > 3:
        entry["omitted_posts"] = len(numbers) - 3
    rest = [post(no, resto=0, replies=0, images=0, last_modified=START - 900) for no in range(1, others + 1)]
    return answer(CATALOG, [{"page": 1, "threads": [entry | more, *rest]}], at=at)


def page(*numbers: int, at: float, **more: Any) -> Answer:
    return answer(PAGE, {"posts": [opening(len(numbers), **more), *map(post, numbers)]}, at=at)


@dataclass
class Bench:
    """A collector on that site."""

    site: Site
    holdings: Holdings
    desk: Desk
    catalog: Catalog
    threads: Threads

    def look(self) -> Look:
        return asyncio.run(self.catalog.look())

    def fetch(self, *, seconds: float | None = None) -> None:
        until = None if seconds is None else self.site.now + seconds
        asyncio.run(self.threads.fetch(until=until))

    def live(self) -> list[int]:
        return sorted(row["no"] for row in self.holdings.posts() if row["deleted_at"] is None)

    def state(self) -> str:
        thread = self.holdings.thread(100)
        return thread.state if thread else ""


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Any]:
    with open_journal(tmp_path, "real") as opened:
        yield opened


@pytest.fixture
def bench(journal: Any) -> Bench:
    return begun(Site(), journal)


def begun(site: Site, journal: Any) -> Bench:
    """A process that begins, on whatever is held."""
    holdings = Holdings(journal, "board/biz")
    host: Any = site
    desk = Desk("biz", host, holdings, Clock(site), kinds=())
    return Bench(site, holdings, desk, Catalog(desk), Threads(desk, gap_s=10))


REPLIES = tuple(range(101, 113))


@pytest.fixture
def held(bench: Bench) -> Bench:
    """Thread 100 with twelve replies, all of them held."""
    bench.site.will(CATALOG, catalog(*REPLIES, at=START))
    bench.site.will(PAGE, page(*REPLIES, at=START))
    bench.look()
    bench.fetch()
    assert bench.live() == [100, *REPLIES]
    return bench


def test_a_page_that_is_older_than_what_is_held_deletes_nothing(held: Bench) -> None:
    new = range(113, 120)
    held.site.will(CATALOG, catalog(*REPLIES, *new, at=START + 100, modified=START + 100))
    held.site.will(PAGE, page(*REPLIES[:-2], at=START - 900))
    held.look()
    held.fetch(seconds=200)
    assert set(REPLIES) <= set(held.live())
    assert held.desk.counts["rollbacks"] > 0
    held.site.will(PAGE, page(*REPLIES, *new, at=START + 101))
    held.fetch(seconds=2000)
    assert held.live() == [100, *REPLIES, *new]


def test_after_a_restart_an_old_page_deletes_nothing_either(held: Bench, journal: Any) -> None:
    held.site.will(CATALOG, catalog(*REPLIES[:-3], 113, 114, 115, 116, at=START + 100, modified=START + 100))
    held.look()  # its count does not add up: the page must tell
    again = begun(held.site, journal)
    again.site.will(CATALOG, answer(CATALOG, b"", status=304))
    again.site.will(PAGE, page(*REPLIES[:5], at=START - 890))
    again.look()
    again.fetch(seconds=300)
    assert set(REPLIES) <= set(again.live())


def test_a_page_of_another_thread_or_of_none_changes_nothing(held: Bench) -> None:
    held.site.will(CATALOG, catalog(*REPLIES, *range(113, 120), at=START + 100, modified=START + 100))
    other = {"posts": [post(500, resto=0, replies=1, images=0), post(501, resto=500)]}
    held.site.will(PAGE, answer(PAGE, other, at=START + 101), answer(PAGE, {"message": "try again"}))
    held.look()
    held.fetch(seconds=500)
    assert set(REPLIES) <= set(held.live())
    assert (held.state(), held.desk.threads[100].need) == ("live", "overflow")


def test_an_incomplete_page_adds_and_deletes_nothing_and_is_not_asked_for_all_day(held: Bench) -> None:
    held.site.will(CATALOG, catalog(*REPLIES, *range(113, 120), at=START + 100, modified=START + 100))
    shown = [opening(19), *map(post, (*REPLIES[2:], *range(113, 119))), post(119, time="now")]
    held.site.will(PAGE, answer(PAGE, {"posts": shown}, at=START + 101))
    held.look()
    for _ in range(60):
        held.fetch(seconds=60)
        held.site.now += 60
    assert held.live() == [100, *range(101, 119), 119]
    assert len(held.site.times(PAGE)) < 15
    assert held.holdings.validator(PAGE) != formatdate(START + 101, usegmt=True)


def test_a_catalog_that_went_back_is_ignored_and_one_that_says_so_time_and_again_is_believed(
    held: Bench,
) -> None:
    held.site.will(CATALOG, catalog(*REPLIES[:-1], at=START - 60))
    looks = [held.look() for _ in range(5)]
    assert [look.sound for look in looks] == [False, False, False, False, True]


def test_a_date_that_has_not_come_does_not_stop_the_collector(held: Bench) -> None:
    held.site.will(CATALOG, catalog(*REPLIES, 113, at=START + 604_800, modified=2**32))
    held.look()
    held.site.will(CATALOG, catalog(*REPLIES, 113, 114, at=START + 200, modified=START + 200))
    assert held.look().sound
    held.fetch(seconds=500)
    assert 114 in held.live()


def test_half_a_catalog_is_not_believed_and_its_threads_have_not_left(bench: Bench) -> None:
    bench.site.will(CATALOG, catalog(101, at=START, others=20))
    bench.look()
    bench.site.will(CATALOG, catalog(101, at=START + 60))
    assert not bench.look().sound
    assert not [thread for thread in bench.desk.threads.values() if thread.need]
    bench.look()
    assert bench.look().sound  # the third time
    assert sum(thread.need == "left" for thread in bench.desk.threads.values()) == 20


def test_a_kill_before_the_archive_was_read_does_not_skip_it(bench: Bench, journal: Any) -> None:
    bench.site.will(CATALOG, catalog(101, at=START))
    bench.site.will(ARCHIVE, ServiceError("busy"))
    bench.look()
    again = begun(bench.site, journal)
    again.site.will(CATALOG, answer(CATALOG, b"", status=304), catalog(101, 102, at=START + 60))
    again.site.will(ARCHIVE, answer(ARCHIVE, [50]))
    again.look()
    again.look()
    assert again.desk.threads[50].need == "left"


def test_an_archive_of_another_shape_is_asked_for_again(bench: Bench) -> None:
    bench.site.will(CATALOG, catalog(101, at=START), catalog(101, 102, at=START + 60))
    bench.site.will(ARCHIVE, answer(ARCHIVE, {"no": 1}), answer(ARCHIVE, [50]))
    bench.look()
    bench.look()
    assert 50 in bench.desk.threads


def test_a_board_that_is_not_there_is_a_mistake_and_one_that_was_there_an_accident(bench: Bench) -> None:
    with pytest.raises(ConfigError, match="no board /biz/"):
        bench.look()
    bench.site.will(CATALOG, catalog(101, at=START))
    bench.look()
    bench.site.will(CATALOG, answer(CATALOG, b"", status=404))
    assert not bench.look().sound


def test_a_thread_is_not_asked_for_twice_within_the_gap_not_even_after_a_restart(
    held: Bench, journal: Any
) -> None:
    again = begun(held.site, journal)
    new = catalog(*REPLIES, *range(113, 120), at=START + 100, modified=START + 100)
    again.site.will(CATALOG, new)
    again.site.will(PAGE, page(*REPLIES, at=START - 900))
    again.look()
    again.fetch(seconds=100)
    times = again.site.times(PAGE)
    assert len(times) > 3
    assert min(later - earlier for earlier, later in pairwise(times)) >= 10


def test_a_fetch_ends_at_its_moment(bench: Bench) -> None:
    bench.site.will(CATALOG, catalog(*REPLIES, at=START))
    bench.look()
    bench.site.will(PAGE, page(*REPLIES, at=START - 900))
    bench.fetch(seconds=35)
    assert bench.site.now <= START + 40


def test_where_the_host_is_busy_the_next_look_comes_first(held: Bench) -> None:
    held.site.will(CATALOG, catalog(*REPLIES, *range(113, 120), at=START + 100, modified=START + 100))
    held.site.will(PAGE, ServiceError("busy"))
    held.look()
    held.fetch(seconds=500)
    assert len(held.site.times(PAGE)) == 2  # once while it was held, once now
    assert (held.state(), held.desk.threads[100].need) == ("live", "overflow")
    with pytest.raises(ServiceError, match="busy"):
        held.fetch()  # nobody looks later: it ends, with everything still pending


def test_a_tail_is_read_where_it_is_enough_and_a_spoilt_one_leads_to_the_page(held: Bench) -> None:
    new = range(113, 120)
    replies = (*REPLIES, *new)
    held.site.will(CATALOG, catalog(*replies, at=START + 100, modified=START + 100, tail_size=10))
    stub = {"no": 100, "replies": 19, "images": 0, "tail_id": 109, "tail_size": 10}
    held.site.will(TAIL, answer(TAIL, {"posts": [stub, *map(post, range(110, 120))]}, at=START + 100))
    held.look()
    held.fetch()
    assert held.live() == [100, *replies]
    assert (len(held.site.times(TAIL)), len(held.site.times(PAGE))) == (1, 1)
    more = (*replies, *range(120, 127))
    held.site.will(CATALOG, catalog(*more, at=START + 200, modified=START + 200, tail_size=10))
    held.site.will(TAIL, answer(TAIL, {"posts": [{"replies": 3}]}))
    held.site.will(PAGE, page(*more, at=START + 200))
    held.look()
    held.fetch()
    assert held.live() == [100, *more]
    assert held.state() == "live"


def test_a_late_edge_does_not_hide_an_edit(held: Bench) -> None:
    held.site.will(CATALOG, catalog(*REPLIES, at=START + 500, modified=START + 500))
    edited = [opening(12), post(101, com="banned"), *map(post, REPLIES[1:])]
    behind = answer(PAGE, b"", status=304)
    held.site.will(PAGE, behind, behind, answer(PAGE, {"posts": edited}, at=START + 500))
    held.look()
    held.fetch()
    assert (held.holdings.body(101) or {})["com"] == "banned"


def test_a_post_that_comes_back_keeps_the_posters_id(bench: Bench) -> None:
    bench.site.will(CATALOG, catalog(101, 102, at=START))
    bench.look()
    named = [post(101, id="abc"), post(102)]
    bench.site.will(CATALOG, catalog(101, 102, at=START + 60, modified=START + 60, last_replies=named))
    bench.holdings._database.execute("UPDATE posts SET body = ? WHERE no = 101", (json.dumps(named[0]),))
    bench.holdings._database.commit()
    bench.site.will(CATALOG, catalog(102, at=START + 120, modified=START + 120))
    bench.look()
    assert bench.live() == [100, 102]
    bench.site.will(CATALOG, catalog(101, 102, at=START + 180, modified=START + 180))
    bench.look()
    assert bench.live() == [100, 101, 102]
    assert (bench.holdings.body(101) or {})["id"] == "abc"


@pytest.mark.parametrize(("seconds", "state"), [(60, "deleted"), (200_000, "vanished")])
def test_a_thread_that_is_gone_was_deleted_where_it_was_listed_lately(
    held: Bench, seconds: int, state: str
) -> None:
    held.site.now += seconds
    other = answer(CATALOG, [{"threads": [post(90, resto=0, replies=0, images=0)]}], at=START + seconds)
    held.site.will(CATALOG, other)
    held.site.will(PAGE, answer(PAGE, b"", status=404))
    held.look()
    held.fetch()
    assert held.state() == state
    assert set(REPLIES) <= set(held.live())  # what was received stays
