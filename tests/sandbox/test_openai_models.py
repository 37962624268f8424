"""The models that the sandbox offers, and how each bills a picture."""

import asyncio
import base64
import io
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.process import running
from bizmeme.sandbox.servers.openai.models import MODELS
from bizmeme.sandbox.state import Addresses
from tests.core.test_pictures import TABLE

sides = st.integers(1, 6_000)


def client(addresses: Addresses) -> openai.OpenAI:
    return openai.OpenAI(api_key="any", base_url=addresses["openai"] + "/v1", max_retries=0)


def shown(width_px: int, height_px: int, detail: str = "low") -> list[Any]:
    file = io.BytesIO()
    Image.new("RGB", (width_px, height_px), "green").save(file, "JPEG")
    url = "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
    picture = {"type": "image_url", "image_url": {"url": url, "detail": detail}}
    return [{"role": "user", "content": [{"type": "text", "text": "<post>gm</post>"}, picture]}]


def prompt_tokens(addresses: Addresses, messages: list[Any], model: str = "gpt-6-luna") -> int:
    with client(addresses) as asking:
        usage = asking.chat.completions.create(model=model, messages=messages).usage
    assert usage
    return usage.prompt_tokens


@pytest.mark.parametrize(
    ("model", "size", "detail", "tokens"),
    [
        ("gpt-6-luna", (512, 512), "low", 308),
        ("gpt-6-luna", (1024, 1024), "high", 1229),
        ("gpt-4.1-mini", (512, 512), "low", 415),
        ("gpt-5.4-nano", (512, 512), "low", 630),
        ("gpt-4o-mini", (512, 512), "low", 2_833),
        ("gpt-4o-mini", (1024, 1024), "high", 2_833 + 4 * 5_667),
    ],
)
def test_over_the_wire_a_picture_costs_what_its_model_says(
    addresses: Addresses, model: str, size: tuple[int, int], detail: str, tokens: int
) -> None:
    bare = [{"role": "user", "content": "<post>gm</post>"}]
    with_picture = prompt_tokens(addresses, shown(*size, detail=detail), model)
    assert with_picture - prompt_tokens(addresses, bare, model) == tokens


@given(
    st.sampled_from(sorted(set(MODELS) & set(TABLE.models))), sides, sides, st.sampled_from(["low", "high"])
)
def test_no_picture_is_billed_more_than_the_clients_bound(
    model: str, width_px: int, height_px: int, detail: Any
) -> None:
    """Written twice, in the sandbox and in the client, from the same published rules."""
    billed = MODELS[model].tokens(width_px, height_px, detail)
    bound = TABLE.models[model].picture.tokens(width_px, height_px, detail=detail)
    assert 0 < billed <= bound
    if max(width_px, height_px) <= 512:
        assert billed == bound


def test_pictures_can_be_billed_as_if_they_had_another_size(small: SandboxConfig) -> None:
    serving = small.serving.model_copy(update={"billed_picture_px": 512})
    with running(small.model_copy(update={"serving": serving})) as addresses:
        square, wide, large = (
            prompt_tokens(addresses, shown(*size)) for size in ((16, 16), (64, 32), (900, 900))
        )
    assert square == large
    assert square - wide == 308 - 154


def test_models_say_until_when_they_answer(addresses: Addresses) -> None:
    with client(addresses) as asking:
        assert asking.models.retrieve("gpt-4o-mini").shutdown_date == "2027-01-14"
        assert asking.models.retrieve("gpt-6-luna").shutdown_date is None
        assert {model.id: model.shutdown_date for model in asking.models.list()} == {
            name: model.shutdown for name, model in MODELS.items()
        }


def test_the_sandbox_and_the_dated_table_agree_on_days_of_shutdown() -> None:
    for name in set(MODELS) & set(TABLE.models):
        day = TABLE.models[name].shutdown
        assert MODELS[name].shutdown == (None if day is None else day.isoformat())


@pytest.mark.parametrize("path", ["/chat/completions", "/decisions"])
def test_a_model_that_is_none_cannot_be_asked(addresses: Addresses, path: str) -> None:
    with client(addresses) as asking, pytest.raises(openai.NotFoundError) as refused:
        asking.post(path, cast_to=object, body={"model": "gpt-3"})
    assert refused.value.code == "model_not_found"


def test_a_model_that_is_none_has_no_card(addresses: Addresses) -> None:
    with client(addresses) as asking, pytest.raises(openai.NotFoundError) as refused:
        asking.models.retrieve("gpt-3")
    assert refused.value.code == "model_not_found"


@pytest.mark.parametrize("model", sorted(MODELS))
def test_logprobs_are_given_by_the_models_that_give_them(addresses: Addresses, model: str) -> None:
    async def ask() -> Any:
        base = addresses["openai"] + "/v1"
        async with openai.AsyncOpenAI(api_key="any", base_url=base, max_retries=0) as asking:
            return await asking.chat.completions.create(
                model=model, messages=[{"role": "user", "content": "gm"}], logprobs=True, top_logprobs=2
            )

    if MODELS[model].logprobs:
        assert asyncio.run(ask()).choices[0].logprobs.content
        return
    with pytest.raises(openai.BadRequestError) as refused:
        asyncio.run(ask())
    assert (refused.value.code, refused.value.param) == ("unsupported_parameter", "logprobs")


def test_a_long_prefix_is_found_in_the_cache_in_steps_of_128_tokens(addresses: Addresses) -> None:
    def cached(chars: int) -> int | None:
        told: list[Any] = [{"role": "system", "content": "x" * chars}, {"role": "user", "content": "gm"}]
        with client(addresses) as asking:
            usage = asking.chat.completions.create(model="gpt-6-luna", messages=told).usage
        assert usage
        assert usage.prompt_tokens_details
        return usage.prompt_tokens_details.cached_tokens

    assert [cached(chars) for chars in (4 * 1023, 4 * 1024, 4 * 1300)] == [0, 1024, 1280]
