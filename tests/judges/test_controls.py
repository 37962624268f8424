"""Both judges find fault with clients that deserve it: so a pass means something."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from openai import APIStatusError, AsyncOpenAI

from tests.judges.servers import aimock, llmock

POSTS = 60
REPLY = json.dumps({"label": "bullish", "rationale": "up"})


def ask(base_url: str, one: Callable[[AsyncOpenAI, int], Awaitable[None]], *, retries: int = 0) -> None:
    """Each post by the SDK alone, eight at once."""

    async def every() -> None:
        room = asyncio.Semaphore(8)
        async with AsyncOpenAI(api_key="none", base_url=base_url, max_retries=retries) as client:

            async def waiting(post: int) -> None:
                async with room:
                    await one(client, post)

            await asyncio.gather(*map(waiting, range(POSTS)))

    asyncio.run(every())


async def once(client: AsyncOpenAI, post: int) -> None:
    """Ask, and give up at any error."""
    chat = {"role": "user", "content": f"post {post}"}
    try:
        await client.chat.completions.create(model="gpt-4o-mini", messages=[chat])  # type: ignore[list-item]
    except APIStatusError:
        return


async def stubborn(client: AsyncOpenAI, post: int) -> None:
    """Ask again at once until there is an answer."""
    chat = {"role": "user", "content": f"post {post}"}
    for _ in range(5):
        try:
            await client.chat.completions.create(model="gpt-4o-mini", messages=[chat])  # type: ignore[list-item]
        except APIStatusError:
            continue
        return


def findings(client: Callable[[AsyncOpenAI, int], Awaitable[None]], folder: Path) -> set[str]:
    """What llmock finds where two requests are refused as too many, and two as wrong."""
    with llmock(folder) as judge:
        judge.script(
            {"type": "fail", "status": 429, "retry_after": 1, "times": 2},
            {"type": "fail", "status": 400, "times": 2},
        )
        ask(judge.base_url("openai"), client)
        return {finding["code"] for finding in judge.verdict()["findings"]}


def test_llmock_fails_a_client_that_does_not_wait_and_repeats_what_cannot_succeed(tmp_path: Path) -> None:
    assert {"retry_after_ignored", "retried_non_retryable"} <= findings(stubborn, tmp_path)


def test_llmock_warns_of_a_client_that_gives_up(tmp_path: Path) -> None:
    assert findings(once, tmp_path) == {"gave_up"}


def test_aimock_shows_which_posts_a_client_without_retries_loses(tmp_path: Path) -> None:
    with aimock(tmp_path, reply=REPLY, refused=0.3) as judge:
        ask(judge.base_url("openai"), once)
        statuses = list(judge.statuses().values())
    assert len(statuses) == POSTS
    assert {tuple(each) for each in statuses} == {(200,), (429,)}
