"""The frozen sample: the posts that people label, in the journal from the first push on.

What is frozen is handed over as it stands, whatever is collected afterwards or changed in conf/. It grows by
`bizmeme label extend`, and ends with `bizmeme label reset`. Each function is one transaction.
"""

import json
from datetime import date
from typing import Any

import polars as pl

from bizmeme.core.drawing import FIXED, KEY, SampleConfig, changed_keys, drawn_by
from bizmeme.errors import ConfigError
from bizmeme.shell.journal import Journal
from bizmeme.shell.parquet import from_rows
from bizmeme.tables.labels import GoldSample

SAMPLE = "data/gold_sample.parquet"


def frozen_sample(journal: Journal) -> pl.DataFrame | None:
    """The frozen sample, the table GoldSample sorted by its key; None where none is."""
    with journal.snapshot():
        return _held(journal)


def freeze(journal: Journal, sample: pl.DataFrame) -> bool:
    """Freeze a sample, the table GoldSample; False where this very one is frozen already.

    Raises ConfigError where another one is.
    """
    with journal.transaction():
        held = _held(journal)
        if held is None:
            _write(journal, sample)
            return True
    if not held.equals(_sorted(sample)):
        raise ConfigError(
            f"{SAMPLE} has {len(sample)} posts and is not the sample of {len(held)} posts that was frozen "
            "when people were first asked to label it. `dvc repro --force --single-item sample` brings that "
            "one back; `bizmeme label extend N` adds posts to it, `bizmeme label reset` gives it up."
        )
    return False


def lengthen(journal: Journal, before: pl.DataFrame, after: pl.DataFrame) -> None:
    """Put `after` in the place of the frozen sample `before`, which it holds with new weights.

    Raises ConfigError where the frozen sample is not `before` any more, or would lose or change a post.
    """
    kept = _sorted(after).join(before, on=KEY, how="semi", maintain_order="left")
    if not kept.select(*KEY, *FIXED).equals(_sorted(before).select(*KEY, *FIXED)):
        raise ConfigError(
            "A longer sample has to hold every frozen post as it was drawn. Nothing was changed."
        )
    with journal.transaction():
        held = _held(journal)
        if held is None or not held.equals(_sorted(before)):
            raise ConfigError(
                "Somebody else changed the frozen sample meanwhile. Nothing was changed: try again."
            )
        journal.database.execute("DELETE FROM gold")
        _write(journal, after)


def forget(journal: Journal) -> int:
    """Forget the frozen sample; how many posts that were. Labels that people gave are elsewhere, and stay."""
    with journal.transaction():
        return journal.database.execute("DELETE FROM gold").rowcount


def restore_sample(journal: Journal, sample: pl.DataFrame) -> int:
    """Freeze a pulled sample where none is frozen; how many posts that were."""
    with journal.transaction():
        if _held(journal) is not None:
            return 0
        _write(journal, sample)
        return len(sample)


def check_unchanged(sample: pl.DataFrame, config: SampleConfig) -> None:
    """Raise ConfigError where `sample.*` is not what the frozen sample was drawn by."""
    changed = {
        key: values
        for before in sample["drawn_by"].unique().sort()
        for key, values in changed_keys(before, drawn_by(config)).items()
    }
    if not changed:
        return
    told = ", ".join(
        f"sample.{key} is {json.dumps(now)}, the frozen sample was drawn with {json.dumps(then)}"
        for key, (then, now) in changed.items()
    )
    raise ConfigError(
        f"{told}. People were asked to label it, so it is not drawn anew: put the value back in conf/. "
        "`bizmeme label extend N` adds N posts to it; `bizmeme label reset` gives it up, and the next run "
        "draws another."
    )


def _held(journal: Journal) -> pl.DataFrame | None:
    rows = [json.loads(row[0]) for row in journal.database.execute("SELECT row FROM gold ORDER BY board, no")]
    return (
        from_rows(GoldSample, [row | {"day": date.fromisoformat(row["day"])} for row in rows])
        if rows
        else None
    )


def _write(journal: Journal, sample: pl.DataFrame) -> None:
    rows = sample.select(GoldSample.column_names()).iter_rows(named=True)
    journal.database.executemany("INSERT INTO gold VALUES (?, ?, ?, ?)", map(_packed, rows))


def _packed(row: dict[str, Any]) -> tuple[object, ...]:
    text = json.dumps(row | {"day": row["day"].isoformat()}, sort_keys=True)
    return row["board"], row["no"], row["batch"], text


def _sorted(sample: pl.DataFrame) -> pl.DataFrame:
    return sample.select(GoldSample.column_names()).sort(KEY)
