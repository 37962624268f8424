"""The oracle, on a timeline written by hand: two threads, a few posts, and each kind of news."""

import pytest

from bizmeme.sandbox.live.config import LiveConfig
from bizmeme.sandbox.live.happenings import BANNED, DEAD_QUOTE, Event, Kind, Post, Timeline
from bizmeme.sandbox.live.knowable import due, histories
from bizmeme.sandbox.live.revealed import Known, Revealed, polls, revealed
from bizmeme.sandbox.live.stage import Answer
from tests.sandbox.live.conftest import small

CATALOG, ARCHIVE = "/biz/catalog.json", "/biz/archive.json"
THREAD, TAIL, OTHER = "/biz/thread/1.json", "/biz/thread/1-tail.json", "/biz/thread/2.json"


def post(no: int, at: float, *, thread_no: int = 1, quotes: tuple[int, ...] = ()) -> Post:
    return Post(no, thread_no, at, poster=no, quotes=quotes, upload=None, named=False)


POSTS = [
    post(1, 10),
    post(2, 11, thread_no=2),
    *(post(no, 9 + no) for no in range(3, 9)),
    post(9, 30, quotes=(4,)),
]


def event(at: float, kind: Kind, *nos: int, thread_no: int = 1, mark: int = 0) -> Event:
    return Event(at, kind, thread_no, nos, mark)


def world(*events: Event) -> Timeline:
    """Thread 1 with replies 3…8 by 17, and 9 at 30; thread 2 without replies; then those events."""
    posted = [Event(each.at, "post", each.thread_no, (each.no,)) for each in POSTS]
    return Timeline({each.no: each for each in POSTS}, tuple(sorted([*posted, *events], key=lambda e: e.at)))


@pytest.fixture(scope="module")
def config() -> LiveConfig:
    return small("wire.window=3", "wire.tail_size=2")


def answer(
    at: float, path: str, *, status: int = 200, state_at: float | None = None, trouble: str = ""
) -> Answer:
    return Answer(at, "board", path, status, at if state_at is None else state_at, trouble)


def told(config: LiveConfig, timeline: Timeline, *answers: Answer) -> Revealed:
    return revealed(answers, timeline, config)


def gone(known: Revealed) -> set[int]:
    return {no for no, each in known.posts.items() if each.gone}


def test_a_catalog_shows_opening_posts_and_the_window(config: LiveConfig) -> None:
    known = told(config, world(), answer(20, CATALOG))
    assert set(known.posts) == {1, 2, 6, 7, 8}
    assert known.threads == {1: "listed", 2: "listed"}
    assert known.posts[6] == Known(versions=[0], gone=False, shown_at=20)


def test_a_thread_shows_all_of_it_and_a_tail_its_end(config: LiveConfig) -> None:
    assert set(told(config, world(), answer(20, THREAD)).posts) == {1, 3, 4, 5, 6, 7, 8}
    assert set(told(config, world(), answer(20, TAIL)).posts) == {7, 8}


def test_a_deletion_within_the_window_is_told_by_the_catalog(config: LiveConfig) -> None:
    timeline = world(event(25, "delete", 7))
    known = told(config, timeline, answer(20, CATALOG), answer(26, CATALOG))
    assert gone(known) == {7}
    assert 5 in known.posts  # it moved into the window


def test_a_deletion_before_the_window_is_told_by_the_thread_alone(config: LiveConfig) -> None:
    timeline = world(event(25, "sweep", 3, 4))
    before = [answer(20, THREAD), answer(26, CATALOG), answer(27, TAIL)]
    assert gone(told(config, timeline, *before)) == set()
    assert gone(told(config, timeline, *before, answer(28, THREAD))) == {3, 4}


def test_a_post_that_came_back_is_not_gone(config: LiveConfig) -> None:
    timeline = world(event(25, "delete", 7), event(28, "undelete", 7))
    assert (
        gone(told(config, timeline, answer(20, CATALOG), answer(26, CATALOG), answer(29, CATALOG))) == set()
    )


def test_an_edit_is_told_where_the_post_is_shown(config: LiveConfig) -> None:
    timeline = world(event(25, "mark", 3, mark=BANNED), event(26, "delete", 4))
    known = told(config, timeline, answer(20, THREAD), answer(31, CATALOG))
    assert known.posts[3].versions == [0]
    assert known.posts[9].versions == [DEAD_QUOTE]
    assert told(config, timeline, answer(20, THREAD), answer(31, THREAD)).posts[3].versions == [0, BANNED]


def test_an_unchanged_answer_tells_what_is_unchanged(config: LiveConfig) -> None:
    known = told(config, world(), answer(20, CATALOG), answer(21, CATALOG, status=304))
    assert set(known.posts) == {1, 2, 6, 7, 8}


@pytest.mark.parametrize("trouble", ["empty", "page", "torn", "rollback", "busy", "hang_up", "rules"])
def test_trouble_tells_nothing(config: LiveConfig, trouble: str) -> None:
    assert told(config, world(), answer(20, CATALOG, trouble=trouble)) == Revealed()
    assert polls([answer(20, CATALOG, trouble=trouble), answer(21, CATALOG)]) == [21]


def test_a_thread_that_left_is_what_was_asked_about_it(config: LiveConfig) -> None:
    timeline = world(event(25, "archive"), event(25, "remove", thread_no=2), event(90, "purge"))
    log = [answer(20, CATALOG), answer(26, CATALOG)]
    assert told(config, timeline, *log).threads == {1: "left", 2: "left"}
    log += [answer(27, ARCHIVE), answer(28, OTHER, status=404)]
    assert told(config, timeline, *log).threads == {1: "archived", 2: "gone"}
    assert gone(told(config, timeline, *log, answer(29, THREAD))) == set()
    log.append(answer(91, THREAD, status=404))
    assert told(config, timeline, *log).threads == {1: "purged", 2: "gone"}


def test_a_hidden_thread_has_left_until_it_returns(config: LiveConfig) -> None:
    timeline = world(event(25, "hide"), event(40, "return"))
    log = [answer(20, CATALOG), answer(26, CATALOG), answer(27, THREAD)]
    assert told(config, timeline, *log).threads[1] == "left"
    assert told(config, timeline, *log, answer(41, CATALOG)).threads[1] == "listed"


def test_a_malformed_thread_tells_of_no_post(config: LiveConfig) -> None:
    known = told(config, world(event(25, "break")), answer(26, THREAD))
    assert known.threads == {1: "malformed"}
    assert known.posts == {}


def test_a_missing_tail_tells_nothing_about_the_thread(config: LiveConfig) -> None:
    assert told(config, world(), answer(20, TAIL, status=404)) == Revealed()


def test_histories_say_when_a_post_stood_in_the_index_and_how_it_read(config: LiveConfig) -> None:
    timeline = world(
        event(25, "delete", 4),
        event(35, "undelete", 4),
        event(50, "hide"),
        event(60, "return"),
        event(70, "archive"),
    )
    kept = histories(timeline, config)
    assert kept[4].listed == [(13, 25), (35, 50), (60, 70)]
    assert kept[9].listed == [(30, 50), (60, 70)]
    assert kept[9].versions == [(30, DEAD_QUOTE), (35, 0)]
    assert kept[2].listed == [(11, None)]


def test_due_is_what_stood_in_the_index_at_two_polls_running(config: LiveConfig) -> None:
    kept = histories(world(event(25, "delete", 4), event(35, "undelete", 4), event(35, "delete", 5)), config)
    assert due(kept, [20, 24]) >= {1, 2, 3, 4, 5}
    assert {4, 9} & due(kept, [20, 25, 36]) == set()  # away at 25; at 36 once only
    assert {4, 9} <= due(kept, [36, 37])
    assert 5 not in due(kept, [16, 35, 36])
    assert 4 in due(kept, [20, 36])  # gone and back between the two
    assert due(kept, [40]) == set()
