"""Whom people label: filters, strata, caps, shares, and what an extension leaves alone."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from bizmeme.core.drawing import (
    FIXED,
    KEY,
    Population,
    SampleConfig,
    drawable,
    everybody,
    extended,
    first_draw,
)
from bizmeme.core.splits import HeldOut, with_part

SEED = 7
HELD_OUT = HeldOut(block_days=7, gold_days=2, val_days=1, last_period_from=date(2025, 12, 1), embargo_days=0)
CONFIG = SampleConfig(
    size=200, dev=60, max_per_thread=5, only_labelled=False, sources=(), first_day=None, last_day=None,
    min_replies=0, repeat_share=0.05, second_share=0.15, min_training_left=0,
)  # fmt: skip


def world(threads: int, *, seed: int = 1, first_no: int = 1) -> pl.DataFrame:
    """Posts of three months; two of three with a mood are bearish, and of busy threads most."""
    chance = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for _ in range(threads):
        bearish = chance.random() < 2 / 3
        opened = datetime(2025, 10, 1, tzinfo=UTC) + timedelta(hours=chance.randrange(24 * 90))
        thread_no = first_no + len(rows)
        for n in range(chance.randint(4, 30) if bearish else chance.randint(1, 9)):
            rows.append(
                {"board": "biz", "no": first_no + len(rows), "thread_no": thread_no,
                 "source": "board" if chance.random() < 0.7 else "warosu",
                 "posted_at": opened + timedelta(minutes=n),
                 "thread_replies": chance.randint(0, 40) if n == 0 else None,
                 "image_sha256": "x" if chance.random() < 0.6 else None,
                 "mood": "bearish" if bearish else "bullish"}
            )  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"image_sha256": pl.String, "thread_replies": pl.Int64})


def found(posts: pl.DataFrame, frozen: pl.DataFrame | None = None, **changed: Any) -> Population:
    """The population; every seventh picture is a copy of another."""
    config = CONFIG.model_copy(update=changed)
    all_of_it = everybody(with_part(posts, HELD_OUT, seed=SEED), config, frozen)
    distinct = all_of_it.filter(pl.col("frozen") | (pl.col("no") % 7 > 0))
    return Population(all_of_it, drawable(distinct, config, seed=SEED))


def draw(posts: pl.DataFrame, seed: int = SEED, **changed: Any) -> pl.DataFrame:
    return first_draw(found(posts, **changed), CONFIG.model_copy(update=changed), seed=seed).sort(KEY)


POSTS = world(400)
DRAWN = draw(POSTS)


def test_the_world_is_skewed_two_to_one_and_more() -> None:
    moods = found(POSTS).everybody.group_by("mood").len().sort("mood")["len"].to_list()
    assert moods[0] > 2 * moods[1]


def assert_as_planned(sample: pl.DataFrame, population: Population) -> None:
    """Strata that their own size does not bound are within one post of one rate."""
    counts, sizes, most = (
        dict(each.group_by("stratum").len().iter_rows())
        for each in (sample, population.everybody, population.drawable)
    )
    assert set(counts) == {name for name in sizes if most.get(name)}
    slowest = max((counts[n] - 1) / sizes[n] for n in counts if counts[n] > 1)
    fastest = min((counts[n] + 1) / sizes[n] for n in counts if counts[n] < most[n])
    assert slowest <= fastest


def test_strata_are_within_one_post_of_the_plan_and_weights_add_up_to_the_population() -> None:
    assert len(DRAWN) == 200
    assert_as_planned(DRAWN, found(POSTS))
    assert DRAWN["weight"].sum() == pytest.approx(len(found(POSTS).everybody))
    for name, rows in DRAWN.group_by("stratum"):
        assert rows["weight"].sum() == pytest.approx(len(found(POSTS).everybody.filter(stratum=name[0])))


def test_weights_undo_what_the_cap_takes_from_busy_threads() -> None:
    drawn = DRAWN.join(POSTS, on=KEY)
    everyone = found(POSTS).everybody
    truth = (everyone["mood"] == "bearish").mean()
    weighted = float(drawn.filter(mood="bearish")["weight"].sum()) / float(drawn["weight"].sum())
    assert truth == pytest.approx(weighted, abs=0.06)


def test_no_thread_is_asked_more_than_five_times_and_no_copy_is_drawn() -> None:
    assert DRAWN.join(POSTS, on=KEY).group_by("thread_no").len()["len"].max() == 5
    assert (DRAWN["no"] % 7).min() > 0  # type: ignore[operator]


def test_the_same_seed_gives_the_same_sample_in_any_order_and_another_another() -> None:
    assert draw(POSTS.sample(fraction=1, shuffle=True, seed=3)).equals(DRAWN)
    assert not draw(POSTS, seed=8).select(KEY).equals(DRAWN.select(KEY))


def test_shares_are_exact_and_roles_as_configured() -> None:
    assert (DRAWN["second"].sum(), DRAWN["repeat"].sum()) == (30, 10)
    assert DRAWN.filter("second")["stratum"].n_unique() > 5
    assert (DRAWN["role"] == "dev").sum() == min(60, (DRAWN["slice"] == "days").sum() // 2)
    assert set(DRAWN.filter(role="dev")["slice"]) == {"days"}
    assert set(DRAWN["batch"]) == {0}


FILTERS = {
    "sources": (("warosu",), pl.col("source") == "warosu"),
    "first_day": (date(2025, 11, 15), pl.col("day") >= date(2025, 11, 15)),
    "last_day": (date(2025, 12, 15), pl.col("day") <= date(2025, 12, 15)),
    "min_replies": (12, pl.max_horizontal("told", "held") >= 12),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_leaves_only_what_passes_it_and_weights_add_up_to_that(name: str) -> None:
    value, passes = FILTERS[name]
    thread = ("board", "thread_no")
    known = with_part(POSTS, HELD_OUT, seed=SEED).with_columns(
        told=pl.col("thread_replies").max().over(thread), held=pl.len().over(thread).cast(pl.Int64) - 1
    )
    ours = known.filter(passes, pl.col("part").is_in(["gold", "last"]), pl.col("image_sha256").is_not_null())
    changed: dict[str, Any] = {"size": 60, name: value}
    drawn = draw(POSTS, **changed)
    assert len(drawn) == 60
    assert drawn.join(ours, on=KEY, how="anti").is_empty()
    assert drawn["weight"].sum() == pytest.approx(len(ours))
    assert len(ours) < len(found(POSTS).everybody)


def test_days_that_leave_none_are_refused() -> None:
    with pytest.raises(ValidationError, match="no day from"):
        SampleConfig.model_validate(
            CONFIG.model_dump() | {"first_day": "2025-12-02", "last_day": "2025-12-01"}
        )


def longer(posts: pl.DataFrame, frozen: pl.DataFrame, wanted: int = 100) -> pl.DataFrame:
    return extended(frozen, found(posts, frozen), wanted, config=CONFIG, seed=SEED).sort(KEY)


def more() -> pl.DataFrame:
    """What was collected later: new threads, and replies in those there were."""
    replies = POSTS.sample(fraction=0.3, seed=4).with_columns(
        no=pl.col("no") + 10**6, thread_replies=pl.lit(None, pl.Int64)
    )
    return pl.concat([POSTS, world(60, seed=2, first_no=100_000), replies])


def test_an_extension_replaces_nothing_and_is_planned_with_what_is_there() -> None:
    posts = more()
    after = longer(posts, DRAWN)
    kept = after.join(DRAWN, on=KEY, how="semi", maintain_order="left")
    assert kept.select(*KEY, *FIXED).equals(DRAWN.select(*KEY, *FIXED))
    new = after.join(DRAWN, on=KEY, how="anti")
    assert len(new) == 100
    assert (set(new["batch"]), set(new["role"])) == ({1}, {"test"})
    assert (new["second"].sum(), new["repeat"].sum()) == (15, 5)
    population = found(posts, DRAWN)
    assert_as_planned(after, population)
    assert after["weight"].sum() == pytest.approx(len(population.everybody))
    assert after.join(posts, on=KEY).group_by("thread_no").len()["len"].max() == 5
    assert population.drawable.group_by("thread_no").len()["len"].max() == 5  # frozen ones take their places
    third = longer(posts, after, wanted=10)
    assert set(third["batch"]) == {0, 1, 2}
    assert third.filter(pl.col("batch") < 2).select(*KEY, *FIXED).equals(after.select(*KEY, *FIXED))


def test_a_short_extension_goes_where_most_is_missing() -> None:
    posts = pl.concat([POSTS, world(900, seed=5, first_no=100_000)])
    after = longer(posts, DRAWN.filter(slice="days"), wanted=9)
    new = after.filter(batch=1)
    assert (len(new), set(new["slice"])) == (9, {"last_period"})
    assert after["weight"].sum() == pytest.approx(len(found(posts).everybody))


def test_a_frozen_post_that_is_gone_stays_and_stands_for_nobody() -> None:
    gone = DRAWN["no"].to_list()[:3]
    posts = POSTS.filter(~pl.col("no").is_in(gone))
    after = longer(posts, DRAWN)
    assert len(after) == 300
    assert set(after.filter(pl.col("no").is_in(gone))["weight"]) == {0.0}
    assert after["weight"].sum() == pytest.approx(len(found(posts).everybody))


def test_a_frozen_post_keeps_its_slice_and_counts_where_it_would_not_be_drawn_today() -> None:
    moved = POSTS.with_columns(source=pl.lit("board"))
    frozen = draw(POSTS, sources=("warosu",))
    population = found(moved, frozen, sources=("warosu",))
    assert sorted(population.everybody["no"]) == sorted(frozen["no"])
    assert set(population.everybody["frozen"]) == {True}


def test_a_frozen_post_keeps_its_slice_where_the_split_changed() -> None:
    later = HELD_OUT.model_copy(update={"last_period_from": date(2025, 12, 20)})
    everyone = everybody(with_part(POSTS, later, seed=SEED), CONFIG, DRAWN)
    kept = everyone.filter("frozen").join(DRAWN.select(*KEY, drawn="slice"), on=KEY)
    assert len(kept) == len(DRAWN)
    assert kept["slice"].equals(kept["drawn"], check_names=False)
    assert all(stratum.startswith(name) for stratum, name in kept.select("stratum", "slice").iter_rows())


def test_where_nothing_is_left_nothing_is_added() -> None:
    everyone = draw(POSTS, size=10_000)
    assert longer(POSTS, everyone).select(KEY).equals(everyone.select(KEY))
