"""Chat completions: a request with a strict JSON schema, and what a reply says.

{"choices": [{"message": {"content": "{\"label\": …}", "refusal": null}, "finish_reason": "stop", …}],
 "usage": {"prompt_tokens": 612, "completion_tokens": 27, "prompt_tokens_details": {"cached_tokens": 0}}}
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bizmeme.core.prices import Usage
from bizmeme.core.prompts import answer_schema
from bizmeme.core.replies import Reading, Token, read_answer
from bizmeme.core.vocabulary import Labels
from bizmeme.labellers.openai.config import Config
from bizmeme.ports.labellers import Question

_TOP_LOGPROBS = 5  # the labels' first tokens, and room for other spellings of them
_SAID = 80  # characters of a refusal that are kept
_STOPPED: Mapping[str, str] = MappingProxyType(
    {
        "length": "the answer was cut off at its length limit",
        "content_filter": "the content filter stopped the answer",
    }
)


class Chat:
    """POST /chat/completions."""

    path = "/chat/completions"
    kind = "chat completion"

    def __init__(self, config: Config, labels: Labels) -> None:
        self._config = config
        self._labels = labels
        schema = {"name": "mood", "strict": True, "schema": answer_schema(labels)}
        self._format = {"type": "json_schema", "json_schema": schema}

    @property
    def identity(self) -> Mapping[str, object]:
        """The schema, where an answer is cut off, and whether its tokens' probabilities come with it."""
        return {
            "format": self._format,
            "max_output_tokens": self._config.max_output_tokens,
            "logprobs": self._config.logprobs,
        }

    @property
    def most_output_tokens(self) -> int:
        """Where an answer is cut off."""
        return self._config.max_output_tokens

    def body(self, question: Question, *, picture: str | None) -> dict[str, object]:
        """Schema and instruction, which never change, then the post, then its picture."""
        said: list[dict[str, object]] = [{"type": "text", "text": question.post}]
        if picture is not None:
            shown = {"url": picture, "detail": self._config.image_detail}
            said.append({"type": "image_url", "image_url": shown})
        body: dict[str, object] = {
            "model": self._config.model,
            "response_format": self._format,
            "max_completion_tokens": self._config.max_output_tokens,
            "messages": [
                {"role": "system", "content": question.instruction},
                {"role": "user", "content": said},
            ],
        }
        return body | ({"logprobs": True, "top_logprobs": _TOP_LOGPROBS} if self._config.logprobs else {})

    def usage(self, reply: Mapping[str, Any]) -> Usage:
        """Of the block `usage`."""
        block = reply["usage"]
        details = block.get("prompt_tokens_details") or {}
        return Usage(block["prompt_tokens"], block["completion_tokens"], details.get("cached_tokens") or 0)

    def reading(self, reply: Mapping[str, Any]) -> Reading:
        """Label, confidence and rationale, or why there are none."""
        choice = reply["choices"][0]
        message = choice["message"]
        if message.get("refusal"):
            return Reading(reason=f"the model refused: {str(message['refusal'])[:_SAID]}")
        if (stopped := _STOPPED.get(choice.get("finish_reason"))) is not None:
            return Reading(reason=stopped)
        content, told = message.get("content"), (choice.get("logprobs") or {}).get("content")
        if content is not None and not isinstance(content, str):
            raise TypeError("a completion's content is text")
        return read_answer(content, labels=self._labels, tokens=_tokens(told or ()))


def _tokens(told: Sequence[Mapping[str, Any]]) -> list[Token]:
    return [
        Token(
            each["token"],
            min(0.0, each["logprob"]),
            {other["token"]: min(0.0, other["logprob"]) for other in each.get("top_logprobs") or ()},
        )
        for each in told
    ]
