"""Small helpers for requests to loopback servers."""

import asyncio
import json
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from bizmeme.sandbox.children import on_loopback


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as response:
        body: bytes = response.read()
    return body


def fetch_json(url: str) -> Any:
    return json.loads(fetch(url))


async def get(session: aiohttp.ClientSession, url: str, **headers: str) -> Reply:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    async with session.get(url, headers=names) as response:
        return Reply(response.status, dict(response.headers), await response.read())


def post_all(url: str, bodies: Sequence[object], *, key: str = "any") -> list[Reply]:
    """One after the other, as OpenAI and Gemini want their keys."""

    async def run() -> list[Reply]:
        async with aiohttp.ClientSession() as session:
            return [await post(session, url, body, key=key) for body in bodies]

    return asyncio.run(run())


async def post(session: aiohttp.ClientSession, url: str, body: object, *, key: str = "any") -> Reply:
    headers = {"Authorization": f"Bearer {key}", "x-goog-api-key": key}
    async with session.post(url, json=body, headers=headers) as response:
        return Reply(response.status, dict(response.headers), await response.read())


def posted_to(app: web.Application, path: str, bodies: Sequence[object], *, key: str = "any") -> list[Reply]:
    """What a server of one's own answers over a socket, while it lasts."""

    async def run() -> list[Reply]:
        async with on_loopback({"own": app}) as addresses, aiohttp.ClientSession() as session:
            return [await post(session, addresses["own"] + path, body, key=key) for body in bodies]

    return asyncio.run(run())


def chat(text: str, **options: object) -> dict[str, object]:
    """The least body of a chat completion."""
    asked = {"model": "gpt-6-luna", "messages": [{"role": "user", "content": text}]}
    return asked | options
