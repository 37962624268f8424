"""auto_labels.json in every shape that is read."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from bizmeme.ports.imports import ImportedPost
from tests.dumps.dumping import json_file, opened, read, store
from tests.dumps.test_tables import HELD

ENTRIES = {60000412: ("bearish", 0.8), 60000413: ("bullish", None)}
LIST = [
    {"id": 60000412, "label": "bearish", "confidence": 0.8, "reasoning": "x"},
    {"id": "60000413", "label": "bullish"},
]
MAPPING = {"60000412": {"sentiment": "Bearish", "confidence": 0.8}, "60000413": "bullish"}
RATED = {"60000412": {"label": 1, "score": "0.8"}, "60000413": {"label": "3"}}


@pytest.mark.parametrize(
    "shape",
    [LIST, MAPPING, RATED, {"model": "m", "labels": LIST}, {"count": 2, "results": MAPPING}],
)
def test_each_shape_gives_the_same_labels(tmp_path: Path, shape: Any) -> None:
    path = json_file(tmp_path / "x", shape)
    assert opened(path).kind == "automatic labels"
    result = read(path)
    assert result.refused == []
    assert {each.no: (each.label, each.confidence) for each in result.replies} == ENTRIES


def test_entries_a_line_and_one_entry_alone_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("\n".join(map(json.dumps, LIST)))
    assert {each.no for each in read(tmp_path / "x").replies} == set(ENTRIES)
    json_file(tmp_path / "y", LIST[0])
    assert [each.no for each in read(tmp_path / "y").replies] == [60000412]


def test_an_entry_is_kept_whole(tmp_path: Path) -> None:
    reply = read(json_file(tmp_path / "x", LIST)).replies[0]
    assert json.loads(reply.raw) == LIST[0]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"id": 7, "label": "sad"}, "the label is none of bearish, neutral, bullish"),
        ({"id": 7, "label": 9}, "the rating is none of 1, 2, 3"),
        ({"id": 7, "label": None}, "there is no label, and it was not skipped"),
        ({"id": 7, "label": ["bullish"]}, "the label is no word and no rating"),
        ({"id": 7, "label": "bullish", "confidence": 1.5}, "the confidence is none between 0 and 1"),
        ({"id": 7, "label": "bullish", "confidence": math.nan}, "the confidence is none between 0 and 1"),
        ({"id": 7, "label": "bullish", "confidence": "high"}, "the confidence is none between 0 and 1"),
        ({"id": None, "label": "bullish"}, "the entry names no post"),
        ({"id": [7], "label": "bullish"}, "the entry names no post"),
        (
            {"id": "a7", "label": "bullish"},
            "the picture's name is neither a post's number nor the board's name of it",
        ),
        (
            {"id": -7, "label": "bullish"},
            "the picture's name is neither a post's number nor the board's name of it",
        ),
        ({"label": "bullish"}, "the entry names no post"),
        ({"id": 7, "label": "bullish", "why": "x" * 20_001}, "the entry holds more than 20,000 characters"),
        (5, "the entry names no post"),
    ],
)
def test_an_entry_that_cannot_be_taken_says_why_and_its_neighbours_are_taken(
    tmp_path: Path, entry: object, reason: str
) -> None:
    result = read(json_file(tmp_path / "x", [LIST[0], entry, LIST[1]]))
    assert [each.no for each in result.replies] == [60000412, 60000413]
    assert result.reasons == [("element 2", reason)]


def test_an_id_that_is_a_pictures_name_means_a_post_that_is_held(tmp_path: Path) -> None:
    held = store(ImportedPost(no=7, thread_no=7, text="", tim=1759924800123456, **HELD))
    path = json_file(
        tmp_path / "x", {"images/1759924800123456.jpg": "bullish", "1759924800123457": "bearish"}
    )
    result = read(path, held=held)
    assert [(each.no, each.label) for each in result.replies] == [(7, "bullish")]
    assert [reason for _, reason in result.reasons] == [
        "no post is held that its picture's name means: import the posts first"
    ]
