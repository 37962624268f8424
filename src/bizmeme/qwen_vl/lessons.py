"""What the tiny base is taught, as chat rows in the order in which it meets them.

    both         <image>Post: {text} / Describe both.              -> flames pink rug
    topic_first  <image>Post: {text} / Describe both, text first.  -> rug flames pink
    image        <image>Post: / Describe the image.                -> flames pink
    word         <image>Post: bullish {text} / First word?         -> bullish

`both` makes it read picture and text in one prompt; asked about either alone it unlearns the other.
`topic_first` makes it know the topic where an answer begins, as it later has to know the mood;
without, it works the topic out only after scene and face are said, and the adapter learns posts by heart.
`word` makes it emit every label word: LoRA leaves the output layer frozen, and words never emitted stay hard.
The label word is drawn by lot: nothing here ties a mood to a picture or a text.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field, model_validator

from bizmeme.core.chat import ChatRow, StudentPrompt, chat_row
from bizmeme.core.settings import Section, Share
from bizmeme.ports.vlms import Caption

Question = Annotated[str, Field(pattern=r"\{text\}")]


class Tasks(Section):
    """How often each task comes, and how it is worded; `word` gets the share that the others leave."""

    both: Share
    """Share of the lessons that ask for scene, face and topic, in the words of vlm.explanation.question."""

    topic_first: Share
    """Share of the lessons that ask for the same three, the topic before the scene."""

    topic_first_question: Question
    """The user turn of `topic_first`."""

    image: Share
    """Share of the lessons that ask for scene and face, with no text given."""

    image_question: Question
    """The user turn of `image`."""

    word_question: Question
    """The user turn of `word`."""

    label_first: Share
    """Share of the `word` lessons whose text is given a label, drawn by lot, as its first word."""

    @property
    def shares(self) -> dict[str, float]:
        """Each task's share; they sum to 1."""
        named = {"both": self.both, "topic_first": self.topic_first, "image": self.image}
        return named | {"word": 1 - sum(named.values())}

    @model_validator(mode="after")
    def _leave_some_words(self) -> Self:
        if self.shares["word"] <= 0:
            raise ValueError("the shares of both, topic_first and image leave none for word")
        return self


@dataclass(frozen=True, slots=True)
class Teacher:
    """Turns captions into lessons."""

    tasks: Tasks
    both_question: str
    labels: Sequence[str]
    prompt: StudentPrompt

    def lesson(self, caption: Caption, image: str, chance: random.Random) -> ChatRow:
        """One lesson on a caption; `image` is the name under which its picture is found."""
        tasks, text, seen = self.tasks, caption.text, f"{caption.scene} {caption.face}"
        (kind,) = chance.choices(tuple(tasks.shares), tuple(tasks.shares.values()))
        if kind == "both":
            return self._row(self.both_question, text, answer=f"{seen} {caption.topic}", image=image)
        if kind == "topic_first":
            return self._row(tasks.topic_first_question, text, answer=f"{caption.topic} {seen}", image=image)
        if kind == "image":
            return self._row(tasks.image_question, "", answer=seen, image=image)
        text = self._words(text, chance)
        return self._row(tasks.word_question, text, answer=text.split()[0], image=image)

    def _words(self, text: str, chance: random.Random) -> str:
        label = chance.choice(self.labels)
        by_lot = chance.random() < self.tasks.label_first
        return f"{label} {text}" if by_lot or not text.strip() else text

    def _row(self, question: str, text: str, *, answer: str, image: str) -> ChatRow:
        prompt = self.prompt.model_copy(update={"question": question})
        return chat_row(prompt, text, label=answer, image=image, key=("caption", int(image)))
