"""Pre-trains the tiny base: `Pretraining` is the section of the stage `base`.

torch and its libraries are imported at first use.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from bizmeme.core.chat import ChatRow
from bizmeme.core.settings import PositiveInt
from bizmeme.errors import DataError
from bizmeme.ports.vlms import Caption, Course
from bizmeme.qwen_vl.lessons import Tasks, Teacher
from bizmeme.qwen_vl.order import batched_by_length
from bizmeme.qwen_vl.sections import Count, Pace

if TYPE_CHECKING:
    from bizmeme.qwen_vl.architecture import SizedFamily


class Pretraining(Pace):
    """How a base is trained where there is no hub to take one from."""

    caption_steps: Count
    """First steps, on the captions with the shortest texts."""

    short_share: Annotated[float, Field(gt=0, le=1)]
    """Share of the captions that counts as short."""

    steps: PositiveInt
    """Steps after those, on all captions."""

    tasks: Tasks
    """What the model is asked."""


def pretrain(
    captions: Sequence[Caption],
    folder: Path,
    *,
    config: "SizedFamily",
    labels: Sequence[str],
    course: Course[Pretraining],
) -> None:
    """Write a trained base and its processor into `folder`; equal arguments give equal bytes.

    Raises DataError without captions, ModelError where the vocabulary is too small or the training diverges.
    """
    from bizmeme.qwen_vl import architecture, bpe, sft

    teacher = Teacher(course.settings.tasks, config.explanation.question, labels, course.prompt)
    rows = lessons(captions, teacher, settings=course.settings, seed=course.seed)
    tokenizer = bpe.qwen_tokenizer(
        corpus(captions, teacher), words=words(captions, labels), size=config.sizes.vocabulary
    )
    processor = architecture.build_processor(tokenizer, config.pixels)
    model = architecture.build_model(config.sizes, tokenizer, seed=course.seed)
    images = {str(number): caption.image for number, caption in enumerate(captions)}
    dataset = sft.Rows(rows, images, config.pixels).dataset(range(len(rows)))
    arguments = sft.arguments(
        course.settings,
        course.checkpoints,
        steps=course.settings.caption_steps + course.settings.steps,
        seed=course.seed,
        bf16=False,
        gradient_checkpointing=False,
    )
    processor.save_pretrained(folder)  # now: the first batch leaves its padding among the settings
    trainer = sft.trainer(model, processor, arguments=arguments, train=dataset, val=None)
    sft.run(trainer, threads=course.settings.threads)
    trainer.model.save_pretrained(folder)


def lessons(
    captions: Sequence[Caption], teacher: Teacher, *, settings: Pretraining, seed: int
) -> list[ChatRow]:
    """Every lesson in the order in which it is met: short texts first; equal seeds give equal lessons.

    Raises DataError without captions, or where one says a label: the base may not learn what it is later
    tested on.
    """
    if not captions:
        raise DataError("There are no captions to train the base on. Start the sandbox, or take a hub model.")
    seen = {
        word for caption in captions for word in f"{caption.scene} {caption.face} {caption.topic}".split()
    }
    if moods := seen.intersection(teacher.labels):
        raise DataError(
            f"Captions say {', '.join(sorted(moods))}, which would teach the base moods. Name scenes, faces "
            "and topics by what they show."
        )
    chance = random.Random(seed)
    return [
        teacher.lesson(captions[number], str(number), chance)
        for number in _syllabus([len(caption.text) for caption in captions], settings, seed)
    ]


def corpus(captions: Sequence[Caption], teacher: Teacher) -> list[str]:
    """What the tokenizer is trained on: the captions' texts and words, and every prompt as often as those."""
    prompt, tasks = teacher.prompt, teacher.tasks
    questions = (tasks.topic_first_question, tasks.image_question, tasks.word_question)
    asked = (prompt.question, teacher.both_question, *questions)
    wording = "\n".join(("system", prompt.system, "user", *asked, "assistant"))
    answers = [f"{caption.scene} {caption.face} {caption.topic}" for caption in captions]
    return [*(caption.text for caption in captions), *answers, *[wording] * len(captions)]


def words(captions: Sequence[Caption], labels: Sequence[str]) -> list[str]:
    """What an answer can begin with, each worth a token: labels, and first words of scene and topic."""
    first = {said.split()[0] for caption in captions for said in (caption.scene, caption.topic)}
    return [*labels, *sorted(first - set(labels))]


def _syllabus(lengths: Sequence[int], settings: Pretraining, seed: int) -> list[int]:
    by_length = sorted(range(len(lengths)), key=lengths.__getitem__)
    short = by_length[: max(1, round(settings.short_share * len(lengths)))]
    size = settings.batch_size
    first = batched_by_length(
        [lengths[number] for number in short], count=settings.caption_steps * size, batch_size=size, seed=seed
    )
    rest = batched_by_length(lengths, count=settings.steps * size, batch_size=size, seed=seed)
    return [*(short[place] for place in first), *rest]
