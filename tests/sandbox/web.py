"""Small helpers for requests to loopback servers."""

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp


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
