"""The human ceiling is what a person scores against the others."""

import random

import pytest
from sklearn.metrics import f1_score

from bizmeme.core.annotations import Annotation
from bizmeme.core.ceiling import Compared, human_ceiling, leave_one_out
from bizmeme.core.metrics import score
from bizmeme.core.settling import votes_by_post
from tests.core.words import KEYS, MOODS, said

THREADS = {key: key[1] for key in KEYS}


def noisy(rng: random.Random, who: str, truth: list[str], *, error: float) -> list[Annotation]:
    """A person who draws any label of the vocabulary for a share of the posts."""
    project = "first" if who == "1" else "second"
    words = [rng.choice(MOODS) if rng.random() < error else mood for mood in truth]
    return [Annotation(key, project, who, word) for key, word in zip(KEYS, words, strict=False)]


def test_with_two_people_it_is_the_score_of_either_against_the_other() -> None:
    rng = random.Random(1)
    truth = rng.choices(MOODS, [6, 3, 1], k=300)
    one, two = noisy(rng, "1", truth, error=0.3), noisy(rng, "2", truth, error=0.2)
    found = human_ceiling(votes_by_post(one + two), labels=MOODS, threads=THREADS, seed=1)
    assert found is not None
    left, right = ([str(each.label) for each in words] for words in (one, two))
    for gold, predicted in ((left, right), (right, left)):
        wanted = score(gold, predicted, labels=MOODS)
        assert found.accuracy.value == pytest.approx(wanted.accuracy)
        assert found.macro_f1.value == pytest.approx(wanted.macro_f1)
    assert found.macro_f1.value == pytest.approx(f1_score(left, right, average="macro"))
    assert (found.posts, found.people) == (300, 2)
    assert found.accuracy.low is not None
    assert found.accuracy.high is not None
    assert 0.5 < found.accuracy.low < wanted.accuracy < found.accuracy.high < 0.9


def test_nobodys_own_vote_is_in_what_their_label_is_held_against() -> None:
    words = said("first", "1", "-") + said("first", "2", "-") + said("second", "3", "+")
    key = KEYS[0]
    assert list(leave_one_out(votes_by_post(words))) == [Compared(key, "3", "bullish", "bearish")]
    ruled = [*words, Annotation(key, "adjudication", "4", "neutral")]
    assert [each.others for each in leave_one_out(votes_by_post(ruled))] == ["neutral", "neutral", "bearish"]
    by_a_voter = [*words, Annotation(key, "adjudication", "1", "bearish")]
    assert [(each.annotator, each.others) for each in leave_one_out(votes_by_post(by_a_voter))] == [
        ("2", "bearish"),
        ("3", "bearish"),
    ]


def test_posts_that_one_person_labelled_have_no_part_and_without_others_there_is_none() -> None:
    words = said("first", "1", "-0+s-") + said("second", "2", "-  +s") + said("first", "1", "+", repeat=True)
    found = human_ceiling(votes_by_post(words), labels=MOODS, threads=THREADS, seed=1)
    assert found is not None
    assert (found.posts, found.accuracy.value) == (1, 1.0)
    alone = votes_by_post(said("first", "1", "-0+"))
    assert human_ceiling(alone, labels=MOODS, threads=THREADS, seed=1) is None


def test_a_weight_makes_a_post_count_as_many() -> None:
    words = said("first", "1", "-0") + said("second", "2", "-+")
    weights = {KEYS[0]: 3.0, KEYS[1]: 1.0}
    found = human_ceiling(votes_by_post(words), labels=MOODS, threads=THREADS, weights=weights, seed=1)
    assert found is not None
    assert found.accuracy.value == 0.75


def test_people_who_err_together_score_high_and_those_who_err_apart_below_their_own_accuracy() -> None:
    rng = random.Random(2)
    truth = [rng.choice(MOODS) for _ in range(900)]
    hard = [rng.choice(MOODS) if rng.random() < 0.3 else mood for mood in truth]
    apart = [noisy(rng, who, truth, error=0.3) for who in "12"]
    together = [noisy(rng, who, hard, error=0.0) for who in "12"]
    figures = []
    for one, two in (apart, together):
        found = human_ceiling(votes_by_post(one + two), labels=MOODS, threads=THREADS, seed=1)
        assert found is not None
        assert found.accuracy.value is not None
        right = sum(word.label == mood for word, mood in zip(one, truth, strict=False)) / len(truth)
        figures.append((found.accuracy.value, right))
    (apart_ceiling, apart_right), (together_ceiling, together_right) = figures
    assert apart_ceiling < apart_right - 0.1
    assert together_ceiling == 1 > together_right + 0.1
