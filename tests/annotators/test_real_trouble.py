"""What can go wrong with a real Label Studio: it dies, a token runs out, somebody tidies up by hand."""

import contextlib
import hashlib
import io
import threading
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from PIL import Image

from bizmeme.annotators.label_studio import Config, LabelStudio, build
from bizmeme.core.vocabulary import Labels
from bizmeme.errors import DataError, ServiceError
from bizmeme.ports.annotators import Task
from bizmeme.shell.image_store import ImageStore

if TYPE_CHECKING:
    from tests.studio import RealStudio

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

LABELS = Labels(name="mood", names=("bearish", "neutral", "bullish"))
POSTS = 120


@pytest.fixture
def images(tmp_path: Path) -> ImageStore:
    return ImageStore(tmp_path / "images")


@pytest.fixture
def tasks(images: ImageStore) -> list[Task]:
    return [task(no, images) for no in range(1, POSTS + 1)]


@pytest.fixture
def home(real_studio: "RealStudio", tmp_path: Path) -> Path:
    """Where the server's folder stands as if `make label-studio` had made it."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "label-studio").symlink_to(real_studio.studio.folder)
    return tmp_path / "home"


@pytest.fixture
def configured(
    real_studio: "RealStudio", small_config: Mapping[str, Any], request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Config:  # fmt: skip
    """Projects of its own for each test."""
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", real_studio.token)
    changes = {
        "base_url": real_studio.base_url,
        "api_key_env": "LABEL_STUDIO_API_KEY",
        "project": request.node.name[:40],
        "pictures": "folder",
        "tasks_per_request": 10,
    }
    return Config.model_validate(small_config["annotator"] | changes)


@pytest.fixture
def connect(configured: Config, images: ImageStore, home: Path) -> Callable[[], LabelStudio]:
    """A client as a new run makes it."""
    return lambda: build(configured, labels=LABELS, guideline="Look.", home=home, images=images)


def task(no: int, images: ImageStore) -> Task:
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), (no, 90, 30)).save(buffer, "JPEG")
    sha256 = hashlib.sha256(buffer.getvalue()).hexdigest()
    images.put(sha256, buffer.getvalue())
    return Task(("biz", no), "", f"what number {no} says", sha256)


def numbers(annotator: LabelStudio) -> list[int]:
    """The posts of all tasks in `first`, in their order."""
    (rows,) = annotator.export().raw.values()
    return [row["data"]["no"] for row in rows]


class Dying:
    """Kills the server (kill -9) while the n-th call of a method is on its way."""

    def __init__(self, studio: "RealStudio") -> None:
        self._studio = studio
        self._killers: list[threading.Timer] = []

    def aim(self, owner: Any, name: str, nth: int) -> None:
        """At that method of the SDK."""
        original, calls = getattr(owner, name), count(1)

        def called(*arguments: Any, **named: Any) -> Any:
            if next(calls) == nth:
                self._killers.append(threading.Timer(0.02, self._studio.kill))
                self._killers[0].start()
            return original(*arguments, **named)

        setattr(owner, name, called)

    def start_again(self) -> None:
        """Once it is dead."""
        (killer,) = self._killers
        killer.join()
        self._studio.start()


@pytest.fixture
def dying(real_studio: "RealStudio") -> Dying:
    return Dying(real_studio)


def test_a_server_killed_in_the_middle_of_a_push_gets_the_rest_and_nothing_twice(
    connect: Callable[[], LabelStudio], tasks: list[Task], dying: Dying
) -> None:
    annotator = connect()
    dying.aim(annotator._client.projects, "import_tasks", 5)
    with pytest.raises(ServiceError, match="Check that it runs, then run again"):
        annotator.push("first", tasks)
    dying.start_again()
    again = connect()
    held = numbers(again)
    assert 40 <= len(held) < POSTS
    assert again.push("first", tasks) == POSTS - len(held)
    assert sorted(numbers(again)) == list(range(1, POSTS + 1))
    assert again.push("first", tasks) == 0


def test_a_server_killed_in_the_middle_of_an_export_gives_all_of_it_the_next_time(
    connect: Callable[[], LabelStudio], tasks: list[Task], dying: Dying
) -> None:
    connect().push("first", tasks)
    annotator = connect()
    dying.aim(annotator._client.projects.exports, "as_json", 1)
    with contextlib.suppress(ServiceError):
        assert len(numbers(annotator)) == POSTS  # where it was quicker than the kill
    dying.start_again()
    assert sorted(numbers(connect())) == list(range(1, POSTS + 1))


def test_an_access_token_that_ran_out_is_refreshed(
    real_studio: "RealStudio", connect: Callable[[], LabelStudio], tasks: list[Task]
) -> None:
    annotator = connect()
    assert annotator.push("first", tasks[:10]) == 10
    wrapper = annotator._client._client_wrapper._tokens_client
    known = jwt.decode(wrapper.api_key, options={"verify_signature": False})
    old = jwt.encode(known | {"exp": known["iat"] - 1}, "another key, since nobody is asked")
    wrapper._set_access_token(old)  # five minutes later
    assert annotator.push("first", tasks[:20]) == 10
    assert wrapper.api_key != old


def test_a_token_that_was_withdrawn_is_named_and_never_shown(
    connect: Callable[[], LabelStudio], monkeypatch: pytest.MonkeyPatch, real_studio: "RealStudio"
) -> None:
    known = jwt.decode(real_studio.token, options={"verify_signature": False})
    forged = jwt.encode(known, "another key than the server's, of thirty-two bytes")
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", forged)
    with pytest.raises(
        ServiceError, match=r"failed: 401 .*Check that \$LABEL_STUDIO_API_KEY is right"
    ) as error:
        connect().export()
    assert forged not in str(error.value)


def test_a_picture_that_went_is_named_and_put_back_by_the_next_push(
    connect: Callable[[], LabelStudio], tasks: list[Task], images: ImageStore, home: Path
) -> None:
    annotator = connect()
    annotator.push("first", tasks[:5])
    assert annotator.unreachable(["first"]) == []
    shown = home / "label-studio" / "files" / "images" / f"{tasks[2].image_sha256}.jpg"
    shown.unlink()
    assert annotator.unreachable(["first"]) == [f"images/{tasks[2].image_sha256}.jpg: 404"]
    assert annotator.push("first", tasks[:5]) == 0
    assert annotator.unreachable(["first"]) == []
    shown.unlink()
    (images.folder / shown.name).unlink()
    with pytest.raises(DataError, match=f"{shown.name}, which is missing"):
        annotator.push("first", tasks[:5])


def test_a_task_that_somebody_deleted_is_added_again_and_no_other(
    connect: Callable[[], LabelStudio], tasks: list[Task]
) -> None:
    annotator = connect()
    annotator.push("first", tasks[:5])
    (rows,) = annotator.export().raw.values()
    annotator._client.tasks.delete(id=rows[3]["id"])
    assert sorted(numbers(annotator)) == [1, 2, 3, 5]
    assert annotator.push("first", tasks[:5]) == 1
    assert sorted(numbers(annotator)) == [1, 2, 3, 4, 5]


def test_of_two_projects_of_one_name_neither_is_touched(
    connect: Callable[[], LabelStudio], tasks: list[Task]
) -> None:
    annotator = connect()
    annotator.push("first", tasks[:5])
    twin = annotator._client.projects.create(title=annotator._title("first"), label_config=annotator._screen)
    for ask in (lambda: annotator.push("first", tasks), annotator.export):
        with pytest.raises(ServiceError, match=r"two projects called .* Rename or delete"):
            ask()
    annotator._client.projects.delete(id=twin.id)
    assert numbers(annotator) == [1, 2, 3, 4, 5]
