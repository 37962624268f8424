"""A day of the board is the day that was asked for, and always the same."""

from collections import Counter

import pytest

from bizmeme.sandbox.live.config import LiveConfig
from bizmeme.sandbox.live.files import Files
from bizmeme.sandbox.live.happenings import Event, Timeline
from bizmeme.sandbox.live.rendering import Renderer
from bizmeme.sandbox.live.stage import replay_of
from bizmeme.sandbox.live.state import Board
from bizmeme.sandbox.live.timeline import build
from tests.sandbox.live.conftest import small


def within_the_day(timeline: Timeline, day: LiveConfig) -> list[Event]:
    return [event for event in timeline.events if day.begins_at_s <= event.at < day.ends_at_s]


def moments(day: LiveConfig, number: int) -> list[float]:
    span = day.ends_at_s - day.begins_at_s
    return [day.begins_at_s + span * (count + 0.37) / number for count in range(number)]


def portrait(board: Board, renderer: Renderer) -> tuple[bytes, ...]:
    """Everything that the board would say at this moment."""
    threads = [renderer.thread(board, each) for each in board.threads.values() if each.fate != "gone"]
    headers = [(each.no, each.header.at_s) for each in board.threads.values()]
    indexes = renderer.catalog(board), renderer.threads(board), renderer.archive(board)
    stamps = str((board.index_header.at_s, board.archive_header.at_s, headers)).encode()
    return (*indexes, stamps, *threads)


def test_two_worlds_of_one_seed_are_the_same_and_of_two_seeds_are_not() -> None:
    assert build(small()) == build(small())
    assert build(small()) != build(small("seed=8"))


def test_the_state_is_the_same_whether_reached_in_one_step_or_in_many() -> None:
    config = small()
    timeline, at = build(config), config.begins_at_s + 5_000
    renderer = Renderer(config, Files(config.seed, config.posts))
    slowly = replay_of(timeline, config)
    for second in range(0, 5_001, 50):
        portrait(slowly.advance(config.begins_at_s + second), renderer)  # what is remembered must not stick
    at_once = replay_of(timeline, config).advance(at)
    afresh = Renderer(config, Files(config.seed, config.posts))
    assert portrait(slowly.advance(at), renderer) == portrait(at_once, afresh)


def test_events_come_in_the_order_of_their_time_and_numbers_in_that_of_posting(timeline: Timeline) -> None:
    hours = [event.at for event in timeline.events]
    assert hours == sorted(hours)
    nos = [event.nos[0] for event in timeline.events if event.kind == "post"]
    assert nos == sorted(set(nos)) == list(timeline.posts)
    assert len(timeline.by_tim) == sum(post.upload is not None for post in timeline.posts.values())


def test_a_day_has_the_posts_and_threads_that_the_configuration_says(
    day: LiveConfig, timeline: Timeline
) -> None:
    kinds = Counter(event.kind for event in within_the_day(timeline, day))
    opened = sum(
        day.begins_at_s <= post.at < day.ends_at_s and post.opens for post in timeline.posts.values()
    )
    assert kinds["post"] == pytest.approx(6_000, rel=0.05)
    assert opened == pytest.approx(240, rel=0.15)
    assert kinds["delete"] == pytest.approx(0.03 * kinds["post"], rel=0.25)
    assert kinds["sweep"] == 8
    assert (kinds["remove"], kinds["move"], kinds["hide"], kinds["break"]) >= (6, 1, 3, 2)


def test_everything_that_may_happen_does_within_the_day(day: LiveConfig, timeline: Timeline) -> None:
    kinds = Counter(event.kind for event in within_the_day(timeline, day))
    wanted = (
        "post delete sweep undelete mark prune close reopen stick unstick archive purge remove move hide "
        "break return"
    )
    assert kinds.keys() == set(wanted.split())
    marks = {event.mark for event in within_the_day(timeline, day) if event.kind == "mark"}
    assert marks == {1, 2, 4}


def test_the_board_stays_full_and_the_archive_three_days_deep(day: LiveConfig, timeline: Timeline) -> None:
    replay = replay_of(timeline, day)
    for at in moments(day, 48):
        board = replay.advance(at)
        assert 140 <= len(board.live) <= 156
        oldest = min(board.threads[no].archived_on or 0 for no in board.archived)
        assert 2.9 * 86_400 < at - oldest <= 3 * 86_400


def test_evenings_are_four_times_as_busy_as_nights(day: LiveConfig, timeline: Timeline) -> None:
    hours = Counter(int(post.at % 86_400 / 3_600) for post in timeline.posts.values() if post.at > 1.7e9)
    evening, night = sum(hours[hour] for hour in (17, 18, 19)), sum(hours[hour] for hour in (5, 6, 7))
    assert evening / night == pytest.approx(1.6 / 0.4, rel=0.15)


def test_replies_are_spread_over_threads_as_measured(day: LiveConfig, timeline: Timeline) -> None:
    """Changed threads a poll, per new post: 1.00 at 60 s and 0.74 at 600 s in the simulation of the facts."""
    posts = [event for event in within_the_day(timeline, day) if event.kind == "post"]
    changed = [event for event in within_the_day(timeline, day) if event.kind != "purge"]
    for interval_s, wanted in ((60, 1.00), (300, 0.85), (600, 0.74)):
        pairs = {(int(event.at // interval_s), event.thread_no) for event in changed}
        assert len(pairs) / len(posts) == pytest.approx(wanted, rel=0.05)


def test_the_archive_empties_three_days_after_the_last_event(day: LiveConfig, timeline: Timeline) -> None:
    archived_at = {event.thread_no: event.at for event in timeline.events if event.kind == "archive"}
    purged_at = {event.thread_no: event.at for event in timeline.events if event.kind == "purge"}
    assert archived_at.keys() == purged_at.keys()
    assert {round(purged_at[no] - at) for no, at in archived_at.items()} == {3 * 86_400}
    last = replay_of(timeline, day).advance(day.ends_at_s + 3 * 86_400 + 1)
    assert not last.archived
    assert last.live
