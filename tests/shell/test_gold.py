"""The frozen sample: it is there for good, grows only, and comes back from what was pulled."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from bizmeme.core.drawing import SampleConfig, drawn_by
from bizmeme.errors import ConfigError
from bizmeme.shell.gold import (
    check_unchanged,
    forget,
    freeze,
    frozen_sample,
    lengthen,
    restore_sample,
)
from bizmeme.shell.journal import Journal
from bizmeme.shell.journals import open_journal
from bizmeme.shell.parquet import from_rows
from bizmeme.tables.labels import GoldSample

CONFIG = SampleConfig(
    size=9, dev=2, max_per_thread=5, only_labelled=False, sources=("warosu", "board"),
    first_day=date(2025, 1, 1), last_day=None, min_replies=0, repeat_share=0.05, second_share=0.15,
    min_training_left=100,
)  # fmt: skip


def sample(*numbers: int, **changed: Any) -> pl.DataFrame:
    """A sample of these posts."""
    row = {
        "board": "biz", "day": date(2025, 1, 1), "slice": "days", "stratum": "days 2025-01 busy",
        "weight": 10 / 3, "role": "test", "second": True, "repeat": False, "batch": 0,
        "drawn_by": drawn_by(CONFIG),
    }  # fmt: skip
    return from_rows(GoldSample, [row | {"no": no} | changed for no in numbers])


@pytest.fixture
def journal(tmp_path: Path) -> Any:
    with open_journal(tmp_path, "real") as opened:
        yield opened


def test_the_first_freeze_holds_every_row_to_the_bit_and_a_second_does_nothing(journal: Journal) -> None:
    assert frozen_sample(journal) is None
    assert freeze(journal, sample(2, 1))
    held = frozen_sample(journal)
    assert held is not None
    assert held.equals(sample(1, 2))
    assert held.schema == sample(1, 2).schema
    assert not freeze(journal, sample(1, 2))
    assert journal.counts() == {"posts frozen to be labelled": 2}


@pytest.mark.parametrize(
    "other", [sample(1), sample(1, 3), sample(1, 2, role="dev"), sample(1, 2, weight=3.0)]
)
def test_another_sample_is_not_frozen_over_the_first_one(journal: Journal, other: pl.DataFrame) -> None:
    freeze(journal, sample(1, 2))
    with pytest.raises(ConfigError, match=r"--single-item sample.*label extend.*label reset"):
        freeze(journal, other)
    assert frozen_sample(journal).equals(sample(1, 2))  # type: ignore[union-attr]


def test_a_longer_sample_takes_its_place_with_new_weights(journal: Journal) -> None:
    freeze(journal, sample(1, 2))
    longer = pl.concat([sample(3, batch=1), sample(1, 2, weight=7.0, stratum="days 2025-01 quiet")])
    lengthen(journal, sample(1, 2), longer)
    assert frozen_sample(journal).equals(longer.sort("no"))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "after",
    [sample(1, 3), sample(1, 2, 3, role="dev"), sample(1, 2, 3, second=False), sample(1, 2, 3, batch=1)],
)
def test_a_longer_sample_loses_and_changes_no_post(journal: Journal, after: pl.DataFrame) -> None:
    freeze(journal, sample(1, 2))
    with pytest.raises(ConfigError, match="every frozen post"):
        lengthen(journal, sample(1, 2), after)
    assert frozen_sample(journal).equals(sample(1, 2))  # type: ignore[union-attr]


def test_two_who_extend_at_once_do_not_undo_each_other(journal: Journal) -> None:
    freeze(journal, sample(1, 2))
    lengthen(journal, sample(1, 2), sample(1, 2, 3))
    with pytest.raises(ConfigError, match="Somebody else"):
        lengthen(journal, sample(1, 2), sample(1, 2, 4))
    assert frozen_sample(journal).equals(sample(1, 2, 3))  # type: ignore[union-attr]


def test_a_reset_forgets_it_and_another_may_be_frozen(journal: Journal) -> None:
    freeze(journal, sample(1, 2))
    assert forget(journal) == 2
    assert frozen_sample(journal) is None
    assert forget(journal) == 0
    assert freeze(journal, sample(5))


def test_a_pulled_sample_is_frozen_where_none_is(journal: Journal) -> None:
    assert restore_sample(journal, sample(1, 2)) == 2
    assert restore_sample(journal, sample(1, 3)) == 0
    assert frozen_sample(journal).equals(sample(1, 2))  # type: ignore[union-attr]


def test_every_changed_value_is_named_with_what_it_was(journal: Journal) -> None:
    check_unchanged(sample(1), CONFIG)
    with pytest.raises(ConfigError) as raised:
        check_unchanged(sample(1), CONFIG.model_copy(update={"size": 12, "first_day": None}))
    said = str(raised.value)
    assert "sample.size is 12, the frozen sample was drawn with 9" in said
    assert 'sample.first_day is null, the frozen sample was drawn with "2025-01-01"' in said
    assert "`bizmeme label extend N`" in said
    assert "`bizmeme label reset`" in said


@pytest.mark.parametrize("same", [{"sources": ("board", "warosu")}, {"min_training_left": 7}])
def test_what_does_not_decide_who_is_drawn_may_change(same: dict[str, Any]) -> None:
    check_unchanged(sample(1), CONFIG.model_copy(update=same))


def test_a_value_that_a_later_version_added_is_no_change() -> None:
    older = json.loads(drawn_by(CONFIG))
    del older["min_replies"]
    check_unchanged(sample(1, drawn_by=json.dumps(older)), CONFIG)
