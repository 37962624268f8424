"""A catalog or a tail of the same second as the page held: it deletes nothing, and the next one tells."""

from typing import Any

import pytest

from tests.collectors.test_trouble import (
    CATALOG,
    PAGE,
    START,
    TAIL,
    Bench,
    Site,
    answer,
    begun,
    catalog,
    journal,
    opening,
    post,
)

__all__ = ["journal"]  # a fixture
REPLIES = tuple(range(101, 113))
SECOND = START - 1000 + REPLIES[-1]  # of the newest two


def same_second(no: int) -> dict[str, Any]:
    return post(no, time=min(post(no)["time"], SECOND))


def look_of(*numbers: int, at: float) -> Any:
    window = [same_second(no) for no in numbers[-3:]]
    return catalog(*numbers, at=at, modified=SECOND, last_replies=window)


@pytest.fixture
def held(journal: Any) -> Bench:
    """Thread 100 with thirteen replies, the last two posted within one second, as its page shows it."""
    bench = begun(Site(), journal)
    replies = (*REPLIES, 113)
    page = {"posts": [opening(13), *map(same_second, replies)]}
    bench.site.will(CATALOG, look_of(*REPLIES, at=SECOND))
    bench.site.will(PAGE, answer(PAGE, page, at=SECOND))
    bench.look()
    bench.fetch()
    assert bench.live() == [100, *replies]
    return bench


def test_a_catalog_of_the_same_second_deletes_nothing_and_the_next_one_tells(held: Bench) -> None:
    held.site.will(CATALOG, look_of(*REPLIES, at=SECOND + 1))
    held.look()
    assert held.live() == [100, *REPLIES, 113]
    held.site.will(CATALOG, look_of(*REPLIES, at=SECOND + 60))  # no date has moved all the same
    held.look()
    assert held.live() == [100, *REPLIES]


def test_a_tail_older_than_the_catalog_deletes_nothing(held: Bench) -> None:
    new = (*REPLIES, *range(113, 121))
    modified = post(120)["time"]
    held.site.will(CATALOG, catalog(*new, at=modified, modified=modified, tail_size=10))
    stub = {"no": 100, "replies": 18, "images": 0, "tail_id": 108, "tail_size": 10}
    held.site.will(TAIL, answer(TAIL, {"posts": [stub, *map(post, range(109, 119))]}, at=modified - 2))
    held.site.will(PAGE, answer(PAGE, {"posts": [opening(20), *map(post, new)]}, at=modified + 1))
    held.look()
    held.fetch()
    assert len(held.site.times(TAIL)) == 1
    assert held.live() == [100, *new]
    assert held.desk.counts["deletions"] == held.desk.counts["restored"] == 0
