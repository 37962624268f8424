"""What the base is taught, and in which order."""

import random
from dataclasses import replace

import pytest

from bizmeme.core.chat import ChatRow, answers
from bizmeme.errors import DataError
from bizmeme.qwen_vl.lessons import Teacher
from bizmeme.qwen_vl.order import batched_by_length
from bizmeme.qwen_vl.pretrain import Pretraining, lessons
from tests.qwen_vl import world
from tests.qwen_vl.conftest import section

SETTINGS = Pretraining.model_validate(section("base/small")["pretraining"])
TEACHER = Teacher(SETTINGS.tasks, "Post: {text}\nDescribe both.", world.LABELS, world.PROMPT)


@pytest.fixture(scope="module")
def rows() -> list[ChatRow]:
    return lessons(world.captions(100, seed=3), TEACHER, settings=SETTINGS, seed=0)


def test_there_is_one_lesson_for_each_place_in_each_batch(rows: list[ChatRow]) -> None:
    assert len(rows) == (SETTINGS.caption_steps + SETTINGS.steps) * SETTINGS.batch_size


def test_a_label_is_answered_only_where_it_is_the_first_word_of_the_text(rows: list[ChatRow]) -> None:
    labelled = [row for row in rows if row["messages"][-1]["content"] in world.LABELS]
    assert set(answers(labelled)) == set(world.LABELS)
    for row in labelled:
        assert f"Post: {row['messages'][-1]['content']}" in row["messages"][1]["content"]
        assert "First word?" in row["messages"][1]["content"]


def test_labels_are_drawn_without_regard_to_the_picture(rows: list[ChatRow]) -> None:
    captions = world.captions(100, seed=3)
    for scene in world.SCENES:
        drawn = [
            row["messages"][-1]["content"] for row in rows if captions[int(row["images"][0])].scene == scene
        ]
        counts = [drawn.count(label) for label in world.LABELS]
        assert max(counts) < 1.5 * min(counts)


def test_the_topic_is_asked_for_before_the_scene_as_well_as_after_it(rows: list[ChatRow]) -> None:
    begins = {question: set[str]() for question in ("Describe both.", "Describe both, text first.")}
    for row in rows:
        question = row["messages"][1]["content"].splitlines()[-1]
        begins.get(question, set()).add(row["messages"][-1]["content"].split()[0])
    assert begins["Describe both."] == {"rising", "falling"}
    assert begins["Describe both, text first."] == {"moon", "rug", "no"}


def test_short_texts_come_first(rows: list[ChatRow]) -> None:
    captions = world.captions(100, seed=3)
    lengths = [len(captions[int(row["images"][0])].text) for row in rows]
    first = SETTINGS.caption_steps * SETTINGS.batch_size
    assert max(lengths[:first]) < max(lengths[first:])


def test_equal_seeds_teach_equal_lessons_and_others_do_not(rows: list[ChatRow]) -> None:
    captions = world.captions(100, seed=3)
    assert lessons(captions, TEACHER, settings=SETTINGS, seed=0) == rows
    assert lessons(captions, TEACHER, settings=SETTINGS, seed=1) != rows


def test_without_captions_the_message_says_what_to_do() -> None:
    with pytest.raises(DataError, match="Start the sandbox"):
        lessons([], TEACHER, settings=SETTINGS, seed=0)


def test_captions_that_say_a_mood_are_refused() -> None:
    (caption,) = world.captions(1, seed=3)
    with pytest.raises(DataError, match="Captions say bullish"):
        lessons([replace(caption, topic="bullish talk")], TEACHER, settings=SETTINGS, seed=0)


def test_an_epoch_meets_every_example_once() -> None:
    lengths = random.Random(0).choices(range(50), k=64)
    assert sorted(batched_by_length(lengths, count=64, batch_size=8, seed=0)) == list(range(64))


def test_a_batch_holds_texts_of_similar_length() -> None:
    lengths = random.Random(0).choices(range(1000), k=1024)
    order = batched_by_length(lengths, count=1024, batch_size=16, seed=0)
    spreads = [
        max(lengths[at] for at in order[start : start + 16])
        - min(lengths[at] for at in order[start : start + 16])
        for start in range(0, 1024, 16)
    ]
    assert sum(spreads) / len(spreads) < 100


def test_fewer_examples_than_a_batch_are_met_again_and_again() -> None:
    order = batched_by_length([1, 2, 3], count=10, batch_size=16, seed=0)
    assert len(order) == 10
    assert set(order) == {0, 1, 2}
