"""Agreement of people."""

import json
import random
from collections.abc import Sequence
from typing import Any, Literal

import krippendorff
import polars as pl
import pytest
from sklearn.metrics import cohen_kappa_score

from bizmeme.core.agreement import Sampled, measured, sampled_posts
from bizmeme.core.annotations import Annotation
from bizmeme.core.gold import gold_hash
from tests.core.words import KEYS, MOODS, said


def sampled(count: int) -> dict[tuple[str, int], Sampled]:
    """So many posts, three a thread, every fourth for the pilot."""
    return {
        key: Sampled("test" if key[1] % 4 else "dev", key[1] // 3, 1.0 + key[1] % 2) for key in KEYS[:count]
    }


def figures(words: Sequence[Annotation], *, posts: int, min_votes: int = 1) -> dict[str, Any]:
    found = measured(words, sampled(posts), labels=MOODS, min_votes=min_votes, seed=1)
    json.dumps(found, allow_nan=False)  # as the metric file is written
    return found


#        post  1234567890
FIRST = "--+0+s0e+"
SECOND = "-+ 0-s0 -"


def test_every_post_is_counted_where_it_belongs() -> None:
    words = said("first", "1", FIRST) + said("second", "2", SECOND) + said("adjudication", "3", " +")
    found = figures(words, posts=10)
    assert {name: found[name] for name in ("sampled", "answered", "gold_posts", "dropped")} == {
        "sampled": 10, "answered": 8, "gold_posts": 5, "dropped": 3,
    }  # fmt: skip
    assert found["settled"] == {"agreed": 3, "single": 1, "majority": 0, "adjudicated": 1}
    assert (found["disputed"], found["skipped_by_all"], found["refused"]) == (2, 1, {"empty": 1})
    gold = {1: "bearish", 2: "bullish", 3: "bullish", 4: "neutral", 7: "neutral"}
    roles = {key[1]: one.role for key, one in sampled(10).items()}
    assert found["gold"] == gold_hash(("biz", no, roles[no], label) for no, label in gold.items())


def test_one_voter_too_few_drops_a_post_that_nobody_disputes() -> None:
    words = said("first", "1", FIRST) + said("second", "2", SECOND)
    found = figures(words, posts=10, min_votes=2)
    assert found["settled"] == {"agreed": 3, "single": 0, "majority": 0, "adjudicated": 0}
    assert (found["answered"], found["dropped"], found["disputed"]) == (8, 5, 3)


def test_each_person_is_counted_apart_and_repeats_once_more() -> None:
    words = said("first", "1", FIRST) + said("first", "1", "-+", repeat=True) + said("second", "2", SECOND)
    found = figures(words, posts=10)
    mix = {"bearish": 2, "neutral": 2, "bullish": 3}
    assert found["per_annotator"]["1"] == {"labels": 7, "skips": 1, "repeats": 2, "label_mix": mix}
    assert found["per_annotator"]["2"]["labels"] == 6
    self_agreement = found["self_agreement"]
    assert list(self_agreement) == ["1"]
    assert (self_agreement["1"]["posts"], self_agreement["1"]["value"]) == (2, 0.5)
    assert self_agreement["1"]["low"] < 0.5 < self_agreement["1"]["high"]


def test_pairs_are_of_voters_and_an_adjudicator_stands_in_none() -> None:
    """Whoever sees only what others dispute would seem to agree with nobody."""
    words = said("first", "1", FIRST) + said("second", "2", SECOND) + said("adjudication", "3", " +")
    (pair,) = figures(words, posts=10)["pairs"]
    assert (pair["annotators"], pair["posts"]) == (["1", "2"], 6)
    assert pair["agreement"]["value"] == 0.5
    assert pair["confusion"] == [[1, 0, 1], [0, 2, 0], [2, 0, 0]]
    left, right = "--0+0+", "-+0-0-"
    assert pair["cohens_kappa"]["value"] == pytest.approx(cohen_kappa_score(list(left), list(right)))


def noisy(seed: int, *, posts: int) -> list[Annotation]:
    """Three voters, of whom the third saw a part and all skip now and then."""
    rng = random.Random(seed)
    truth = [rng.choice("--0+") for _ in range(posts)]
    shown = {"1": 1.0, "2": 1.0, "3": 0.3}
    words: list[Annotation] = []
    for who, share in shown.items():
        heard = [rng.choice("-0+s") if rng.random() < 0.3 else letter for letter in truth]
        seen = "".join(letter if rng.random() < share else " " for letter in heard)
        words += said("first" if who == "1" else "second", who, seen)
    return words


def test_alpha_of_many_people_with_gaps_is_the_packages() -> None:
    words = noisy(1, posts=200)
    found = figures(words, posts=200)["alpha"]
    counts = [
        [sum(word.key == key and word.label == mood for word in words) for mood in MOODS]
        for key in KEYS[:200]
    ]
    assert found["posts"] == sum(sum(row) > 1 for row in counts)
    levels: tuple[Literal["nominal", "ordinal"], ...] = ("nominal", "ordinal")
    for level in levels:
        one = found[level]
        wanted = krippendorff.alpha(
            value_counts=counts, value_domain=range(len(MOODS)), level_of_measurement=level
        )
        assert one["value"] == pytest.approx(wanted, abs=1e-8)
        assert one["low"] < one["value"] < one["high"]


def test_the_order_in_which_words_come_changes_no_figure() -> None:
    words = noisy(2, posts=60)
    shuffled = random.Random(1).sample(words, len(words))
    assert figures(shuffled, posts=60) == figures(words, posts=60)


def test_words_on_other_posts_and_of_the_queue_are_not_heard() -> None:
    words = said("first", "1", FIRST) + said("second", "2", SECOND)
    more = [*words, *said("queue", "1", "+++"), Annotation(KEYS[500], "first", "9", "bullish")]
    assert figures(more, posts=10) == figures(words, posts=10)


def test_a_repeat_without_its_first_showing_is_no_answer() -> None:
    found = figures(said("first", "1", "-") + said("first", "1", " +", repeat=True), posts=2)
    assert (found["answered"], found["gold_posts"], found["self_agreement"]) == (1, 1, {})


def test_one_person_alone_has_gold_and_no_agreement() -> None:
    found = figures(said("first", "1", "-0+"), posts=3)
    assert found["gold_posts"] == found["settled"]["single"] == 3
    assert (found["pairs"], found["self_agreement"], found["ceiling"]) == ([], {}, None)
    nothing = {"value": None, "low": None, "high": None}
    assert found["alpha"] == {"posts": 0, "nominal": nothing, "ordinal": nothing}


def test_before_anybody_labels_everything_is_nought() -> None:
    found = figures([], posts=3)
    assert (found["sampled"], found["answered"], found["gold"]) == (3, 0, gold_hash([]))


def test_weights_lead_the_ceiling_back_to_the_population() -> None:
    found = figures(noisy(3, posts=120), posts=120)["ceiling"]
    assert found["accuracy"]["value"] != found["weighted"]["accuracy"]["value"]
    assert abs(found["accuracy"]["value"] - found["weighted"]["accuracy"]["value"]) < 0.1


def test_the_sample_is_known_with_threads_and_a_post_that_is_gone_is_its_own() -> None:
    sample = pl.DataFrame(
        {"board": "biz", "no": [5, 3], "role": ["dev", "test"], "weight": [1.5, 2.0]}, strict=False
    )
    posts = pl.DataFrame({"board": ["biz"], "no": [3], "thread_no": [1]})
    wanted = {("biz", 3): Sampled("test", 1, 2.0), ("biz", 5): Sampled("dev", 5, 1.5)}
    assert sampled_posts(sample, posts) == wanted
