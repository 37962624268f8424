"""Decisions over the wire, asked with the real SDK."""

import asyncio
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI
from openai.types.decision import Decision

from bizmeme.sandbox.moods import MOODS
from bizmeme.sandbox.state import Addresses
from bizmeme.sandbox.world import Post, World
from tests.sandbox.strangers.test_openai import FORMAT, ask, fence, jpeg, label, message

MOOD = {
    "type": "choice",
    "name": "mood",
    "instructions": "Which mood?",
    "choices": [{"value": mood} for mood in MOODS],
}


@pytest.fixture(scope="module")
def shown(world: World) -> list[Post]:
    """Posts with words and a sound picture."""
    return [
        post
        for post in world.pictured
        if post.text and not post.oddity and post.picture and not post.picture.flaw
    ]


def told(text: str, image: bytes | None = None) -> list[Any]:
    """A decision's input that says what a chat's message says."""
    (_, user) = message(text, image)
    parts = [
        {"type": "input_text", "text": part["text"]}
        if part["type"] == "text"
        else {"type": "input_image", "image_url": part["image_url"]["url"], "detail": "low"}
        for part in user["content"]
    ]
    return [{"role": "user", "content": parts}]


def decide(addresses: Addresses, *inputs: Any, **changes: Any) -> list[Decision]:
    async def run() -> list[Decision]:
        async with AsyncOpenAI(api_key="any", base_url=addresses["openai"] + "/v1", max_retries=0) as client:
            asked: dict[str, Any] = {"model": "gpt-6-luna", "questions": [MOOD]} | changes
            return await asyncio.gather(*(client.decisions.create(input=each, **asked) for each in inputs))

    return asyncio.run(run())


def test_it_decides_as_it_answers_a_chat(addresses: Addresses, shown: list[Post]) -> None:
    posts = shown[:8]
    replies = decide(addresses, *(told(fence(post.text), jpeg(post)) for post in posts))
    chats = ask(addresses, *(message(fence(post.text), jpeg(post)) for post in posts), response_format=FORMAT)
    assert [reply.answers[0].choice for reply in replies] == [label(chat) for chat in chats]  # type: ignore[union-attr]


def test_odds_are_of_every_choice_in_its_order_and_add_up_to_one(
    addresses: Addresses, shown: list[Post]
) -> None:
    for reply in decide(addresses, *(told(fence(post.text), jpeg(post)) for post in shown[:8])):
        (answer,) = reply.answers
        assert answer.type == "choice"
        assert (answer.name, [each.value for each in answer.probabilities]) == ("mood", list(MOODS))
        odds = {each.value: each.probability for each in answer.probabilities}
        assert sum(odds.values()) == pytest.approx(1, abs=1e-5)
        assert answer.choice == max(odds, key=lambda value: odds[value])
        assert 0 < answer.confidence < odds[answer.choice]  # concentration, no probability


def test_a_question_about_something_else_is_refused_and_the_others_are_answered(addresses: Addresses) -> None:
    pet = MOOD | {"name": "pet", "choices": [{"value": "cat"}, {"value": True}]}
    two = MOOD | {"name": "two", "choices": [{"value": "bullish"}, {"value": "cat"}]}
    (reply,) = decide(addresses, "<post>gm</post>", questions=[pet, MOOD, two])
    refused, answered, narrowed = reply.answers
    assert (refused.type, refused.name) == ("refusal", "pet")
    assert answered.type == "choice"
    assert narrowed.type == "choice"
    assert {each.value: each.probability for each in narrowed.probabilities} == {"bullish": 1, "cat": 0}


def test_it_says_what_it_used_in_every_detail(addresses: Addresses, shown: list[Post]) -> None:
    bare, pictured = decide(addresses, told(fence("gm")), told(fence("gm"), jpeg(shown[0])))
    assert pictured.usage.input_tokens - bare.usage.input_tokens >= 4 * 4  # patches of 112×112 px
    assert bare.usage.output_tokens == 1
    assert bare.usage.total_tokens == bare.usage.input_tokens + 1
    assert (
        bare.usage.input_tokens_details.cached_tokens
        == bare.usage.input_tokens_details.cache_write_tokens
        == 0
    )
    assert bare.usage.output_tokens_details.reasoning_tokens == 0


def test_the_same_question_gets_the_same_bytes(addresses: Addresses, shown: list[Post]) -> None:
    question = told(fence(shown[3].text), jpeg(shown[3]))
    first, second = decide(addresses, question, question)
    assert first == second


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "gpt-4o-mini"},
        {"questions": []},
        {"questions": [MOOD] * 401},
        {"questions": [MOOD | {"choices": [{"value": "bullish"}]}]},
        {"questions": [MOOD | {"choices": [{"value": "bullish"}, {"value": "bullish"}]}]},
        {"questions": [MOOD | {"choices": ["bullish", "bearish"]}]},
        {"questions": [MOOD | {"instructions": None}]},
        {"questions": [{"type": "riddle", "instructions": "?"}]},
        {"input": [{"role": "user", "content": [{"type": "text", "text": "gm"}]}]},
        {
            "input": [
                {"role": "user", "content": [{"type": "input_image", "image_url": "https://example.com/a"}]}
            ]
        },
        {"input": []},
        {"input": 7},
    ],
    ids=lambda changes: str(changes)[:40],
)
def test_a_malformed_question_is_a_400_in_openais_shape(
    addresses: Addresses, changes: dict[str, Any]
) -> None:
    body = {"model": "gpt-6-luna", "input": "gm", "questions": [MOOD]} | changes
    base = addresses["openai"] + "/v1"
    with (
        openai.OpenAI(api_key="any", base_url=base, max_retries=0) as client,
        pytest.raises(openai.BadRequestError) as refused,
    ):
        client.post("/decisions", cast_to=object, body=body)
    assert refused.value.type == "invalid_request_error"
