"""The board's media host on loopback: /biz/{tim}{ext}, and /biz/{tim}s.jpg for the thumbnail."""

from aiohttp import web

from bizmeme.sandbox.board_json import thumbnail_px
from bizmeme.sandbox.servers.common import Backstage, application
from bizmeme.sandbox.servers.manners import dated, gate
from bizmeme.sandbox.world import BOARD

TYPES = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".gif": "image/gif",
    ".webm": "video/webm",
    ".mp4": "video/mp4",
}


def app(backstage: Backstage) -> web.Application:
    """The server; its budget of requests is its own."""
    shown = backstage.world.shown(archive_days=backstage.config.serving.archive_days)
    posts = {post.tim: post for thread in shown for post in thread.posts if post.picture}

    async def file(request: web.Request) -> web.Response:
        post = posts.get(int(request.match_info["tim"]))
        suffix = request.match_info["suffix"]
        if request.match_info["board"] != BOARD or post is None or post.picture is None:
            raise web.HTTPNotFound
        if suffix == "s.jpg":
            data = backstage.gallery.thumbnail(post.picture, longest_px=thumbnail_px(post))
            return dated(request, data, content_type="image/jpeg", modified_at=post.posted_at)
        if suffix != post.picture.ext:
            raise web.HTTPNotFound
        data = backstage.gallery.file(post.picture).data
        return dated(request, data, content_type=TYPES[suffix], modified_at=post.posted_at)

    routes = [web.get(r"/{board}/{tim:\d+}{suffix:s?\.\w+}", file)]
    return application(backstage, routes, middlewares=[gate(backstage)])
