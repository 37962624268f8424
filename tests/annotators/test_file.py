"""Saved exports: the same parser as the server's."""

import json
from pathlib import Path

import pytest

from bizmeme.annotators.file import Config, build
from bizmeme.core.vocabulary import Labels
from bizmeme.errors import DataError
from bizmeme.shell.image_store import ImageStore

LABELS = Labels(name="mood", names=("bearish", "neutral", "bullish"))


def row(no: int, project: str, label: str) -> dict[str, object]:
    result = [{"from_name": "mood", "type": "choices", "value": {"choices": [label]}}]
    return {
        "data": {"board": "biz", "no": no, "project": project, "repeat": False},
        "annotations": [{"id": no, "completed_by": {"id": 4, "email": "x@example.com"}, "result": result}],
    }


def saved(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value))
    return path


def exported(*files: Path) -> list[tuple[int, str, str, str | None]]:
    config = Config(name="file", exports=files)
    annotator = build(config, labels=LABELS, guideline="", home=Path(), images=ImageStore(Path()))
    assert not annotator.asks
    return [(each.key[1], each.project, each.annotator, each.label) for each in annotator.export().said]


def test_the_files_of_all_projects_are_read(tmp_path: Path) -> None:
    first = saved(tmp_path / "first.json", [row(2, "first", "bullish"), row(1, "first", "neutral")])
    second = saved(tmp_path / "second.json", [row(2, "second", "bearish")])
    assert exported(first, second) == [
        (1, "first", "4", "neutral"),
        (2, "first", "4", "bullish"),
        (2, "second", "4", "bearish"),
    ]


@pytest.mark.parametrize("value", [{"tasks": []}, [{"image": "a.jpg", "mood": "bullish"}], ["x"]])
def test_another_format_is_refused_with_what_to_do(tmp_path: Path, value: object) -> None:
    with pytest.raises(DataError, match="Export the project once more, as JSON"):
        exported(saved(tmp_path / "first.json", value))
    with pytest.raises(DataError, match="cannot be read as JSON"):
        exported(tmp_path / "none.json")
