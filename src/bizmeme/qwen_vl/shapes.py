"""Turns of a chat in the two shapes the libraries want: trl's rows, and the processor's typed blocks.

    {"prompt": [{"role": "system", …}, {"role": "user", "content": "Post: wagmi\\nMood?"}],
     "completion": [{"role": "assistant", "content": "bullish"}]}

Both leave out the `<image>` tag: trl and the processor put the picture before the user's words themselves.
"""

from collections.abc import Sequence
from typing import Any

from bizmeme.core.chat import IMAGE_TAG, ChatRow, Message
from bizmeme.errors import DataError


def sft_row(row: ChatRow) -> dict[str, list[Message]]:
    """A row of data/train.json as prompt and completion, so that only the answer bears loss.

    Raises DataError unless the row has one picture, one tag, and an answer as its last turn.
    """
    *question, answer = row["messages"]
    tags = sum(turn["content"].count(IMAGE_TAG) for turn in row["messages"])
    if answer["role"] != "assistant" or not answer["content"] or tags != 1 or len(row["images"]) != 1:
        raise DataError(
            f"The row of post {row['board']}/{row['no']} needs one picture, one {IMAGE_TAG} and an answer at "
            f"its end; it has {len(row['images'])}, {tags} and a last turn of '{answer['role']}'. Run "
            "the stage `prepare` again."
        )
    return {"prompt": [_plain(turn) for turn in question], "completion": [answer]}


def blocks(turns: Sequence[Message]) -> list[dict[str, Any]]:
    """The same turns for `processor.apply_chat_template`, with one picture in the user's turn."""
    return [{"role": turn["role"], "content": _content(turn)} for turn in turns]


def _content(turn: Message) -> list[dict[str, str]]:
    picture = [{"type": "image"}] if IMAGE_TAG in turn["content"] else []
    return [*picture, {"type": "text", "text": _plain(turn)["content"]}]


def _plain(turn: Message) -> Message:
    # A post may spell out a control token such as <|image_pad|>, which the tokenizer would take for one.
    text = turn["content"].replace(IMAGE_TAG, "", 1).replace("<|", "< |")
    return Message(role=turn["role"], content=text)
