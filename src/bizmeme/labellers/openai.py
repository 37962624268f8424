"""OpenAI's chat completions as a labeller: strict JSON schema, log-probabilities, a priced usage block.

The SDK's own retries are off: the stage owns waiting and paying. `request` is the body as sent, so that its
hash names the reply for ever, whichever address or key it goes to.
"""

import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from bizmeme.core.prices import Prices, cost_usd
from bizmeme.core.prompts import answer_schema
from bizmeme.core.replies import read_answer
from bizmeme.core.settings import PositiveInt, Section
from bizmeme.core.vocabulary import Labels
from bizmeme.errors import QuotaError, RefusedError, ServiceError
from bizmeme.ports.labellers import Answer, Question
from bizmeme.shell.keys import hidden, read_key

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

_BUSY = (408, 409, 429)
_NOT_FOUND, _SERVER_ERROR = 404, 500
_OVERHEAD_TOKENS = 200  # roles, schema, separators


class Config(Section):
    """`labeller: {name: openai, …}`."""

    name: Literal["openai"]
    """This file."""

    base_url: str
    """Address of the API, with its version."""

    api_key_env: str
    """The environment variable that holds the key; the key itself never stands in conf/."""

    model: str
    """The model, as the vendor spells it."""

    image_detail: Literal["low", "high", "auto"]
    """How closely the model looks, and what a picture costs."""

    image_tokens: PositiveInt
    """Upper bound of the tokens that one picture is billed at this detail."""

    max_output_tokens: PositiveInt
    """Longer answers are cut off, and so have no label."""

    logprobs: bool
    """Ask for token probabilities; reasoning models refuse."""

    timeout_s: Annotated[float, Field(gt=0)]
    """Wall seconds for one answer."""

    prices: Prices
    """What tokens cost."""


class OpenAiLabeller:
    """ports.Labeller over the real SDK."""

    def __init__(self, config: Config, labels: Labels, client: "AsyncOpenAI") -> None:
        self._config = config
        self._labels = labels
        self._client = client
        self.model = config.model

    def request(self, question: Question) -> Mapping[str, object]:
        """The body of POST /chat/completions."""
        user: list[dict[str, object]] = [{"type": "text", "text": question.post}]
        if question.image is not None:
            url = "data:image/jpeg;base64," + base64.b64encode(question.image).decode()
            user.append({"type": "image_url", "image_url": {"url": url, "detail": self._config.image_detail}})
        schema = {"name": "mood", "strict": True, "schema": answer_schema(self._labels)}
        body: dict[str, object] = {
            "model": self._config.model,
            "messages": [
                {"role": "system", "content": question.instruction},
                {"role": "user", "content": user},
            ],
            "response_format": {"type": "json_schema", "json_schema": schema},
            "max_completion_tokens": self._config.max_output_tokens,
        }
        return body | ({"logprobs": True, "top_logprobs": 5} if self._config.logprobs else {})

    def worst_cost_usd(self, request: Mapping[str, object]) -> float:
        """Every byte a token (a byte-level tokenizer makes no more), picture and answer at their bounds."""
        messages: Any = request["messages"]
        system, user = messages[0]["content"], messages[1]["content"]
        text = system + "".join(part.get("text", "") for part in user)
        pictures = sum(part["type"] == "image_url" for part in user)
        tokens = len(text.encode()) + _OVERHEAD_TOKENS + pictures * self._config.image_tokens
        return cost_usd(
            self._config.prices, input_tokens=tokens, output_tokens=self._config.max_output_tokens
        )

    async def ask(self, request: Mapping[str, object]) -> str:
        """Send once; RefusedError where the answer is an error status, ServiceError where none came."""
        import openai

        try:
            raw = await self._client.chat.completions.with_raw_response.create(**request)  # type: ignore[call-overload]
        except openai.APIStatusError as error:
            raise self._refusal(error) from None  # the SDK's own words may repeat the key
        except openai.APIConnectionError as error:
            if type(error.__cause__).__name__ == "ConnectError":  # httpx2's: nothing was ever sent
                text = f"{self._config.base_url} cannot be reached: {error.__cause__}. Try again."
                raise RefusedError(text, again=True) from error
            raise self._silence(str(error)) from error
        except openai.APIError as error:
            raise self._silence(str(error)) from error
        if not _is_json(raw.headers.get("content-type", "")):  # a captive portal, a proxy's page
            raise self._silence("a web page came instead of JSON")
        return str(raw.text)

    def _silence(self, problem: str) -> ServiceError:
        told = problem.rstrip(".")
        return ServiceError(
            f"{self._config.base_url} did not answer: {told}. Run the same command again later."
        )

    def _refusal(self, error: "APIStatusError") -> RefusedError:
        told = hidden(_told(error), self._client.api_key)
        text = f"{self._config.base_url} refused with status {error.status_code}: {told.rstrip('.')}"
        if error.status_code in (401, 403):
            return QuotaError(f"{text}. Check the key in ${self._config.api_key_env}.", again=False)
        if error.status_code == _NOT_FOUND:
            return QuotaError(f"{text}. Check labeller.model and base_url in conf/labeller/.", again=False)
        if getattr(error, "code", None) == "insufficient_quota":
            return QuotaError(f"{text}. Add credit there; everything paid for is kept.", again=False)
        after = error.response.headers.get("retry-after", "")
        busy = error.status_code in _BUSY or error.status_code >= _SERVER_ERROR
        return RefusedError(
            f"{text}. Everything paid for is kept: run the same command again later.",
            again=busy,
            after_s=float(after) if after.isdigit() else None,
            reason=f"refused with status {error.status_code}: {told}",
        )

    def read(self, reply: str) -> Answer:
        """Label, confidence, rationale and price of a reply's body; a broken body is a reason."""
        try:
            body = json.loads(reply)
            choice, usage = body["choices"][0], body["usage"]
            price_usd = cost_usd(
                self._config.prices,
                input_tokens=usage["prompt_tokens"],
                output_tokens=usage["completion_tokens"],
            )
            return self._answer(choice, price_usd)
        except (ValueError, LookupError, TypeError, AttributeError):
            return Answer(None, None, None, reason="the reply is not a chat completion", cost_usd=None)

    def _answer(self, choice: dict[str, Any], price_usd: float) -> Answer:
        message, logprobs = choice["message"], choice.get("logprobs") or {}
        if message.get("refusal"):
            reason = f"the model refused: {message['refusal'][:80]}"
            return Answer(None, None, None, reason=reason, cost_usd=price_usd)
        tokens = [(each["token"], each["logprob"]) for each in logprobs.get("content") or ()]
        reading = read_answer(message.get("content"), labels=self._labels, tokens=tokens)
        return Answer(
            label=reading.label,
            confidence=reading.confidence,
            rationale=reading.rationale,
            reason=reading.reason,
            cost_usd=price_usd,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _told(error: "APIStatusError") -> str:
    """The vendor's own words, where its body has them."""
    body = error.body if isinstance(error.body, dict) else {}
    return str(body.get("message") or "no reason given")[:160]


def _is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip() == "application/json"


def build(config: Config, *, labels: Labels) -> OpenAiLabeller:
    """A labeller with its key from the environment; raises MissingKeyError."""
    key = read_key(config.api_key_env, setting="labeller.api_key_env", service=config.base_url)
    from openai import AsyncOpenAI

    client = AsyncOpenAI(api_key=key, base_url=config.base_url, max_retries=0, timeout=config.timeout_s)
    return OpenAiLabeller(config, labels, client)
