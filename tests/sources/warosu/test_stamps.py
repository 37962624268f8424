"""Stamps in UTC, or on New York's clock as if it were: told apart, and made seconds of UTC."""

import random
from calendar import timegm
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bizmeme.sources.warosu.posts import ArchiveFile, ArchivePost, ArchiveThread, merged
from bizmeme.sources.warosu.stamps import Clock, Evidence, Mark, evidence, from_new_york, raw_posts

NEW_YORK = ZoneInfo("America/New_York")


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def wall(moment: int) -> int:
    """What New York's clock shows, written as if it were UTC; by another way than the source's."""
    return timegm(datetime.fromtimestamp(moment, NEW_YORK).timetuple())


def post(no: int, title_s: int, *, tim: int | None = None, thread_no: int = 1) -> ArchivePost:
    file = ArchiveFile(tim, ".jpg", None, None, None) if tim is not None else None
    return ArchivePost(no, thread_no, title_s * 1000, "", "", False, False, False, file, False)


def thread(posts: Sequence[ArchivePost], *, no: int = 1, in_utc: bool = False) -> ArchiveThread:
    return ArchiveThread(no, tuple(posts), 0, False, in_utc)


def moments(threads: Sequence[ArchiveThread], known: Evidence | None = None) -> list[int]:
    return [each.posted_at for each in raw_posts(threads, board="biz", known=known)]


def pictured(no: int, moment: int, clock: Clock, *, thread_no: int = 1) -> ArchivePost:
    title_s = moment if clock == "utc" else wall(moment)
    return post(no, title_s, tim=moment * 1000 + 388, thread_no=thread_no)


@pytest.mark.parametrize(
    ("title_s", "tim", "posted_at"),
    [
        (1488503824, 1488521824388, 1488521824),  # a real post of March 2017: New York, winter
        (1590415759, 1590430159651, 1590430159),  # and one of May 2020: summer
        (1759276801, 1759276800123456, 1759276801),  # new ones are stamped in UTC, files named in µs
        (1759276801, 1759276801, 1759276801),
        (1759276801, 1759276801123 + 2 * 3_600_000, 1759276801),  # no zone is two hours away: no evidence
        (1759276801, 7, 1759276801),  # no moment
        (1759276801, 2**53 - 1, 1759276801),
    ],
)
def test_a_picture_knows_its_own_clock(title_s: int, tim: int, posted_at: int) -> None:
    assert moments([thread([post(1, title_s, tim=tim)])]) == [posted_at]


@pytest.mark.parametrize(
    ("shown", "options"),
    [
        ("2017-03-03T01:17:04", ["2017-03-03T06:17:04"]),
        ("2020-05-25T14:09:19", ["2020-05-25T18:09:19"]),
        ("2025-03-09T01:59:59", ["2025-03-09T06:59:59"]),  # the second before spring
        ("2025-03-09T03:00:00", ["2025-03-09T07:00:00"]),  # is followed by this one
        ("2025-03-09T02:30:00", ["2025-03-09T07:30:00"]),  # shown by no clock
        ("2025-11-02T00:59:59", ["2025-11-02T04:59:59"]),
        ("2025-11-02T01:00:00", ["2025-11-02T05:00:00", "2025-11-02T06:00:00"]),  # an hour lived twice
        ("2025-11-02T01:59:59", ["2025-11-02T05:59:59", "2025-11-02T06:59:59"]),
        ("2025-11-02T02:00:00", ["2025-11-02T07:00:00"]),
        ("2006-04-02T03:00:00", ["2006-04-02T07:00:00"]),  # the rule before 2007
        ("2006-10-29T01:30:00", ["2006-10-29T05:30:00", "2006-10-29T06:30:00"]),
    ],
)
def test_new_yorks_clock_is_read_over_every_change(shown: str, options: list[str]) -> None:
    assert from_new_york(utc(shown)) == tuple(map(utc, options))


@pytest.mark.parametrize("first", ["2025-11-02T04:30:00", "2025-03-09T06:00:00", "2026-01-01T04:30:00"])
def test_every_post_around_a_change_is_right_though_one_alone_has_a_picture(first: str) -> None:
    times = [utc(first) + 170 * step for step in range(80)]
    posts = [pictured(100, times[0], "new_york")]
    posts += [post(100 + step, wall(moment)) for step, moment in enumerate(times) if step]
    assert moments([thread(posts)]) == times


def test_in_the_hour_lived_twice_a_picture_is_exact_and_holds_its_elders_back() -> None:
    times = [utc("2025-11-02T05:10:00"), utc("2025-11-02T05:20:00"), utc("2025-11-02T06:10:00")]
    posts = [post(7, wall(times[0])), pictured(8, times[1], "new_york"), pictured(9, times[2], "new_york")]
    assert moments([thread(posts)]) == times
    assert moments([thread(posts[::-1])]) == times[::-1]


def test_a_stamp_of_the_far_future_does_not_move_the_posts_behind_it() -> None:
    times = [utc("2099-01-01T12:00:00"), utc("2025-11-02T05:20:00"), utc("2025-11-02T05:30:00")]
    posts = [post(7, wall(times[0])), post(8, wall(times[1])), pictured(9, times[2], "new_york")]
    assert moments([thread(posts)]) == times


def test_the_hour_lived_twice_is_told_apart_by_posts_of_other_threads() -> None:
    times = [utc("2025-11-02T05:50:00"), utc("2025-11-02T06:05:00")]
    elder = thread([pictured(7, times[0], "new_york", thread_no=7)], no=7)
    younger = thread([post(8, wall(times[1]), thread_no=8)], no=8)
    assert moments([younger, elder]) == times[::-1]


def test_a_thread_without_a_picture_goes_by_the_nearest_that_has_one() -> None:
    old, new = utc("2023-09-20T12:00:00"), utc("2023-10-05T12:00:00")
    threads = [
        thread([pictured(100, old, "new_york", thread_no=100)], no=100),
        thread([post(140, wall(old + 60), thread_no=140)], no=140),
        thread([post(160, new - 60, thread_no=160)], no=160),
        thread([pictured(200, new, "utc", thread_no=200)], no=200),
    ]
    assert moments(threads) == [old, old + 60, new - 60, new]


def test_within_a_thread_the_nearest_picture_decides() -> None:
    old, new = utc("2023-09-30T23:00:00"), utc("2023-10-01T01:00:00")
    posts = [
        pictured(10, old, "new_york"),
        post(11, wall(old + 60)),
        post(18, new - 60),
        pictured(19, new, "utc"),
    ]
    assert moments([thread(posts)]) == [old, old + 60, new - 60, new]


def test_the_pictures_of_a_thread_count_more_than_nearer_ones_of_others() -> None:
    moment = utc("2020-05-25T18:09:19")
    own = thread([pictured(100, moment, "new_york"), post(190, wall(moment + 60))])
    other = thread([pictured(195, moment + 90, "utc", thread_no=191)], no=191)
    assert moments([own, other]) == [moment, moment + 60, moment + 90]


def test_between_two_clocks_a_post_is_on_the_one_that_puts_it_between_their_posts() -> None:
    """Though the nearest picture by number is on the other side of the change."""
    old, new = utc("2023-09-30T20:00:00"), utc("2023-09-30T23:30:00")
    times = [old, old + 600, old + 9_000, new]
    numbers = (100, 103, 180, 200)
    for last_old in range(3):
        posts = [
            pictured(no, moment, "new_york" if place <= last_old else "utc")
            if place in (0, 3)
            else post(no, wall(moment) if place <= last_old else moment)
            for place, (no, moment) in enumerate(zip(numbers, times, strict=True))
        ]
        assert moments([thread(posts)]) == times


def test_a_page_that_is_in_utc_needs_no_picture() -> None:
    assert moments([thread([post(1, 1488503824)], in_utc=True)], {2: Mark("new_york", 1488503900)}) == [
        1488503824
    ]


def test_a_page_that_is_in_utc_stays_so_and_teaches_others_nothing() -> None:
    moment = utc("2017-03-03T06:17:04")
    fuuka = thread([pictured(10, moment, "utc")], in_utc=True)
    assert moments([fuuka, thread([post(11, wall(moment + 60))])], {9: Mark("new_york", moment)}) == [
        moment,
        moment + 60,
    ]
    assert evidence([fuuka]) == {}


def test_a_picture_is_believed_more_than_the_software_that_a_page_seems_to_run() -> None:
    moment = utc("2017-03-03T06:17:04")
    posts = [pictured(10, moment, "new_york"), post(11, wall(moment + 60))]
    assert moments([thread(posts, in_utc=True)]) == [moment, moment + 60]


def test_without_any_evidence_a_stamp_is_utc() -> None:
    assert moments([thread([post(1, 1488503824)])]) == [1488503824]


def test_random_threads_are_right_whenever_each_has_a_picture() -> None:
    dice = random.Random(3)
    for _ in range(300):
        clock: Clock = dice.choice(("utc", "new_york"))
        begins = dice.randrange(utc("2014-01-01"), utc("2026-01-01"))
        times = sorted(begins + dice.randrange(40_000) for _ in range(12))
        made = [pictured(1, times[0], clock)]
        made += [
            pictured(no, moment, clock)
            if dice.random() < 0.3
            else post(no, moment if clock == "utc" else wall(moment))
            for no, moment in enumerate(times[1:], 2)
        ]
        told = moments([thread(made)])
        # Twice a year an hour is lived twice; a thread that is silent in between leaves it open.
        wrong = [(a, b) for a, b in zip(told, times, strict=True) if a != b]
        assert all(abs(a - b) == 3_600 and len(from_new_york(wall(b))) == 2 for a, b in wrong)
        assert len(wrong) <= 3


def test_a_post_that_two_pages_show_is_merged_with_all_its_marks() -> None:
    shown = post(5, 100)
    marked = ArchivePost(5, 1, 100_000, "", "", False, True, False, None, False)
    index = ArchiveThread(1, (post(1, 50), shown), omitted=7, opened=True, in_utc=False)
    page = ArchiveThread(1, (post(1, 50), post(4, 90), marked), omitted=0, opened=True, in_utc=False)
    (whole,) = merged([index, page])
    assert [each.no for each in whole.posts] == [1, 4, 5]
    assert whole.posts[-1].deleted
    assert (whole.replies, whole.opened) == (8, True)
    assert merged([page, index]) == [whole]
