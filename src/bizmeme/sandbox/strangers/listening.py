"""What a chat request says: the picture, the post's text, an order that stands outside of any fence.

    {"role": "user", "content": [{"type": "text", "text": "Which mood?\\n<post>gm</post>"},
                                 {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,…",
                                                                     "detail": "low"}}]}

Which words are data and which are orders is decided in gullible.py.
"""

import base64
import binascii
import html
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bizmeme.sandbox.strangers import gullible

_CHARS_A_TOKEN, _TOKENS_A_TURN = 4, 4

_DATA_URL = re.compile(r"data:image/[\w.+-]+;base64,")


class RefusalError(Exception):
    """An error in OpenAI's shape; raised wherever a request cannot be answered."""

    def __init__(
        self, message: str, *, status: int = 400, code: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        kind = "invalid_request_error"
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}


@dataclass(frozen=True, slots=True)
class Heard:
    """A request, understood."""

    text: str  # the post, entities resolved; the whole message where nothing is fenced
    order: str | None  # the word that an unfenced order demands
    image: bytes | None
    prompt_tokens: int


def listen(messages: object, *, picture_tokens: Callable[[bytes, str], int] = lambda *_: 0) -> Heard:
    """Understand the last user message; earlier turns and the system's are only counted.

    `picture_tokens` is what a model bills for a picture at a detail. Raises RefusalError where the messages
    are not what the API takes.
    """
    turns = [_turn(message) for message in _listed(messages, "messages")]
    said = [parts for role, parts in turns if role == "user"]
    if not said:
        raise RefusalError("Expected a message of the role 'user'.", param="messages")
    everything = [part for _, parts in turns for part in parts]
    images = [_image(part) for part in said[-1] if part["type"] == "image_url"]
    message = "\n".join(_text(part) for part in said[-1] if part["type"] == "text")
    billed = [
        text_tokens(_text(part))
        if part["type"] == "text"
        else picture_tokens(_image(part), str(_reference(part).get("detail") or "auto"))
        for part in everything
    ]
    tokens = _TOKENS_A_TURN * len(turns) + sum(billed)
    return hear(message, images[0] if images else None, prompt_tokens=tokens)


def hear(message: str, image: bytes | None, *, prompt_tokens: int) -> Heard:
    """Understand a user's message, whichever API it came by."""
    fenced = gullible.fenced(message)
    text = html.unescape(message if fenced is None else fenced)
    return Heard(text, order=gullible.obeyed(message), image=image, prompt_tokens=prompt_tokens)


def _listed(value: object, param: str) -> Sequence[object]:
    if not isinstance(value, list) or not value:
        raise RefusalError(f"Invalid '{param}': expected a non-empty array.", param=param)
    return value


def _turn(message: object) -> tuple[str, list[Mapping[str, object]]]:
    """A message's role and parts."""
    if not isinstance(message, dict) or message.get("role") not in (
        "system",
        "developer",
        "user",
        "assistant",
    ):
        raise RefusalError("Invalid 'messages': each needs a role.", param="messages")
    content = message.get("content")
    if isinstance(content, str):
        return str(message["role"]), [{"type": "text", "text": content}]
    return str(message["role"]), [_part(part) for part in _listed(content, "messages.content")]


def _part(part: object) -> Mapping[str, object]:
    if not isinstance(part, dict) or part.get("type") not in ("text", "image_url"):
        raise RefusalError("Invalid content part: expected 'text' or 'image_url'.", param="messages")
    return part


def _text(part: Mapping[str, object]) -> str:
    text = part.get("text")
    if not isinstance(text, str):
        raise RefusalError("Invalid content part: 'text' must be a string.", param="messages")
    return text


def _reference(part: Mapping[str, object]) -> Mapping[str, object]:
    reference = part.get("image_url")
    if not isinstance(reference, dict) or not isinstance(reference.get("url"), str):
        raise RefusalError("Invalid content part: 'image_url' needs a 'url'.", param="messages")
    return reference


def _image(part: Mapping[str, object]) -> bytes:
    """The bytes of a data URL; the sandbox fetches nothing."""
    data = decoded(str(_reference(part)["url"]))
    if data is None:
        raise RefusalError(
            "Invalid image URL: expected a base64 data URL.", code="invalid_image_url", param="messages"
        )
    return data


def decoded(url: str) -> bytes | None:
    """The bytes of an image's data URL; None for any other address."""
    head = _DATA_URL.match(url)
    if head is None:
        return None
    try:
        return base64.b64decode(url[head.end() :], validate=True)
    except binascii.Error:
        return None


def text_tokens(text: str) -> int:
    """What a text is billed."""
    return math.ceil(len(text) / _CHARS_A_TOKEN)


def unreadable() -> RefusalError:
    """The refusal of bytes that are no image."""
    return RefusalError("You uploaded an unsupported image.", code="image_parse_error", param="messages")
