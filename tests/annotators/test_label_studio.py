"""The real SDK against the sandbox's Label Studio."""

import hashlib
import io
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bizmeme.annotators.label_studio import Config, LabelStudio, build
from bizmeme.core.vocabulary import Labels
from bizmeme.errors import DataError, MissingKeyError, ServiceError
from bizmeme.ports.annotators import Task
from bizmeme.sandbox import process
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.shell.image_store import ImageStore


@pytest.fixture(scope="module")
def world(small_config: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    """One world for all; each test has projects of its own."""
    with process.running(SandboxConfig.model_validate(small_config["sandbox"])) as addresses:
        yield addresses


@pytest.fixture
def labels(small_config: Mapping[str, Any]) -> Labels:
    return Labels.model_validate(small_config["labels"])


@pytest.fixture
def config(
    small_config: Mapping[str, Any], world: Mapping[str, str], request: pytest.FixtureRequest
) -> Config:
    changes = {"base_url": world["label_studio"], "project": request.node.name, "tasks_per_request": 3}
    return Config.model_validate(small_config["annotator"] | changes)


@pytest.fixture
def images(tmp_path: Path) -> ImageStore:
    return ImageStore(tmp_path / "images")


@pytest.fixture
def studio(config: Config, labels: Labels, images: ImageStore, tmp_path: Path) -> LabelStudio:
    return build(config, labels=labels, guideline="This is fine: sarcasm.", home=tmp_path, images=images)


def task(no: int, images: ImageStore, *, repeat: bool = False) -> Task:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), (no * 20 % 256, 90, 30)).save(buffer, "JPEG")
    sha256 = hashlib.sha256(buffer.getvalue()).hexdigest()
    images.put(sha256, buffer.getvalue())
    return Task(("biz", no), "gm", "to the moon", sha256, repeat)


def test_pushing_twice_adds_nothing_and_a_longer_list_adds_the_rest(
    studio: LabelStudio, images: ImageStore
) -> None:
    tasks = [task(no, images) for no in range(1, 8)]
    assert studio.push("first", tasks[:5]) == 5
    assert studio.push("first", tasks[:5]) == 0
    assert studio.push("first", tasks) == 2
    assert studio.push("first", [task(1, images, repeat=True)]) == 1
    assert studio.push("second", tasks[:2]) == 2


def test_everyones_words_stand_under_post_and_project(
    studio: LabelStudio, images: ImageStore, labels: Labels
) -> None:
    shown = [task(no, images) for no in range(1, 6)] + [task(2, images, repeat=True)]
    studio.push("first", shown)
    studio.push("second", shown[:2])
    exported = studio.export()
    rows = [(each.key[1], each.project, each.repeat) for each in exported.said]
    assert rows == sorted(
        [(no, "first", False) for no in range(1, 6)]
        + [(2, "first", True), (1, "second", False), (2, "second", False)]
    )
    assert all((each.label in labels.names) == (each.reason is None) for each in exported.said)
    assert {len(each) for each in exported.raw.values()} == {6, 2}
    assert {row["data"]["image"] for row in exported.raw["first"]} == {"data:"}  # pictures lie in data/images


def test_without_a_project_there_is_nothing_to_export(studio: LabelStudio) -> None:
    assert list(studio.export().said) == []
    assert studio.retire() == []


def test_two_projects_of_one_name_are_refused_and_both_named(studio: LabelStudio, images: ImageStore) -> None:
    studio.push("first", [])
    title = studio._title("first")
    other = studio._client.projects.create(title=title, label_config=studio._screen).id
    for ask in (lambda: studio.push("first", [task(1, images)]), studio.export):
        with pytest.raises(ServiceError, match=rf"two projects called '{title}' .*{other - 1} and {other}"):
            ask()


def test_another_guideline_reaches_the_screen_of_a_project_that_is_there(
    studio: LabelStudio, config: Config, labels: Labels, images: ImageStore, tmp_path: Path
) -> None:
    studio.push("first", [task(1, images)])
    other = build(config, labels=labels, guideline="Look again.", home=tmp_path, images=images)
    assert other.push("first", [task(1, images)]) == 0
    assert "Look again." in studio._projects()["first"].label_config


def test_a_retired_project_keeps_its_labels_and_makes_room_for_a_new_one(
    studio: LabelStudio, images: ImageStore
) -> None:
    studio.push("queue", [task(9, images)])
    for number in (1, 2):
        assert studio.push("first", [task(1, images)]) == 1
        assert studio.retire() == [f"{studio._title('first')} (before {number})"]
    assert [each.project for each in studio.export().said] == ["queue"]
    assert len(list(studio._client.projects.list(title=studio._title("first")))) == 2


def test_a_missing_picture_is_named_before_its_task_is_sent(studio: LabelStudio, images: ImageStore) -> None:
    lost = task(2, images)
    (images.folder / f"{lost.image_sha256}.jpg").unlink()
    with pytest.raises(DataError, match=rf"{lost.image_sha256}.jpg, which is missing"):
        studio.push("first", [task(1, images), lost])


def test_a_server_that_is_down_and_a_missing_token_say_what_to_check(
    config: Config, labels: Labels, images: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    means: dict[str, Any] = {"labels": labels, "guideline": "", "home": tmp_path, "images": images}
    down = build(config.model_copy(update={"base_url": "http://127.0.0.1:1"}), **means)
    with pytest.raises(ServiceError, match="Check that it runs"):
        down.export()
    monkeypatch.delenv("BIZMEME_SANDBOX_KEY")
    with pytest.raises(MissingKeyError, match="BIZMEME_SANDBOX_KEY is not set"):
        build(config, **means)


def test_the_stored_token_is_taken_where_the_environment_names_no_server(
    config: Config, labels: Labels, images: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "label-studio").mkdir()
    (tmp_path / "label-studio" / "token").write_text("stored\n")
    monkeypatch.delenv("BIZMEME_SANDBOX_KEY")
    own = config.model_copy(update={"url_env": "LABEL_STUDIO_URL"})
    means: dict[str, Any] = {"labels": labels, "guideline": "", "home": tmp_path, "images": images}
    assert list(build(own, **means).export().said) == []
    monkeypatch.setenv("LABEL_STUDIO_URL", config.base_url)  # somewhere else: that token is not for it
    with pytest.raises(MissingKeyError):
        build(own, **means)
    assert "LABEL_STUDIO_URL" in os.environ
