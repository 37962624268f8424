"""Label Studio's export, told apart."""

from typing import Any

import pytest

from bizmeme.core.annotations import Annotation, identity_of, read_export
from bizmeme.core.vocabulary import Labels

LABELS = Labels(name="mood", names=("bearish", "neutral", "bullish"))
DATA = {"board": "biz", "no": 3, "project": "first", "repeat": False, "text": "gm"}


def annotation(number: int, *choices: str, by: object = 1, **more: Any) -> dict[str, Any]:
    result = [{"from_name": "mood", "type": "choices", "value": {"choices": list(choices)}}]
    return {"id": number, "completed_by": by, "result": result if choices else [], **more}


def task(*annotations: Any, **data: Any) -> dict[str, Any]:
    return {"id": 7, "data": DATA | data, "annotations": list(annotations), "drafts": [], "predictions": []}


def words(*tasks: Any) -> list[tuple[str, str | None, str | None]]:
    return [(each.annotator, each.label, each.reason) for each in read_export(tasks, LABELS).said]


@pytest.mark.parametrize(
    ("given", "label", "reason"),
    [
        (annotation(1, "bullish"), "bullish", None),
        (annotation(1, was_cancelled=True), None, "skipped"),
        (annotation(1, "bullish", was_cancelled=True), None, "skipped"),  # the server keeps its result
        (annotation(1), None, "empty"),
        (annotation(1, "bulish"), None, "unknown choice 'bulish'"),
        (annotation(1, "bullish", "bearish"), None, "2 choices at once"),
        (annotation(1, "bullish") | {"result": None}, None, "empty"),
        (annotation(1) | {"result": ["x", {"from_name": "mood", "value": 3}]}, None, "empty"),
        (
            annotation(1) | {"result": [{"from_name": "other", "value": {"choices": ["bullish"]}}]},
            None,
            "empty",
        ),
    ],
)
def test_a_word_is_a_label_or_says_why_it_is_none(given: Any, label: str | None, reason: str | None) -> None:
    assert words(task(given)) == [("1", label, reason)]


def test_drafts_predictions_and_foreign_tasks_are_counted_and_no_answers() -> None:
    drafted = task() | {"drafts": [{"id": 1}], "predictions": [1, 2]}
    by_hand = {"id": 8, "data": {"text": "added by hand"}, "annotations": [annotation(1, "bullish")]}
    read = read_export([drafted, by_hand], LABELS)
    assert read.said == []
    assert read.ignored == {"drafts": 1, "predictions": 2, "tasks that are no posts of ours": 1}


def test_whoever_answers_again_has_changed_their_mind_even_in_an_older_annotation() -> None:
    twice = task(annotation(9, "bullish"), annotation(4, "bearish"))
    assert words(twice) == [("1", "bullish", None)]
    changed = task(
        annotation(9, "bullish", updated_at="2026-01-01T00:00:00Z"),
        annotation(4, "bearish", updated_at="2026-01-02T00:00:00Z"),
    )
    assert words(changed) == [("1", "bearish", None)]


def test_a_person_is_a_number_however_the_export_writes_them() -> None:
    both = task(
        annotation(1, "bullish", by={"id": 2, "email": "x@example.com"}), annotation(2, "bearish", by=1)
    )
    assert words(both) == [("1", "bearish", None), ("2", "bullish", None)]


def test_the_order_of_the_export_does_not_matter() -> None:
    tasks = [task(annotation(no, "bullish"), no=no, repeat=no % 2 == 0) for no in range(1, 9)]
    assert read_export(tasks, LABELS).said == read_export(tasks[::-1], LABELS).said
    assert read_export(tasks, LABELS).said[1] == Annotation(("biz", 2), "first", "1", "bullish", repeat=True)


@pytest.mark.parametrize(
    "data", [None, [], {}, DATA | {"board": 3}, DATA | {"no": "3"}, DATA | {"project": "third"}]
)
def test_a_task_that_is_no_post_of_ours_has_no_identity(data: object) -> None:
    assert identity_of(data) is None
