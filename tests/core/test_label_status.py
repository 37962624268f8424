"""label status: every figure is what was said."""

from dataclasses import replace

import pytest

from bizmeme.core.annotations import Annotation
from bizmeme.core.label_status import LabelStatus, Place, label_status
from tests.core.words import KEYS, MOODS, said

#               1234567890
FIRST = "--+0+s0e+"
SECOND = "-+ 0-s"


def places(count: int) -> dict[tuple[str, int], Place]:
    """So many posts, half of them quiet; the first six are labelled twice, the first two are shown again."""
    return {
        key: Place(f"days {'busy' if key[1] % 2 else 'quiet'}", key[1] // 3, key[1] <= 6, key[1] <= 2)
        for key in KEYS[:count]
    }


def timed(words: list[Annotation], *seconds: float) -> list[Annotation]:
    return [replace(word, lead_time_s=took) for word, took in zip(words, seconds, strict=True)]


def status(words: list[Annotation], *, posts: int = 12) -> LabelStatus:
    return label_status(words, places(posts), labels=MOODS, min_votes=1, seed=1)


def test_done_skipped_and_missing_posts_are_the_sample() -> None:
    found = status(said("first", "1", FIRST) + said("second", "2", SECOND))
    assert (found.sampled, found.done, found.skipped, found.missing) == (12, 7, 1, 4)
    assert found.disputed == 2
    assert found.refused == {"empty": 1}
    assert found.alpha.posts == 4


def test_a_post_that_one_labelled_and_another_skipped_is_done() -> None:
    found = status(said("first", "1", "-s") + said("second", "2", "s-"))
    assert (found.done, found.skipped, found.missing) == (2, 0, 10)


def test_classes_are_of_settled_posts_and_short_of_an_equal_share() -> None:
    found = status(said("first", "1", FIRST) + said("second", "2", SECOND))
    assert found.per_class == {"bearish": 1, "neutral": 2, "bullish": 2}
    assert found.short == {"bearish": 3, "neutral": 2, "bullish": 2}
    ruled = said("first", "1", FIRST) + said("second", "2", SECOND) + said("adjudication", "3", " -  -")
    assert status(ruled).per_class == {"bearish": 3, "neutral": 2, "bullish": 2}
    assert status(ruled).disputed == 0
    assert status(said("first", "1", "-----+")).short == {"bearish": 0, "neutral": 4, "bullish": 3}


def test_strata_are_done_of_drawn() -> None:
    found = status(said("first", "1", FIRST))
    assert found.per_stratum == {"days busy": (5, 6), "days quiet": (2, 6)}


def test_a_persons_speed_is_a_median_and_the_rest_takes_as_long() -> None:
    one = timed(said("first", "1", "-0+"), 4.0, 900.0, 6.0) + timed(said("first", "1", "-", repeat=True), 5.0)
    two = said("second", "2", "-s")
    first, second = status(one + two).people
    assert (first.project, first.annotator, first.done, first.assigned, first.left) == (
        "first",
        "1",
        4,
        14,
        10,
    )
    assert first.median_s == 5.5
    assert first.left_s == 55.0
    assert (second.done, second.assigned, second.left, second.left_s) == (2, 6, 4, None)


def test_two_people_who_share_a_project_share_what_is_left() -> None:
    words = said("first", "1", "--") + said("first", "2", "  ++")
    assert [(each.done, each.left) for each in status(words).people] == [(2, 10), (2, 10)]


def test_an_adjudicator_has_what_people_dispute() -> None:
    words = said("first", "1", FIRST) + said("second", "2", SECOND) + said("adjudication", "3", " -")
    adjudicator = status(words).people[0]
    assert (adjudicator.project, adjudicator.done, adjudicator.assigned, adjudicator.left) == (
        "adjudication", 1, 2, 1,
    )  # fmt: skip


def test_the_queue_is_work_and_no_gold() -> None:
    queue = [
        Annotation(KEYS[500], "queue", "1", "bullish"),
        Annotation(KEYS[501], "queue", "1", None, reason="skipped"),
    ]
    found = status(queue)
    assert (found.done, found.skipped, sum(found.per_class.values())) == (0, 0, 0)
    (person,) = found.people
    assert (person.project, person.done, person.assigned, person.left_s) == ("queue", 2, None, None)


def test_a_post_that_is_shown_no_more_counts_nowhere() -> None:
    found = status([Annotation(KEYS[500], "first", "1", "bullish")])
    assert (found.done, found.missing, found.people) == (0, 12, ())


def test_before_anybody_labels_all_of_it_is_missing() -> None:
    found = status([])
    assert (found.done, found.missing, found.people) == (0, 12, ())
    assert found.short == dict.fromkeys(MOODS, 4)
    assert found.alpha.nominal.value is None


def test_agreement_so_far_is_measured_over_threads() -> None:
    found = status(said("first", "1", "--++00") + said("second", "2", "--+++0"))
    assert found.alpha.posts == 6
    assert found.alpha.nominal.value == pytest.approx(1 - 11 * 2 / (12**2 - 4**2 - 5**2 - 3**2), abs=1e-9)
    assert found.alpha.nominal.low is not None
