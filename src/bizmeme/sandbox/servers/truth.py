"""What is true of the world, on loopback: GET /truth. Only the stage `judge` may ask."""

from dataclasses import asdict

from aiohttp import web

from bizmeme.sandbox.ceilings import ceilings
from bizmeme.sandbox.servers.common import Backstage, application, as_json
from bizmeme.sandbox.world import BOARD, Post


def app(backstage: Backstage) -> web.Application:
    """The server."""

    async def truth(_: web.Request) -> web.Response:
        posts = [_row(post) for post in backstage.world.pictured]
        return as_json({"ceilings": asdict(ceilings(backstage.config)), "posts": posts})

    return application(backstage, [web.get("/truth", truth)])


def _row(post: Post) -> dict[str, object]:
    return {
        "board": BOARD,
        "no": post.no,
        "mood": post.mood,
        "scene": post.picture.scene if post.picture else None,
        "topic": post.topic,
        "hard": post.hard,
        "unseen": post.unseen,
        "picture": post.picture.root if post.picture else None,
        "copypasta": post.copypasta.key if post.copypasta else None,
        "copy": post.copy,
    }
