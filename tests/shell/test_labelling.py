"""What people are asked, and what they said, kept."""

import json
from pathlib import Path
from typing import Any

import polars as pl

from bizmeme.core.annotations import Annotation
from bizmeme.ports.annotators import Exported
from bizmeme.shell.labelling import Asking, disputes, keep_exports

SAMPLE = pl.DataFrame(
    {
        "board": ["biz"] * 4,
        "no": [1, 2, 3, 4],
        "stratum": ["all"] * 4,
        "second": [True, False, True, False],
        "repeat": [False, True, False, False],
        "batch": [0] * 4,
    }
)
POSTS = pl.DataFrame(
    {
        "board": ["biz"] * 4,
        "no": [1, 2, 3, 9],  # 4 is gone
        "thread_no": [1, 1, 3, 9],
        "subject": [""] * 4,
        "text": ["gm"] * 4,
        "image_sha256": ["a", "b", None, "d"],  # 3 has lost its picture
    }
)


def said(no: int, project: str, label: str | None, *, repeat: bool = False) -> Annotation:
    reason = None if label else "skipped"
    return Annotation(("biz", no), project, "1", label, reason, repeat)


def test_a_post_that_is_gone_or_without_picture_is_shown_to_nobody_and_counted() -> None:
    asking = Asking.of(SAMPLE, POSTS, seed=1)
    assert asking.gone == 2
    shown = [(task.key[1], task.repeat) for task in asking.tasks("first")]
    assert sorted(shown) == [(1, False), (2, False), (2, True)]
    assert [task.key[1] for task in asking.tasks("second")] == [1]
    assert asking.places().keys() == {("biz", 1), ("biz", 2)}


def test_people_dispute_where_two_labels_stand_and_neither_skips_nor_repeats_count() -> None:
    words = [
        said(1, "first", "bearish"), said(1, "second", "bullish"),
        said(2, "first", "bearish"), said(2, "second", "bearish"),
        said(3, "first", "bearish"), said(3, "second", None),
        said(4, "first", "bearish"), said(4, "first", "bullish", repeat=True),
        said(5, "first", "bearish"), said(5, "adjudication", "bullish"),
    ]  # fmt: skip
    assert disputes(words) == [("biz", 1)]


def test_an_export_is_kept_once_more_only_where_a_label_is_another(tmp_path: Path) -> None:
    def kept(label: str, **of_the_server: Any) -> list[str]:
        words = [said(1, "first", label), said(1, "second", "bearish")]
        raw = {"first": [{"data": {}, **of_the_server}], "second": [{"data": {}}], "queue": []}
        keep_exports(Exported(words, raw, {}), tmp_path)
        return sorted(path.name.partition("-")[0] for path in tmp_path.iterdir())

    assert kept("bullish", updated_at="monday") == ["first", "second"]
    (first,) = tmp_path.glob("first-*.json")
    assert json.loads(first.read_text()) == [{"data": {}, "updated_at": "monday"}]
    assert kept("bullish", updated_at="tuesday") == ["first", "second"]
    assert kept("bearish") == ["first", "first", "second"]
