"""A visitor of the sandbox's archive over loopback, who counts what was asked; and what is held already."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import aiohttp
from aiohttp.test_utils import TestServer

from bizmeme.core.stretches import Stretch
from bizmeme.ports.sources import Page, RawPost
from bizmeme.sandbox.clockwork import Clockwork, Sleeper
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.fuuka.dialects import Generation
from bizmeme.sandbox.pictures.gallery import Gallery
from bizmeme.sandbox.servers import warosu
from bizmeme.sandbox.servers.common import Backstage
from bizmeme.sandbox.strangers.people import Reader
from bizmeme.sandbox.world import World
from bizmeme.sources.warosu import Config, Warosu
from bizmeme.sources.warosu.reader import Tally
from tests.sources.warosu.making import SECTION

T = TypeVar("T")
DAY_S = 86_400
GALLERY = Gallery()  # files are drawn once for all tests


@dataclass
class Held:
    """sources.warosu.reader.Extent."""

    covered_: tuple[Stretch, ...] = ()
    oldest_: tuple[int, int] | None = None
    complete_: set[int] = field(default_factory=set)

    def covered(self) -> tuple[Stretch, ...]:
        return self.covered_

    def oldest(self) -> tuple[int, int] | None:
        return self.oldest_

    def complete(self, thread_no: int) -> bool:
        return thread_no in self.complete_


@dataclass
class Visitor:
    """ArchiveFetch: every request counts; `after` may change the world between two."""

    session: aiohttp.ClientSession
    address: str
    after: Callable[[str], Awaitable[None]] | None = None
    pages: list[Page] = field(default_factory=list)
    frozen_paths: list[str] = field(default_factory=list)
    media_paths: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    async def page(self, path: str) -> Page | None:
        got = await self._get(path)
        if got:
            self.pages.append(got)
        return got

    async def frozen(self, path: str) -> Page | None:
        self.frozen_paths.append(path)
        return await self.page(path)

    async def picture(self, post: RawPost) -> None:
        assert post.media_path is not None
        self.media_paths.append(post.media_path)
        await self._get(post.media_path)

    async def _get(self, path: str) -> Page | None:
        async with self.session.get(self.address + path, allow_redirects=False) as reply:
            page = Page(path, reply.status, None, await reply.read())
        if self.after:
            await self.after(path)
        if page.status == 404:
            self.missing.append(path)
        return page if page.status == 200 else None

    def threads_asked(self) -> list[int]:
        return [int(page.path.rpartition("/")[2]) for page in self.pages if "/thread/" in page.path]

    def indexes_asked(self) -> list[int]:
        return [int(page.path.rpartition("=")[2]) for page in self.pages if "task=page" in page.path]


@dataclass
class Scene:
    """A served archive, its clock, and whoever visits it."""

    visitor: Visitor
    clockwork: Clockwork
    sleeper: Sleeper

    async def at(self, moment: float) -> None:
        """Let the archive's time come to `moment`."""
        await self.clockwork.sleep(self.sleeper, moment - self.clockwork.now)


def visited(
    config: SandboxConfig,
    world: World,
    use: Callable[[Scene], Awaitable[T]],
    *,
    generation: Generation | str = "every",
    now: float | None = None,
    most_rows: int = 5_000,
) -> T:
    """What `use` makes of the archive of a world, served on a free port of loopback."""

    async def visit() -> T:
        clockwork = Clockwork(float(world.ends_at if now is None else now))
        backstage = Backstage(config, world, GALLERY, Reader(config, world), clockwork)
        app = warosu.app(backstage, generation=generation, most_rows=most_rows)  # type: ignore[arg-type]
        async with TestServer(app) as server, aiohttp.ClientSession() as session:
            visitor = Visitor(session, str(server.make_url("")).rstrip("/"))
            return await use(Scene(visitor, clockwork, clockwork.join()))

    return asyncio.run(visit())


def archive(**options: object) -> Warosu:
    return Warosu(Config.model_validate(SECTION | options))


async def walk(scene: Scene, held: Held | None = None, **options: object) -> Tally:
    """One walk with those options."""
    return await archive(**options).collect(scene.visitor, held or Held())


def within(posts: Mapping[int, int], begins: float, ends: float) -> set[int]:
    return {no for no, posted_at in posts.items() if begins <= posted_at < ends}


def day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).date().isoformat()


def found(scene: Scene, begins: float = 0, ends: float = 2**40) -> set[int]:
    return within(
        {post.no: post.posted_at for post in list(archive().read((), scene.visitor.pages))}, begins, ends
    )
