"""`bizmeme journal restore` as its user meets it, in a clone that has the tables alone."""

from pathlib import Path

import polars as pl
import pytest

from bizmeme.apps.journal import main
from bizmeme.shell.journals import open_journal
from bizmeme.shell.parquet import read_table, write_table
from bizmeme.shell.paying.statement import doubts
from bizmeme.tables.labels import AutoReplies
from tests.stages.pipeline import Pipeline

REPLIES = "data/auto_replies.parquet"


def test_a_clone_knows_all_that_was_paid_and_all_that_is_in_doubt(
    small: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = small.upto("auto_label").fork(tmp_path / "clone")
    replies = read_table(AutoReplies, clone.path(REPLIES))
    silent, resent = replies["request_hash"].unique().sort()[:2]
    nothing = {"label": None, "confidence": None, "rationale": None, "reply": None, "cost_usd": 0.0,
               "reason": "no answer in 5 tries: the service stayed silent", "in_doubt_usd": 0.5}  # fmt: skip
    changed = replies.with_columns(
        pl.when(request_hash=silent).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
        for name, value in nothing.items()
    ).with_columns(in_doubt_usd=pl.when(request_hash=resent).then(0.25).otherwise("in_doubt_usd"))
    write_table(AutoReplies, changed, clone.path(REPLIES))
    paid = changed.unique("request_hash")
    (origin,) = changed["origin"].unique()

    monkeypatch.chdir(clone.folder)
    monkeypatch.setenv("BIZMEME_HOME", str(tmp_path / "home"))
    for _ in range(2):  # twice is once
        main(["restore", "experiment=small"])
        with open_journal(tmp_path / "home", origin) as journal:
            spent = journal.ledger.spending()
            assert spent.settled_usd == pytest.approx(paid["cost_usd"].sum())
            assert (spent.in_doubt_usd, spent.in_doubt) == (0.75, 2)
            assert [(each.request_hash, each.reserved_usd) for each in doubts(journal.ledger)] == [
                (silent, 0.5),
                (resent, 0.25),
            ]
            assert journal.ledger.reply(silent) is None
