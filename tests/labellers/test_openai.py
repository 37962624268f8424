"""The real SDK against the sandbox's chat completions."""

import asyncio
import io
import json
from collections.abc import Mapping
from typing import Any

import pytest
from PIL import Image

from bizmeme.core.vocabulary import Labels
from bizmeme.errors import MissingKeyError, QuotaError, RefusedError, ServiceError
from bizmeme.labellers.openai import Config, OpenAiLabeller, build
from bizmeme.ports.labellers import Question


@pytest.fixture
def config(small_config: Mapping[str, Any], world: Mapping[str, str]) -> Config:
    section = small_config["labeller"] | {"base_url": world["openai"] + "/v1"}
    return Config.model_validate(section)


@pytest.fixture
def labels(small_config: Mapping[str, Any]) -> Labels:
    return Labels.model_validate(small_config["labels"])


def question(image: bytes | None = None) -> Question:
    return Question("Label it.", "<post>\nsubject: \ntext: to the moon\n</post>", image)


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (112, 112), "green").save(buffer, "JPEG")
    return buffer.getvalue()


def asked(labeller: OpenAiLabeller, request: Mapping[str, object]) -> str:
    async def once() -> str:
        try:
            return await labeller.ask(request)
        finally:
            await labeller.close()

    return asyncio.run(once())


@pytest.mark.parametrize("image", [None, picture()])
def test_an_answer_has_label_confidence_rationale_and_a_price_below_the_worst(
    config: Config, labels: Labels, image: bytes | None
) -> None:
    labeller = build(config, labels=labels)
    request = labeller.request(question(image))
    answer = labeller.read(asked(labeller, request))
    assert answer.label in labels.names
    assert answer.reason is None
    assert answer.confidence is not None
    assert 0 < answer.confidence <= 1
    assert answer.cost_usd is not None
    assert 0 < answer.cost_usd <= labeller.worst_cost_usd(request)


def test_a_request_is_the_same_whatever_address_or_key(
    config: Config, labels: Labels, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = build(config, labels=labels).request(question(picture()))
    monkeypatch.setenv("OTHER_KEY", "sk-planted")
    elsewhere = config.model_copy(update={"base_url": "https://example.org/v1", "api_key_env": "OTHER_KEY"})
    other = build(elsewhere, labels=labels).request(question(picture()))
    assert one == other
    assert "sk-planted" not in json.dumps(other)


def test_without_its_key_the_variable_and_the_way_out_are_named(config: Config, labels: Labels) -> None:
    with pytest.raises(MissingKeyError, match=r"\$OPENAI_API_KEY is not set.*export OPENAI_API_KEY"):
        build(config.model_copy(update={"api_key_env": "OPENAI_API_KEY"}), labels=labels)


def test_a_host_that_cannot_be_reached_was_never_asked(config: Config, labels: Labels) -> None:
    dead = build(config.model_copy(update={"base_url": "http://127.0.0.1:1/v1"}), labels=labels)
    with pytest.raises(RefusedError, match="cannot be reached") as raised:
        asked(dead, dead.request(question()))
    assert raised.value.again


def test_a_host_that_hangs_up_leaves_the_request_in_doubt(config: Config, labels: Labels) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def once() -> None:
        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        rude = build(config.model_copy(update={"base_url": f"http://127.0.0.1:{port}/v1"}), labels=labels)
        async with server:
            try:
                await rude.ask(rude.request(question()))
            finally:
                await rude.close()

    with pytest.raises(ServiceError) as raised:
        asyncio.run(once())
    assert not isinstance(raised.value, RefusedError)


def test_a_bad_request_is_refused_with_a_reason_that_names_no_address(config: Config, labels: Labels) -> None:
    labeller = build(config, labels=labels)
    with pytest.raises(RefusedError) as refused:
        asked(labeller, dict(labeller.request(question())) | {"messages": []})
    assert not refused.value.again
    assert refused.value.reason.startswith("refused with status 400: ")
    assert "127.0.0.1" not in refused.value.reason


def test_a_rejected_key_stops_and_names_its_variable(
    config: Config, labels: Labels, monkeypatch: pytest.MonkeyPatch
) -> None:
    labeller = build(config, labels=labels)
    said = {"message": "Incorrect API key provided: sandbox."}
    error = type("E", (), {"status_code": 401, "body": said, "code": None, "response": None})()
    refusal = labeller._refusal(error)
    assert isinstance(refusal, QuotaError)
    assert "$BIZMEME_SANDBOX_KEY" in str(refusal)
    assert "provided: …" in str(refusal)  # a careless service repeats the key


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("not json", "the reply is not a chat completion"),
        ("[]", "the reply is not a chat completion"),
        ('{"choices": [], "usage": {}}', "the reply is not a chat completion"),
        (
            '{"choices": [{"message": {"content": null, "refusal": "I cannot"}}],'
            ' "usage": {"prompt_tokens": 1, "completion_tokens": 1}}',
            "the model refused: I cannot",
        ),
        (
            '{"choices": [{"message": {"content": "{\\"label\\""}, "logprobs": null}],'
            ' "usage": {"prompt_tokens": 1, "completion_tokens": 1}}',
            "the answer is not JSON",
        ),
    ],
)
def test_a_reply_that_cannot_be_read_is_a_reason(
    config: Config, labels: Labels, reply: str, reason: str
) -> None:
    answer = build(config, labels=labels).read(reply)
    assert (answer.label, answer.reason) == (None, reason)
