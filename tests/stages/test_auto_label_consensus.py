"""auto_label with two labellers: what they agree upon, and how sure that is by people's labels."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from bizmeme.errors import DataError
from tests.stages.labelling import KEY, Labelling, World, unpaid
from tests.stages.pipeline import Pipeline

BOTH = "auto_label.labellers=[openai, gemini]"
DAWID_SKENE = "auto_label.consensus=dawid_skene"


@pytest.fixture(scope="module")
def asked(small: Pipeline, served: World, tmp_path_factory: pytest.TempPathFactory) -> Labelling:
    """Both vendors were asked about everything, and all gold posts are the pilot; to look at."""
    labelling = unpaid(small, tmp_path_factory.mktemp("two") / "two").with_a_large_pilot()
    labelling.run(served, BOTH)
    return labelling


@pytest.fixture
def again(asked: Labelling, tmp_path: Path) -> Labelling:
    """The same, to run again."""
    return Labelling(asked.pipeline.fork(tmp_path / "again"))


def both(labelling: Labelling) -> pl.DataFrame:
    """One row a post: what each vendor said, and what was concluded."""
    said = [
        labelling.replies.filter(labeller=name).select(*KEY, pl.col("label").alias(name))
        for name in ("openai", "gemini")
    ]
    return labelling.labels.join(said[0], on=KEY).join(said[1], on=KEY)


def accuracy(posts: pl.DataFrame, world: World, said: str) -> float:
    """Share of these posts whose label in that column is true."""
    known = posts.join(world.moods(), on=KEY)
    return float((known[said] == known["mood"]).mean())  # type: ignore[arg-type]


def test_a_post_has_a_label_where_both_gave_it_and_else_a_reason_that_names_both(asked: Labelling) -> None:
    posts = both(asked)
    same = pl.col("openai") == pl.col("gemini")
    assert len(posts) == len(asked.labels) == len(asked.replies) / 2
    assert posts.filter(same, pl.col("label").ne_missing(pl.col("openai"))).is_empty()
    disputed = posts.filter(~same)
    assert len(disputed) == asked.figures["disagreed"] > 50
    assert disputed["label"].is_null().all()
    reasons = [f"labellers disagree: openai {row['openai']}, gemini {row['gemini']}"
               for row in disputed.iter_rows(named=True)]  # fmt: skip
    assert disputed["reason"].to_list() == reasons
    assert set(posts["votes"]) == {2}


def test_what_they_agree_upon_is_right_more_often_than_either_alone(asked: Labelling, served: World) -> None:
    posts = both(asked)
    alone = max(accuracy(posts, served, name) for name in ("openai", "gemini"))
    assert accuracy(posts.drop_nulls("label"), served, "label") > alone + 0.05


def test_dawid_skene_labels_every_post_for_nothing_more(again: Labelling, served: World) -> None:
    paid = again.held
    again.run(served, BOTH, DAWID_SKENE)
    assert again.held == paid
    assert again.labels["label"].null_count() == again.figures["disagreed"] == 0
    posts = both(again)
    assert posts.filter(pl.col("openai") == pl.col("gemini"), pl.col("label") != pl.col("openai")).is_empty()
    assert accuracy(posts, served, "label") > accuracy(posts, served, "gemini")


def test_confidence_is_calibrated_on_the_pilot_and_measured_before_and_after(asked: Labelling) -> None:
    figures = asked.figures
    pilot = figures["pilot"]["n"]
    assert pilot > 80
    for name in ("openai", "gemini"):
        assert figures["labellers"][name]["gate"]["n"] == pilot
    alone = figures["labellers"]["openai"]["confidence"]
    calibrated(alone, "temperature", pilot)
    assert alone["after"]["log_loss"] < alone["before"]["log_loss"]
    # Gemini's chat gives no odds: what the two agree upon is as sure as OpenAI is of it.
    assert figures["labellers"]["gemini"]["confidence"]["before"] is None
    together = figures["confidence"]
    calibrated(together, "temperature", together["before"]["n"])
    assert 30 <= together["before"]["n"] < pilot
    sure = asked.labels.drop_nulls("label")
    assert (sure["confidence"] != sure["raw_confidence"]).mean() > 0.9  # type: ignore[operator]
    assert sure.sort("raw_confidence")["confidence"].is_sorted()  # what is surer stays surer
    assert asked.labels.filter(pl.col("label").is_null())["confidence"].null_count() == figures["disagreed"]


def test_isotonic_calibration_is_a_setting(again: Labelling, served: World) -> None:
    again.run(served, "auto_label.calibration=isotonic")
    calibrated(again.figures["confidence"], "isotonic", again.figures["pilot"]["n"])


def calibrated(confidence: Any, method: str, posts: int) -> None:
    """By that many posts, and measured before and after."""
    assert confidence["calibration"]["method"] == method
    assert confidence["calibration"]["problem"] is None
    assert confidence["before"]["n"] == confidence["after"]["n"] == posts
    for when in ("before", "after"):
        assert 0 <= confidence[when]["ece"] <= 1
        assert sum(each["n"] for each in confidence[when]["bins"]) == posts


def test_a_small_pilot_corrects_nothing_and_says_so(small: Pipeline) -> None:
    confidence = Labelling(small.upto("auto_label")).figures["confidence"]
    assert confidence["calibration"]["method"] is None
    assert "30 are needed" in confidence["calibration"]["problem"]
    assert confidence["after"] is None


def test_dawid_skene_without_enough_known_posts_stops_before_anything_is_paid(
    small: Pipeline, served: World, tmp_path: Path
) -> None:
    fresh = unpaid(small, tmp_path / "fresh")
    before = served.asked("openai"), served.asked("gemini")
    with pytest.raises(DataError, match=r"30 labelled posts have to be known.*or take the rule agreement"):
        fresh.run(served, BOTH, DAWID_SKENE)
    assert (served.asked("openai"), served.asked("gemini")) == before
