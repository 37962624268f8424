"""The server that bench/asking.py asks: chat completions, each after a fixed time.

    python bench/answering.py --answer-ms 200

It says its port on the first line and serves until its input ends. /plain/v1 answers a label and a short
rationale, /logprobs/v1 the same with the five likeliest of each token; /answered says how many since it was
asked last, and how many of those at once. Bodies are read to their end and not looked into.
"""

import argparse
import asyncio
import json
import sys

from aiohttp import web

_TOKENS = ('{"', "label", '":"', "bull", "ish", '","', "rationale", '":"')
_RATIONALE = "the rocket on the picture and the text about buying more say that its author hopes for a rise"
_TOP = 5


def completion(*, logprobs: bool) -> bytes:
    """A chat completion as OpenAI sends it."""
    tokens = [*_TOKENS, *(f" {word}" for word in _RATIONALE.split()), '"}']
    choice: dict[str, object] = {
        "index": 0,
        "message": {"role": "assistant", "content": "".join(tokens), "refusal": None},
        "finish_reason": "stop",
        "logprobs": {"content": [_scored(token) for token in tokens], "refusal": None} if logprobs else None,
    }
    usage = {"prompt_tokens": 700, "completion_tokens": len(tokens), "total_tokens": 700 + len(tokens)}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": "gpt-4o-mini",
        "choices": [choice],
        "usage": usage,
    }
    return json.dumps(body).encode()


def _scored(token: str) -> dict[str, object]:
    likeliest = [_likely(token, -0.02), *(_likely(f" other{rank}", -4.5 - rank) for rank in range(_TOP - 1))]
    return _likely(token, -0.02) | {"top_logprobs": likeliest}


def _likely(token: str, logprob: float) -> dict[str, object]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}


class Answers:
    """Two ready answers and a count."""

    def __init__(self, *, after_s: float) -> None:
        self._after_s = after_s
        self._bodies = {False: completion(logprobs=False), True: completion(logprobs=True)}
        self._count = self._now = self._peak = 0

    async def answer(self, request: web.Request) -> web.Response:
        """One chat completion."""
        await request.read()
        self._now += 1
        self._peak = max(self._peak, self._now)
        await asyncio.sleep(self._after_s)
        self._now -= 1
        self._count += 1
        body = self._bodies[request.path.startswith("/logprobs")]
        return web.Response(body=body, content_type="application/json")

    async def answered(self, _: web.Request) -> web.Response:
        """How many since this was asked last."""
        told = {"answered": self._count, "at_once": self._peak}
        self._count = self._peak = 0
        return web.json_response(told)


async def serve(answer_s: float) -> None:
    """Until the input ends."""
    answers = Answers(after_s=answer_s)
    app = web.Application(client_max_size=1 << 22)
    app.router.add_post("/{kind}/v1/chat/completions", answers.answer)
    app.router.add_get("/answered", answers.answered)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--answer-ms", type=float, default=200)
    asyncio.run(serve(parser.parse_args().answer_ms / 1000))
