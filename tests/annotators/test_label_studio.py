"""The real SDK against the sandbox's Label Studio."""

import io
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image

from bizmeme.annotators.label_studio import Config, LabelStudio, build, screen
from bizmeme.core.vocabulary import Labels
from bizmeme.errors import LabelError, MissingKeyError, ServiceError
from bizmeme.ports.annotators import Task


@pytest.fixture
def labels(small_config: Mapping[str, Any]) -> Labels:
    return Labels.model_validate(small_config["labels"])


@pytest.fixture
def config(small_config: Mapping[str, Any], world: Mapping[str, str]) -> Config:
    section = small_config["annotator"] | {"base_url": world["label_studio"], "tasks_per_request": 3}
    return Config.model_validate(section)


@pytest.fixture
def studio(config: Config, labels: Labels) -> LabelStudio:
    return build(config, labels=labels, guideline="This is fine: sarcasm.")


def task(no: int) -> Task:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), (no * 20 % 256, 90, 30)).save(buffer, "JPEG")
    return Task(("biz", no), "gm", "to the moon", buffer.getvalue())


def test_pushing_twice_adds_nothing_and_a_longer_list_adds_the_rest(studio: LabelStudio) -> None:
    tasks = [task(no) for no in range(1, 8)]
    assert studio.push(tasks[:5]) == 5
    assert studio.push(tasks[:5]) == 0
    assert studio.push(tasks) == 2


def test_everyones_answers_to_a_task_stand_under_its_posts_key(studio: LabelStudio, labels: Labels) -> None:
    studio.push([task(no) for no in range(1, 6)])
    said = studio.export()
    for no in range(1, 6):  # a third answers where the two differ
        assert [each.annotator for each in said if each.key == ("biz", no)] in (["1", "2"], ["1", "2", "3"])
    assert {each.label for each in said} <= {*labels.names, None}


def test_without_a_project_there_is_nothing_to_export(studio: LabelStudio) -> None:
    assert studio.export() == []


def test_two_projects_of_one_name_are_refused(studio: LabelStudio) -> None:
    for _ in range(2):
        studio._create()
    with pytest.raises(ServiceError, match=r"2 projects called 'bizmeme gold'\. Rename or delete"):
        studio.push([task(1)])


def test_a_choice_nobody_offered_names_its_task(studio: LabelStudio) -> None:
    result = [{"value": {"choices": ["bulish"]}}]
    with pytest.raises(LabelError, match="Did you mean 'bullish'\\? Fix task 7 of 'bizmeme gold'"):
        studio._label({"id": 7}, {"result": result})


def test_somebody_who_answers_again_has_changed_their_mind(studio: LabelStudio) -> None:
    def said(number: int, choice: str) -> dict[str, Any]:
        return {"id": number, "completed_by": 1, "result": [{"value": {"choices": [choice]}}]}

    row = {
        "id": 7,
        "data": {"board": "biz", "no": 3},
        "annotations": [said(9, "bullish"), said(4, "bearish")],
    }
    assert [(each.annotator, each.label) for each in studio._annotations([row])] == [("1", "bullish")]


def test_an_empty_result_is_no_label(studio: LabelStudio) -> None:
    assert studio._label({"id": 7}, {"result": []}) is None


def test_a_server_that_is_down_and_a_missing_token_say_what_to_check(
    config: Config, labels: Labels, monkeypatch: pytest.MonkeyPatch
) -> None:
    down = build(config.model_copy(update={"base_url": "http://127.0.0.1:1"}), labels=labels, guideline="")
    with pytest.raises(ServiceError, match="Check that it runs"):
        down.export()
    monkeypatch.delenv("BIZMEME_SANDBOX_KEY")
    with pytest.raises(MissingKeyError, match="BIZMEME_SANDBOX_KEY is not set"):
        build(config, labels=labels, guideline="This is fine: sarcasm.")


def test_the_screen_offers_each_label_with_its_hotkey_and_the_guideline(labels: Labels) -> None:
    root = ElementTree.fromstring(screen(labels, "This is fine: sarcasm."))
    choices = [(each.get("value"), each.get("hotkey")) for each in root.iter("Choice")]
    assert choices == [("bearish", "1"), ("neutral", "2"), ("bullish", "3")]
    assert any("this is fine" in (each.get("value") or "").lower() for each in root.iter("Header"))
