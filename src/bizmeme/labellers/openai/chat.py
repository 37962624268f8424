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
_LEAST, _ROUNDED = -1e6, 1e-3  # of log-probabilities: the vendor's least is -9999, its most a rounded 0
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
    answers: Sequence[str] = ("choices",)

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
        if refusal := message.get("refusal"):
            words = f": {refusal[:_SAID]}" if isinstance(refusal, str) else ""
            return Reading(reason=f"the model refused{words}")
        if (stopped := _STOPPED.get(choice.get("finish_reason"))) is not None:
            return Reading(reason=stopped)
        content = message.get("content")
        if content is not None and not isinstance(content, str):
            raise TypeError("a completion's content is text")
        return read_answer(content, labels=self._labels, tokens=_tokens(choice.get("logprobs")))


def _tokens(told: Any) -> list[Token]:
    """An answer's tokens; none where one cannot be read: better no confidence than a wrong one."""
    try:
        return [
            Token(*_scored(each), dict(_scored(other) for other in each.get("top_logprobs") or ()))
            for each in (told or {}).get("content") or ()
        ]
    except (LookupError, TypeError, ValueError, AttributeError):
        return []


def _scored(told: Mapping[str, Any]) -> tuple[str, float]:
    """A token with its log-probability; raises ValueError where that is none, as "NaN" and 5 are."""
    text, logprob = told["token"], told["logprob"]
    if not isinstance(text, str) or type(logprob) not in (int, float) or not _LEAST <= logprob <= _ROUNDED:
        raise ValueError("no token with its log-probability")
    return text, min(0.0, float(logprob))
