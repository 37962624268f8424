"""What the tiny base is taught, as chat rows in the order in which it meets them.

    both   <image>Post: {text} / Describe both.   -> flames pink rug
    image  <image>Post: / Describe the image.     -> flames pink
    word   <image>Post: bullish {text} / First word?  -> bullish

`both` makes it read picture and text in one prompt; asked about either alone it unlearns the other. `word`
makes it emit every label word: LoRA leaves the output layer frozen, and words it never emitted stay hard.
The label word is drawn by lot: nothing here ties a mood to a picture or a text.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from bizmeme.core.chat import ChatRow, StudentPrompt, chat_row
from bizmeme.core.settings import Section, Share
from bizmeme.ports.vlms import Caption

Question = Annotated[str, Field(pattern=r"\{text\}")]


class Tasks(Section):
    """How often each task comes, and how it is worded; `word` gets the share that the others leave."""

    both: Share
    """Share of the lessons that ask for scene, face and topic, in the words of vlm.explanation.question."""

    image: Share
    """Share of the lessons that ask for scene and face, with no text given."""

    image_question: Question
    """The user turn of `image`."""

    word_question: Question
    """The user turn of `word`."""

    label_first: Share
    """Share of the `word` lessons whose text is given a label, drawn by lot, as its first word."""


@dataclass(frozen=True, slots=True)
class Teacher:
    """Turns captions into lessons."""

    tasks: Tasks
    both_question: str
    labels: Sequence[str]
    prompt: StudentPrompt

    def lesson(self, caption: Caption, image: str, chance: random.Random) -> ChatRow:
        """One lesson on a caption; `image` is the name under which its picture is found."""
        seen = f"{caption.scene} {caption.face}"
        lot = chance.random()
        if lot < self.tasks.both:
            return self._row(self.both_question, caption.text, answer=f"{seen} {caption.topic}", image=image)
        if lot < self.tasks.both + self.tasks.image:
            return self._row(self.tasks.image_question, "", answer=seen, image=image)
        text = self._words(caption.text, chance)
        return self._row(self.tasks.word_question, text, answer=text.split()[0], image=image)

    def _words(self, text: str, chance: random.Random) -> str:
        label = chance.choice(self.labels)
        by_lot = chance.random() < self.tasks.label_first
        return f"{label} {text}" if by_lot or not text.strip() else text

    def _row(self, question: str, text: str, *, answer: str, image: str) -> ChatRow:
        prompt = self.prompt.model_copy(update={"question": question})
        return chat_row(prompt, text, label=answer, image=image, key=("caption", int(image)))
