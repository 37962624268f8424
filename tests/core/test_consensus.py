"""Several labellers: one label where they agree, a reason where they do not, and no confidence made up."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bizmeme.core.annotations import Key
from bizmeme.core.consensus import Verdict, Word, agreed, pooled, source
from bizmeme.core.dawid_skene import dawid_skene
from bizmeme.core.intervals import Floats
from bizmeme.errors import DataError

LABELS = ("bearish", "neutral", "bullish")


def said(*words: Word) -> Verdict:
    return agreed({("biz", 1): words}, labels=LABELS)["biz", 1]


def world(n: int, *, accuracies: Sequence[float], seed: int) -> tuple[dict[Key, list[Word]], dict[Key, str]]:
    """Posts, their true labels, and labellers that err independently."""
    rng = np.random.default_rng(seed)
    truth, posts = rng.integers(0, 3, n), {("biz", no): list[Word]() for no in range(n)}
    for who, accuracy in enumerate(accuracies):
        found = np.where(rng.random(n) < accuracy, truth, (truth + rng.integers(1, 3, n)) % 3)
        for no, label in enumerate(found):
            posts["biz", no].append(Word(f"labeller {who}", LABELS[label], 0.9))
    return posts, {("biz", no): LABELS[label] for no, label in enumerate(truth)}


def judged(posts: dict[Key, list[Word]], truth: dict[Key, str], *, known: int) -> dict[Key, Verdict]:
    """By Dawid and Skene; the first so many posts are the pilot, each in a thread of its own."""
    gold = dict(list(truth.items())[:known])
    return dawid_skene(posts, labels=LABELS, gold=gold, threads={key: key[1] for key in gold})


def test_labellers_that_agree_are_surer_together_than_each_alone() -> None:
    verdict = said(Word("openai", "bearish", 0.91), Word("gemini", "bearish", 0.74))
    wrong = (1 - 0.91) * (1 - 0.74) / 2
    assert verdict.confidence == pytest.approx(0.91 * 0.74 / (0.91 * 0.74 + wrong))
    assert (verdict.label, verdict.votes, verdict.reason) == ("bearish", 2, None)


def test_labellers_that_disagree_leave_the_post_without_a_label_and_are_named() -> None:
    verdict = said(Word("openai", "bearish", 0.9), Word("gemini", "neutral", 0.9))
    assert verdict == Verdict(None, None, 2, "labellers disagree: openai bearish, gemini neutral")


def test_a_labeller_that_gives_no_label_has_no_vote() -> None:
    verdict = said(Word("openai", None, None, "refused"), Word("gemini", "neutral", 0.7))
    assert verdict == Verdict("neutral", 0.7, 1, None)


def test_where_nobody_gives_a_label_every_reason_stands() -> None:
    verdict = said(Word("openai", None, None, "refused"), Word("gemini", None, None, "cut off"))
    assert verdict == Verdict(None, None, 0, "openai: refused; gemini: cut off")


def test_votes_are_the_confidence_only_where_no_labeller_gives_any() -> None:
    bare = {
        ("biz", 1): [Word("openai", "neutral"), Word("gemini", "neutral")],
        ("biz", 2): [Word("openai", "neutral"), Word("gemini", None, None, "refused")],
    }
    assert source(bare, rule="agreement") == "votes"
    assert [each.confidence for each in agreed(bare, labels=LABELS).values()] == [1.0, 0.5]
    mixed = bare | {("biz", 3): [Word("openai", "neutral", 0.8), Word("gemini", "neutral")]}
    assert source(mixed, rule="agreement") == "models"
    assert [each.confidence for each in agreed(mixed, labels=LABELS).values()] == [None, None, 0.8]


@pytest.mark.parametrize("sure", [0.8, None])
def test_one_labeller_alone_is_taken_at_its_word_by_either_rule(sure: float | None) -> None:
    alone: dict[Key, list[Word]] = {
        ("biz", 1): [Word("openai", "bullish", sure)],
        ("biz", 2): [Word("openai", None, None, "refused")],
    }
    expected = {
        ("biz", 1): Verdict("bullish", sure, 1, None),
        ("biz", 2): Verdict(None, None, 0, "refused"),
    }
    assert agreed(alone, labels=LABELS) == expected
    assert dawid_skene(alone, labels=LABELS, gold={}, threads={}) == expected
    assert source(alone, rule="dawid_skene") == (None if sure is None else "model")


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5), st.integers(2, 5))
def test_pooling_is_bayes_rule(confidences: list[float], k: int) -> None:
    found = pooled(confidences, k=k)
    p: Floats = np.clip(np.array(confidences), 1e-9, 1 - 1e-9)
    right, wrong = p.prod(), (k - 1) * ((1 - p) / (k - 1)).prod()
    assert found == pytest.approx(right / (right + wrong), abs=1e-6)


def test_dawid_and_skene_believe_the_labeller_that_people_agree_with() -> None:
    posts, truth = world(400, accuracies=(0.6, 0.9), seed=1)
    found = judged(posts, truth, known=175)
    right = np.mean([found[key].label == truth[key] for key in truth])
    better = np.mean([posts[key][1].label == truth[key] for key in truth])
    assert right >= better - 0.015
    assert np.mean([found[key].confidence for key in truth]) == pytest.approx(right, abs=0.05)


def test_no_pilot_post_is_sure_because_it_is_known() -> None:
    posts, truth = world(300, accuracies=(0.7, 0.7), seed=2)
    found = judged(posts, truth, known=150)
    pilot = [found["biz", no] for no in range(150)]
    right = np.mean([each.label == truth["biz", no] for no, each in enumerate(pilot)])
    assert right < 0.9
    assert np.mean([each.confidence for each in pilot]) == pytest.approx(right, abs=0.08)


def test_dawid_and_skene_take_a_lone_vote_as_it_is_and_no_vote_for_none() -> None:
    posts, truth = world(100, accuracies=(0.8, 0.8), seed=3)
    posts["biz", 98] = [Word("labeller 0", None, None, "refused"), Word("labeller 1", "bullish")]
    posts["biz", 99] = [Word("labeller 0", None, None, "refused"), Word("labeller 1", None, None, "cut off")]
    found = judged(posts, truth, known=50)
    assert (found["biz", 98].label, found["biz", 98].votes) == ("bullish", 1)
    assert found["biz", 99] == Verdict(None, None, 0, "labeller 0: refused; labeller 1: cut off")
    assert list(found) == list(posts)


def test_dawid_and_skene_give_the_same_twice_and_know_labels_that_nobody_says() -> None:
    posts, truth = world(200, accuracies=(0.8, 0.8), seed=4)
    for words in posts.values():
        words[:] = [
            Word(word.labeller, word.label if word.label != "bullish" else "neutral") for word in words
        ]
    first, second = (judged(posts, truth, known=60) for _ in range(2))
    assert first == second
    assert {each.label for each in first.values()} <= {"bearish", "neutral"}


def test_dawid_and_skene_want_known_posts() -> None:
    posts, truth = world(100, accuracies=(0.8, 0.8), seed=5)
    with pytest.raises(DataError, match="30 labelled posts have to be known, 29 are"):
        judged(posts, truth, known=29)


@settings(max_examples=20)
@given(st.permutations(["openai", "gemini", "third"]))
def test_the_order_of_labellers_changes_no_label_and_no_confidence(names: list[str]) -> None:
    sure = {"openai": 0.9, "gemini": 0.7, "third": 0.6}
    verdict = said(*(Word(name, "neutral", sure[name]) for name in names))
    assert verdict.confidence == pytest.approx(said(*(Word(n, "neutral", sure[n]) for n in sure)).confidence)
