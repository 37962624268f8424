"""The gold set's hash: every figure that gold went into carries it, so that a change of gold shows."""

import hashlib
import json
from collections.abc import Iterable

import polars as pl

Row = tuple[str, int, str, str]


def gold_hash(rows: Iterable[Row]) -> str:
    """16 hex digits of the posts' (board, no, role, gold), in whatever order, each as often as it may be.

    >>> gold_hash([("biz", 60123456, "test", "bearish")])
    '4498ccefdb3886ad'
    """
    text = json.dumps(sorted(set(rows)), ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def gold_hash_of(human: pl.DataFrame) -> str:
    """The same of the table HumanLabels; labels in the role `train` teach and are no gold."""
    gold = human.filter(pl.col("role") != "train", pl.col("gold").is_not_null())
    return gold_hash(gold.select("board", "no", "role", "gold").iter_rows())
