"""What is true of hand-made posts."""

from typing import Any

import pytest

from bizmeme.core.judging import COPIES, Judge, Key, truths

LABELS = ("bearish", "neutral", "bullish")


def post(no: int, mood: str = "bearish", **more: Any) -> dict[str, Any]:
    """A row as the truth route gives it."""
    usual = {"scene": "crash", "topic": "doom", "hard": False, "unseen": False, "copypasta": None}
    return {"board": "biz", "no": no, "mood": mood, "picture": f"d{no}", "copy": "original"} | usual | more


def judge(*posts: dict[str, Any]) -> Judge:
    return Judge(truths(posts), LABELS)


def keys(*numbers: int) -> list[Key]:
    return [("biz", no) for no in numbers]


def test_a_group_is_scored_by_itself_and_an_empty_one_left_out() -> None:
    bench = judge(post(1), post(2, "bullish", hard=True), post(3, "neutral", hard=True), post(4))
    said = dict(zip(keys(1, 2, 3, 4), ["bearish", "bullish", "bullish", "neutral"], strict=True))
    figures = bench.groups(said, hard=bench.is_hard, seen=bench.is_seen, unseen=bench.is_unseen)
    assert set(figures) == {"truth", "hard", "seen"}
    assert (figures["truth"]["n"], figures["truth"]["accuracy"]) == (4, 0.5)
    assert (figures["hard"]["n"], figures["hard"]["accuracy"]) == (2, 0.5)
    assert figures["hard"]["macro_f1"] == pytest.approx((2 / 3) / 3)
    assert figures["seen"] == figures["truth"]


def test_seen_and_unseen_posts_share_the_test_set_between_them() -> None:
    bench = judge(post(1), post(2, unseen=True), post(3, unseen=True))
    said = dict.fromkeys(keys(1, 2, 3), "bearish")
    figures = bench.groups(said, seen=bench.is_seen, unseen=bench.is_unseen)
    assert (figures["seen"]["n"], figures["unseen"]["n"]) == (1, 2)


def test_a_post_whose_truth_is_unknown_is_not_judged() -> None:
    bench = judge(post(1))
    assert bench.against(dict.fromkeys(keys(1, 9), "bearish"))["n"] == 1
    assert bench.groups(dict.fromkeys(keys(9), "bearish"), hard=bench.is_hard)["truth"]["n"] == 0
    assert bench.errors([("ann", ("biz", 9), "bearish")]) == {}
    assert bench.copies(keys(9), train=keys(1))["rows"] == 0


def test_each_annotators_error_is_the_share_of_their_own_wrong_labels() -> None:
    bench = judge(post(1), post(2), post(3, "bullish"))
    said = [("ann", key, "bearish") for key in keys(1, 2, 3)] + [("bob", ("biz", 1), "neutral")]
    assert bench.errors(said) == {
        "ann": {"n": 3, "error": pytest.approx(1 / 3)},
        "bob": {"n": 1, "error": 1.0},
    }


@pytest.mark.parametrize(
    ("held_out", "taught", "kind"),
    [
        ("original", ["cropped"], "cropped"),
        ("cropped", ["original"], "cropped"),
        ("repost", ["recompressed"], "recompressed"),
        ("original", ["captioned", "repost"], "repost"),
        ("captioned", ["original", "repost"], "captioned"),
    ],
)
def test_a_copy_in_train_counts_once_under_the_kind_of_its_closest_pair(
    held_out: str, taught: list[str], kind: str
) -> None:
    train = [post(10 + n, picture="same", copy=each) for n, each in enumerate(taught)]
    bench = judge(post(1, picture="same", copy=held_out), *train, post(30))
    figures = bench.copies(keys(1), train=keys(10, 11, 30))
    assert figures["pictures"] == 1
    assert figures["by_kind"] == dict.fromkeys(COPIES, 0) | {kind: 1}


def test_only_a_copy_in_train_counts_and_totals_add_up() -> None:
    bench = judge(
        post(1, picture="a", copy="cropped", copypasta="navy"),
        post(2, picture="b", copypasta="navy"),
        post(3, picture="b", copy="repost"),
        post(4, copypasta="stoic"),
        post(10, picture="a"),
        post(11, copypasta="navy"),
        post(12, copypasta=None),
    )
    figures = bench.copies(keys(1, 2, 3, 4), train=keys(10, 11, 12))
    assert figures["rows"] == 4
    assert figures["pictures"] == sum(figures["by_kind"].values()) == figures["by_kind"]["cropped"] == 1
    assert figures["copypastas"] == 2
    assert bench.copies(keys(1), train=[])["pictures"] == 0


def test_a_truth_that_lacks_a_field_is_a_defect() -> None:
    row = post(1)
    del row["picture"]
    with pytest.raises(KeyError, match="picture"):
        truths([row])
