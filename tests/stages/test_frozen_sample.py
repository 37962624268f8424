"""The sample once it is frozen: no post of it changes, it grows on request, and a clone gets it back."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from bizmeme.apps.journal import REPLIES, restore
from bizmeme.core.drawing import FIXED
from bizmeme.core.duplicates import tied_pairs
from bizmeme.core.splits import HeldOut
from bizmeme.errors import ConfigError, DataError, GateError
from bizmeme.shell.builder import checked
from bizmeme.shell.gold import SAMPLE, freeze, frozen_sample
from bizmeme.shell.journal import Journal
from bizmeme.shell.journals import open_journal
from bizmeme.shell.parquet import read_table, write_table
from bizmeme.shell.ties import fingerprints
from bizmeme.shell.workspace import Workspace
from bizmeme.stages.runner import origin, sections_of
from bizmeme.stages.sample import Extended, Params, extend, reset
from bizmeme.tables.labels import AutoReplies, GoldSample
from bizmeme.tables.posts import Images, Posts
from tests.stages.pipeline import Pipeline
from tests.stages.test_sample import population, shown

KEY = ["board", "no"]


def ours(small_config: Mapping[str, Any], **changed: object) -> Params:
    sections = sections_of(Params, small_config)
    sections["sample"] = sections["sample"] | changed
    params: Params = checked(Params, sections, where="")
    return params


def place(fork: Pipeline, params: Params) -> Workspace:
    return Workspace(fork.folder, fork.folder, fork.home, origin(params.sandbox))


def frozen(fork: Pipeline, params: Params) -> pl.DataFrame:
    """Freeze what was drawn; it is returned."""
    sample = read_table(GoldSample, fork.path(SAMPLE))
    with open_journal(fork.home, origin(params.sandbox)) as journal:
        assert freeze(journal, sample)
    return sample


def extend_by(fork: Pipeline, params: Params, wanted: int) -> Extended:
    with open_journal(fork.home, origin(params.sandbox)) as journal:
        return extend(params, place(fork, params), journal, wanted)


def collect_more(fork: Pipeline, share: float = 0.05) -> None:
    """So many more posts, as if they were collected: replies that show pictures seen elsewhere."""
    posts = read_table(Posts, fork.path("data/posts.parquet"))
    more = posts.filter(pl.col("image_sha256").is_not_null()).sample(fraction=share, seed=1)
    new = more.with_columns(
        no=pl.col("no") + 10**9, posted_at=pl.col("posted_at") + pl.duration(minutes=1),
        image_sha256=pl.col("image_sha256").shuffle(seed=2), thread_replies=pl.lit(None, pl.Int64),
    )  # fmt: skip
    first = more.with_columns(
        no=pl.col("no") - 10**3, posted_at=pl.col("posted_at") - pl.duration(minutes=1)
    ).join(posts, on=KEY, how="anti")
    write_table(Posts, pl.concat([posts, new, first]), fork.path("data/posts.parquet"))


def test_more_posts_change_a_draw_but_no_frozen_row(
    fork: Pipeline, tmp_path: Path, small_config: Mapping[str, Any]
) -> None:
    before = fork.path(SAMPLE).read_bytes()
    collect_more(fork)
    loose = fork.fork(tmp_path / "loose")
    assert loose.run("sample").returncode == 0
    assert loose.path(SAMPLE).read_bytes() != before  # else there would be nothing to freeze
    frozen(fork, ours(small_config))
    fork.path(SAMPLE).unlink()
    for override in ("seed=5", "sample.min_training_left=1", "split.last_period_from=2025-10-26"):
        done = fork.run("sample", override)
        assert done.returncode == 0, done.stderr
        assert fork.path(SAMPLE).read_bytes() == before


@pytest.mark.parametrize("value", ["size=121", "max_per_thread=4", "second_share=0.2", "sources=[board]"])
def test_a_changed_value_stops_and_names_extend_and_reset(
    fork: Pipeline, value: str, small_config: Mapping[str, Any]
) -> None:
    frozen(fork, ours(small_config))
    done = fork.run("sample", f"sample.{value}")
    assert done.returncode == 1
    assert done.stderr.startswith(f"ConfigError: sample.{value.partition('=')[0]} is "), done.stderr
    assert "`bizmeme label extend N`" in done.stderr
    assert "`bizmeme label reset`" in done.stderr


def test_an_extension_replaces_no_post_and_the_stage_hands_it_over(
    fork: Pipeline, small_config: Mapping[str, Any], held_out: HeldOut
) -> None:
    params = ours(small_config)
    before = frozen(fork, params)
    collect_more(fork)
    done = extend_by(fork, params, 40)
    assert (done.added, len(done.sample)) == (40, 160)
    kept = done.sample.join(before, on=KEY, how="semi", maintain_order="left")
    assert kept.select(*KEY, *FIXED).equals(before.select(*KEY, *FIXED))
    new = done.sample.filter(batch=1)
    assert (set(new["role"]), new["second"].sum(), new["repeat"].sum()) == ({"test"}, 6, 2)
    assert done.sample["weight"].sum() == pytest.approx(len(population(fork, held_out)))
    pictures = read_table(Images, fork.path("data/images.parquet"))
    seen = pictures.filter(pl.col("sha256").is_in(shown(fork)["image_sha256"].implode()))
    assert len(seen) == 160
    assert tied_pairs(*fingerprints(seen)) == []
    written = fork.path(SAMPLE).read_bytes()
    fork.path(SAMPLE).unlink()
    assert fork.run("sample").returncode == 0
    assert fork.path(SAMPLE).read_bytes() == written


def test_an_extension_takes_what_is_left_and_then_says_that_nothing_is(
    fork: Pipeline, small_config: Mapping[str, Any]
) -> None:
    params = ours(small_config)
    frozen(fork, params)
    left = extend_by(fork, params, 5000)
    assert 20 < left.added < 5000
    with pytest.raises(DataError, match="collect more days"):
        extend_by(fork, params, 1)


def test_an_extension_needs_a_frozen_sample_the_same_values_and_posts_to_train_on(
    fork: Pipeline, small_config: Mapping[str, Any]
) -> None:
    params = ours(small_config)
    with pytest.raises(ConfigError, match="No sample is frozen yet"):
        extend_by(fork, params, 10)
    before = frozen(fork, params)
    with pytest.raises(ConfigError, match="dev is 31"):
        extend_by(fork, ours(small_config, dev=31), 10)
    with pytest.raises(GateError, match="min_training_left"):
        extend_by(fork, ours(small_config, min_training_left=9000), 10)
    with open_journal(fork.home, origin(params.sandbox)) as journal:
        assert reset(journal) == len(before)  # nothing was added
    assert fork.run("sample", "sample.size=100").returncode == 0
    assert len(read_table(GoldSample, fork.path(SAMPLE))) == 100


@pytest.fixture
def cloned(fork: Pipeline, tmp_path: Path, small_config: Mapping[str, Any]) -> Workspace:
    """Pulled tables without a journal."""
    write_table(AutoReplies, [], fork.path(REPLIES))
    return Workspace(fork.folder, fork.folder, tmp_path / "home", origin(small_config["sandbox"]))


def restored(cloned: Workspace, journal: Journal) -> pl.DataFrame | None:
    restore(journal, cloned, {"board": "biz", "warosu": "biz", "imported": "biz"})
    return frozen_sample(journal)


def test_the_pulled_sample_is_frozen_and_a_frozen_one_stays(cloned: Workspace) -> None:
    pulled = read_table(GoldSample, cloned.read(SAMPLE))
    with open_journal(cloned.home, cloned.origin) as journal:
        first = restored(cloned, journal)
        write_table(GoldSample, pulled.head(7), cloned.read(SAMPLE))
        second = restored(cloned, journal)
    assert first is not None
    assert second is not None
    assert first.equals(pulled)
    assert second.equals(pulled)


def test_without_a_sample_nothing_is_frozen(cloned: Workspace) -> None:
    cloned.read(SAMPLE).unlink()
    with open_journal(cloned.home, cloned.origin) as journal:
        assert restored(cloned, journal) is None
