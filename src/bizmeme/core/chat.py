"""ShareGPT rows: what data/train.json holds, and the one place where a post becomes a prompt of the student.

    {"messages": [{"role": "system", "content": "You read ..."},
                  {"role": "user", "content": "<image>Post: wagmi\\nMood?"},
                  {"role": "assistant", "content": "bullish"}],
     "images": ["0a1b….jpg"], "board": "biz", "no": 60123456}

The same file is read by LLaMA-Factory and ms-swift as it stands. Both count the literal `<image>`: one for
each picture, so a post that contains it has it defused.
"""

from collections.abc import Sequence
from typing import Annotated, TypedDict

from pydantic import Field

from bizmeme.core.settings import PositiveInt, Section

IMAGE_TAG = "<image>"


class Message(TypedDict):
    """One turn."""

    role: str
    content: str


class ChatRow(TypedDict):
    """One example: messages with exactly one image tag, one picture, and the key of its post."""

    messages: list[Message]
    images: list[str]
    board: str
    no: int


class StudentPrompt(Section):
    """How a post is put to the student; stored beside the adapter, since it is part of what was learnt."""

    system: str
    """The system turn; always explicit, since trainers add one of their own where it is missing."""

    question: Annotated[str, Field(pattern=r"\{text\}")]
    """The user turn after the picture; `{text}` is the post's text."""

    max_chars: PositiveInt
    """Longer texts are cut here, at the end: pictures are never truncated, texts always before tokenising."""


def user_text(prompt: StudentPrompt, text: str) -> str:
    """The user turn's words for a post, without the image tag."""
    defused = text.replace(IMAGE_TAG, "< image >")
    return prompt.question.replace("{text}", defused[: prompt.max_chars].strip())


def question_turns(prompt: StudentPrompt, text: str) -> list[Message]:
    """The system and user turns for a post with one picture."""
    return [
        Message(role="system", content=prompt.system),
        Message(role="user", content=IMAGE_TAG + user_text(prompt, text)),
    ]


def chat_row(prompt: StudentPrompt, text: str, *, label: str, image: str, key: tuple[str, int]) -> ChatRow:
    """One training example; `image` is the picture's file name, `key` the post's (board, no)."""
    turns = [*question_turns(prompt, text), Message(role="assistant", content=label)]
    return ChatRow(messages=turns, images=[image], board=key[0], no=key[1])


def answers(rows: Sequence[ChatRow]) -> list[str]:
    """The assistant turn of every row: its label."""
    return [row["messages"][-1]["content"] for row in rows]
