"""How a batch at a vision API goes on by the simulated clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizmeme.sandbox.config_serving import BatchServing
from bizmeme.sandbox.servers.batch_life import Shelf, born, lots, shuffled

KEYS = [f"line {number}" for number in range(2_000)]
SERVING = BatchServing(lasts_s=100, expired_share=0.2, failed_share=0.1)


def test_a_batch_is_over_at_its_hour_and_works_evenly_until_then() -> None:
    life = born(1_000, SERVING)
    assert [life.over(now) for now in (1_000, 1_099.9, 1_100)] == [False, False, True]
    assert [life.done(now, 8) for now in (1_000, 1_050, 1_099, 1_100, 9_999)] == [0, 4, 7, 8, 8]


def test_a_cancelled_batch_is_over_at_once_and_keeps_what_was_done() -> None:
    life = born(1_000, SERVING)
    life.cancel(1_025)
    assert life.over(1_025)
    assert life.done(9_999, 8) == 2
    assert sum(lot != "cancelled" for lot in lots(KEYS, life, SERVING).values()) == 500


def test_a_batch_that_is_over_cannot_be_cancelled() -> None:
    life = born(1_000, SERVING)
    life.cancel(1_100)
    assert life.cancelled_at is None


def test_lines_come_in_another_order_and_fare_as_often_badly_as_asked() -> None:
    life = born(0, SERVING)
    fared = lots(KEYS, life, SERVING)
    assert list(fared) == shuffled(KEYS) != KEYS
    assert sorted(fared) == sorted(KEYS)
    told = list(fared.values())
    assert told.count("expired") == pytest.approx(400, abs=70)
    assert told.count("failed") == pytest.approx(200, abs=55)
    assert lots(KEYS[:50], life, SERVING).items() <= fared.items()


@given(st.integers(0, 30), st.integers(1, 12))
def test_pages_hold_everything_once_from_the_newest_on(count: int, limit: int) -> None:
    shelf = Shelf({f"name {number}": number for number in range(count)})
    seen: list[int] = []
    while True:
        page = shelf.page(after=f"name {seen[-1]}" if seen else None, limit=limit)
        seen += page.things
        if not page.has_more:
            break
    assert seen == list(reversed(range(count)))


def test_a_page_after_an_unknown_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        Shelf({"one": 1}).page(after="two", limit=5)
