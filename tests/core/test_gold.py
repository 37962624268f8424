"""The gold set's hash."""

import polars as pl

from bizmeme.core.gold import gold_hash, gold_hash_of

ROWS = [("biz", 1, "dev", "bearish"), ("biz", 2, "test", "bullish")]


def test_it_knows_no_order_and_no_repetition() -> None:
    assert gold_hash(ROWS) == gold_hash(ROWS[::-1] + ROWS) == "bc37a11f280d4eff"


def test_another_label_role_post_or_board_is_another_hash() -> None:
    changed = [
        [ROWS[0]],
        [ROWS[0], ("biz", 2, "test", "neutral")],
        [ROWS[0], ("biz", 2, "dev", "bullish")],
        [ROWS[0], ("biz", 3, "test", "bullish")],
        [ROWS[0], ("smg", 2, "test", "bullish")],
    ]
    assert len({gold_hash(rows) for rows in [ROWS, *changed, []]}) == 7


def test_of_the_table_only_gold_counts() -> None:
    rows: list[tuple[object, ...]] = [(*row, who) for row in ROWS for who in ("1", "2")]
    rows += [("biz", 3, "test", None, "1"), ("biz", 4, "train", "bearish", "1")]
    human = pl.DataFrame(rows, schema=["board", "no", "role", "gold", "annotator"], orient="row")
    assert gold_hash_of(human) == gold_hash(ROWS)
