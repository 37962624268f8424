"""Label Studio over the wire, driven by the real SDK."""

import asyncio
import base64
import io
from itertools import combinations
from typing import Any

import aiohttp
import pytest
from label_studio_sdk import LabelStudio
from label_studio_sdk.core.api_error import ApiError
from PIL import Image

from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.pictures.gallery import Gallery
from bizmeme.sandbox.state import Addresses
from bizmeme.sandbox.strangers.people import Reader
from bizmeme.sandbox.strangers.studio import PEOPLE, Studio
from bizmeme.sandbox.world import Post, World
from tests.sandbox.web import fetch_json, get

SCREEN = """<View><Image name="picture" value="$image"/><Text name="words" value="$text"/>
<Choices name="mood" toName="words"><Choice value="bearish"/><Choice value="neutral"/>
<Choice value="bullish"/></Choices></View>"""


@pytest.fixture(scope="module")
def studio(addresses: Addresses) -> LabelStudio:
    return LabelStudio(base_url=addresses["label_studio"], api_key="0123456789abcdef")


@pytest.fixture(scope="module")
def shown(world: World) -> list[Post]:
    return [post for post in world.pictured if not post.oddity and post.picture and not post.picture.flaw]


def data(post: Post) -> dict[str, Any]:
    """A post as the client puts it into a task."""
    assert post.picture
    image = Image.open(io.BytesIO(Gallery().file(post.picture).data)).convert("RGB")
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80)
    url = "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
    return {"image": url, "text": post.text, "subject": post.subject, "board": "biz", "no": post.no}


@pytest.fixture(scope="module")
def filled(studio: LabelStudio, shown: list[Post]) -> Any:
    """A project with 230 tasks: two full pages and a rest."""
    project = studio.projects.create(title="moods of biz", label_config=SCREEN)
    request: Any = [{"data": data(post)} for post in shown[:230]]
    reply = studio.projects.import_tasks(project.id, request=request, return_task_ids=True)
    assert reply.task_count == len(reply.task_ids) == 230
    return project


def test_a_project_is_found_by_its_title(studio: LabelStudio, filled: Any) -> None:
    assert [project.id for project in studio.projects.list(title="MOODS OF")] == [filled.id]
    assert list(studio.projects.list(title="something else")) == []
    assert studio.projects.get(filled.id).label_config == SCREEN


def test_listing_tasks_ends_with_a_404_that_the_sdk_takes_for_the_end(
    studio: LabelStudio, filled: Any, shown: list[Post]
) -> None:
    tasks = list(studio.tasks.list(project=filled.id, page_size=100, fields="all"))
    assert [task.data["no"] for task in tasks] == [post.no for post in shown[:230]]
    assert {len(task.annotations or []) for task in tasks} == {1}
    with pytest.raises(ApiError) as past:
        studio.tasks.list(project=filled.id, page_size=100, page=4)
    assert past.value.status_code == 404


def test_every_task_is_answered_in_the_names_of_the_screen(studio: LabelStudio, filled: Any) -> None:
    tasks = studio.projects.exports.as_json(filled.id)
    assert len(tasks) == 230
    for task in tasks:
        assert [answer["completed_by"] for answer in task["annotations"]] == [min(filled.id, PEOPLE)]
        for answer in task["annotations"]:
            assert answer["was_cancelled"] == (answer["result"] == [])
            for result in answer["result"]:
                assert (result["from_name"], result["to_name"], result["type"]) == (
                    "mood",
                    "words",
                    "choices",
                )
                assert result["value"]["choices"][0] in ("bearish", "neutral", "bullish")


def test_a_project_gets_another_title_and_screen(studio: LabelStudio) -> None:
    project = studio.projects.create(title="before", label_config=SCREEN)
    studio.projects.update(project.id, title="after", label_config=SCREEN.replace("words", "text"))
    changed = studio.projects.get(project.id)
    assert (changed.title, changed.label_config) == ("after", SCREEN.replace("words", "text"))
    with pytest.raises(ApiError) as refused:
        studio.projects.update(project.id, label_config="no xml")
    assert refused.value.status_code == 400


def test_an_empty_project_lists_and_exports_nothing(studio: LabelStudio) -> None:
    project = studio.projects.create(title="empty", label_config=SCREEN)
    assert list(studio.tasks.list(project=project.id, page_size=100, fields="all")) == []
    assert studio.projects.exports.as_json(project.id) == []


def test_a_task_without_a_shown_field_is_refused(studio: LabelStudio, filled: Any) -> None:
    request: Any = [{"data": {"text": "gm"}}]
    with pytest.raises(ApiError) as refused:
        studio.projects.import_tasks(filled.id, request=request)
    assert refused.value.status_code == 400


@pytest.mark.parametrize("screen", ["no xml", "<View/>"])
def test_a_screen_without_a_choice_is_refused(studio: LabelStudio, screen: str) -> None:
    with pytest.raises(ApiError) as refused:
        studio.projects.create(title="wrong", label_config=screen)
    assert refused.value.status_code == 400


def test_without_a_token_it_is_a_401(addresses: Addresses) -> None:
    async def visit() -> int:
        async with aiohttp.ClientSession() as session:
            return (await get(session, addresses["label_studio"] + "/api/projects/")).status

    assert asyncio.run(visit()) == 401


def test_each_route_is_counted(addresses: Addresses, filled: Any) -> None:
    counts = fetch_json(addresses["label_studio"] + "/_counts")
    assert counts["routes"]["POST /api/projects/{id}/import"] >= 1
    assert counts["statuses"]["201"] >= 2


def answers(config: SandboxConfig, world: World, *projects: list[dict[str, Any]]) -> list[list[str | None]]:
    """What the people of so many projects say of their tasks, None where one skips; without the wire."""
    studio = Studio(config, Reader(config, world))
    said = []
    for tasks in projects:
        project = studio.create({"label_config": SCREEN}, now=0.0)
        rows: list[Any] = [studio.add(project, task, now=0.0)["annotations"] for task in tasks]
        said.append([_word(answer) for (answer,) in rows])
    return said


def _word(answer: dict[str, Any]) -> str | None:
    return answer["result"][0]["value"]["choices"][0] if answer["result"] else None


@pytest.fixture(scope="module")
def said(small: SandboxConfig, world: World, shown: list[Post]) -> list[list[str | None]]:
    return answers(small, world, *[[data(post) for post in shown]] * 3)


def test_people_err_and_skip_as_rarely_as_they_are_said_to(
    small: SandboxConfig, shown: list[Post], said: list[list[str | None]]
) -> None:
    for words in said:
        given = [word == post.mood for word, post in zip(words, shown, strict=True) if word]
        assert 1 - sum(given) / len(given) == pytest.approx(small.annotators.error, abs=0.035)
        assert 1 - len(given) / len(words) == pytest.approx(small.annotators.skip_share, abs=0.025)


def test_people_err_together_far_more_often_than_by_chance(
    shown: list[Post], said: list[list[str | None]]
) -> None:
    first, second = (
        [word not in (None, post.mood) for word, post in zip(words, shown, strict=True)] for words in said[:2]
    )
    together = sum(one and other for one, other in zip(first, second, strict=True))
    assert together > 3 * sum(first) * sum(second) / len(shown)


def test_every_project_has_a_person_of_its_own(said: list[list[str | None]]) -> None:
    for left, right in combinations(said, 2):
        assert 0.03 < sum(one != other for one, other in zip(left, right, strict=True)) / len(left) < 0.25


def test_whoever_sees_a_post_once_more_seldom_says_something_else(
    small: SandboxConfig, world: World, shown: list[Post], said: list[list[str | None]]
) -> None:
    twice = [data(post) for post in shown]
    (words,) = answers(small, world, twice + twice)
    first, again = words[: len(twice)], words[len(twice) :]
    distinct = {(post.picture.root, post.text): place for place, post in enumerate(shown) if post.picture}
    changed = [first[place] != again[place] for place in distinct.values() if first[place]]
    assert sum(changed) / len(changed) == pytest.approx(small.annotators.waver_share, abs=0.03)
    assert sum(changed) > 0
    steady = small.model_copy(update={"annotators": small.annotators.model_copy(update={"waver_share": 0.0})})
    ((*words,),) = answers(steady, world, twice + twice)
    assert words[: len(twice)] == words[len(twice) :]


def test_people_answer_the_content_and_never_the_number(
    small: SandboxConfig, world: World, shown: list[Post]
) -> None:
    tasks = [data(post) for post in shown[:60]]
    disguised = [task | {"no": 1, "board": "other"} for task in tasks]
    assert answers(small, world, disguised) == answers(small, world, tasks)
