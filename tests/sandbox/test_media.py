"""The media host over the wire, on a board whose files are of every type and flaw."""

import asyncio
import dataclasses

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bizmeme.sandbox.clockwork import Clockwork
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.pictures.drawing import Picture
from bizmeme.sandbox.pictures.gallery import Gallery, encoded
from bizmeme.sandbox.servers import media
from bizmeme.sandbox.servers.common import Backstage
from bizmeme.sandbox.strangers.people import Reader
from bizmeme.sandbox.world import Thread, World
from tests.sandbox.pictures.pictures import picture
from tests.sandbox.web import Reply

# Picture and content type: a host goes by the name, not by the bytes.
FILES = [
    (picture("climb", "jpg"), "image/jpeg"),
    (picture("climb", "png", ext=".png"), "image/png"),
    (picture("climb", "gif", ext=".gif"), "image/gif"),
    (picture("climb", "webm", ext=".webm", flaw="video"), "video/webm"),
    (picture("climb", "mp4", ext=".mp4", flaw="video"), "video/mp4"),
    (picture("climb", "bomb", ext=".png", flaw="bomb"), "image/png"),
    (picture("climb", "empty", flaw="empty"), "image/jpeg"),
    (picture("climb", "page", ext=".gif", flaw="page"), "image/gif"),
    (picture("climb", "mislabelled", flaw="mislabelled"), "image/jpeg"),
]


@pytest.mark.parametrize(("shown", "content_type"), FILES, ids=[shown.key for shown, _ in FILES])
def test_a_file_is_served_as_its_name_says_and_has_a_thumbnail(
    hasty: SandboxConfig, world: World, shown: Picture, content_type: str
) -> None:
    thread = next(iter(world.threads.values()))
    post = dataclasses.replace(thread.posts[0], picture=shown, tim=5, oddity="")
    board = World({thread.no: Thread((post,), None)}, world.ends_at)
    backstage = Backstage(hasty, board, Gallery(), Reader(hasty, board), Clockwork(float(world.ends_at)))
    file, thumbnail = asyncio.run(_visits(backstage, f"/biz/5{shown.ext}", "/biz/5s.jpg"))
    assert (file.status, file.headers["Content-Type"]) == (200, content_type)
    assert file.body == encoded(shown)
    assert (thumbnail.status, thumbnail.headers["Content-Type"]) == (200, "image/jpeg")
    assert thumbnail.body.startswith(b"\xff\xd8")


async def _visits(backstage: Backstage, *paths: str) -> list[Reply]:
    async with TestClient(TestServer(media.app(backstage))) as visitor:
        replies = [await visitor.get(path) for path in paths]
        return [Reply(reply.status, dict(reply.headers), await reply.read()) for reply in replies]
