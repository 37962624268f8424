"""A fresh archive over loopback, and what its pages show."""

import asyncio
import re

import aiohttp
from aiohttp.test_utils import TestServer

from bizmeme.sandbox.clockwork import Clockwork
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.fuuka.dialects import Generation
from bizmeme.sandbox.pictures.gallery import Gallery
from bizmeme.sandbox.servers import warosu
from bizmeme.sandbox.servers.common import Backstage
from bizmeme.sandbox.strangers.people import Reader
from bizmeme.sandbox.world import World
from tests.sandbox.web import Reply

GALLERY = Gallery()
NO_POSTS = b"No posts found"


def asked(
    config: SandboxConfig,
    world: World,
    *paths: str,
    generation: Generation = "B3",
    most_rows: int = 5_000,
    now: float | None = None,
    until: bytes = b"(never)",
) -> list[Reply]:
    """The answers of a fresh archive to those requests, one after the other, until one holds `until`."""

    async def ask() -> list[Reply]:
        clockwork = Clockwork(float(now or world.ends_at))
        backstage = Backstage(config, world, GALLERY, Reader(config, world), clockwork)
        app = warosu.app(backstage, generation=generation, most_rows=most_rows)
        async with TestServer(app) as server, aiohttp.ClientSession() as session:
            replies = []
            for path in paths:
                url = str(server.make_url("")).rstrip("/") + path
                async with session.get(url, allow_redirects=False) as got:
                    replies.append(Reply(got.status, dict(got.headers), await got.read()))
                if until in replies[-1].body:
                    break
            return replies

    return asyncio.run(ask())


def numbers(page: Reply) -> list[int]:
    """Posts of a page of results, by the links that show them."""
    return [int(no) for no in re.findall(rb"#p(\d+)>View", page.body)]


def opened(page: Reply) -> list[int]:
    return [int(no) for no in re.findall(rb"<div class=comment id=p(\d+)>", page.body)]


def found(config: SandboxConfig, world: World, query: str, *, most_rows: int = 5_000) -> list[int]:
    """Every number that a search shows, page after page."""
    paths = [f"/biz/?task=search2&{query}&offset={24 * page}" for page in range(60)]
    pages = asked(config, world, *paths, most_rows=most_rows, until=NO_POSTS)
    assert NO_POSTS in pages[-1].body
    return [no for page in pages for no in numbers(page)]
