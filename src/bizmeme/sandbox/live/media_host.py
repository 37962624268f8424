"""The moving board's media host: /biz/{tim}{ext}, and /biz/{tim}s.jpg for the thumbnail.

A file goes with its post, its thread, or by itself. Some come as null bytes, cut, recompressed, or as a page.
"""

from aiohttp import web

from bizmeme.sandbox.dice import share
from bizmeme.sandbox.live.config_trouble import TroubleConfig
from bizmeme.sandbox.live.gates import TROUBLE, gate, troubled
from bizmeme.sandbox.live.happenings import BOARD_NAME, Post
from bizmeme.sandbox.live.rendering import OPENING_PX, REPLY_PX
from bizmeme.sandbox.live.stage import LiveStage
from bizmeme.sandbox.servers.common import application
from bizmeme.sandbox.servers.manners import dated, page
from bizmeme.sandbox.servers.media import TYPES

_LATE_S = 600.0


def media(stage: LiveStage) -> web.Application:
    """The server; its rules are counted by themselves."""

    async def file(request: web.Request) -> web.Response:
        post = stage.timeline.by_tim.get(int(request.match_info["tim"]))
        if request.match_info["board"] != BOARD_NAME or post is None or not _there(stage, post):
            raise web.HTTPNotFound
        assert post.upload is not None
        suffix = request.match_info["suffix"]
        if suffix not in ("s.jpg", stage.files.facts(post.upload).ext):
            raise web.HTTPNotFound
        kind = _kind(stage, post)
        request[TROUBLE] = kind
        if kind == "page_file":
            return page(200, "502 Bad Gateway")
        data = _spoilt(stage, post, kind, thumbnail=suffix == "s.jpg")
        content_type = TYPES[".jpg" if suffix == "s.jpg" else suffix]
        return dated(request, data, content_type=content_type, modified_at=post.time)

    routes = [web.get(r"/{board}/{tim:\d+}{suffix:s?\.\w+}", file)]
    return application(stage, routes, middlewares=[gate(stage, "media"), troubled(stage, "media")])


def _there(stage: LiveStage, post: Post) -> bool:
    board = stage.board
    if post.no not in board.posts or post.thread_no not in board.threads or not board.has_file(post.no):
        return False
    return board.visible(post.no) and board.threads[post.thread_no].fate != "broken"


def _kind(stage: LiveStage, post: Post) -> str:
    """In which way a file is bad; mostly in none."""
    if stage.config.trouble is None:
        return ""
    draw = share("file", stage.config.seed, post.tim)
    for kind, odds in _odds(stage.config.trouble).items():
        if draw < odds:
            late = kind == "late" and stage.clockwork.now - post.at >= _LATE_S
            return "" if late else kind
        draw -= odds
    return ""


def _odds(trouble: TroubleConfig) -> dict[str, float]:
    return {
        "null": trouble.null_share,
        "late": trouble.late_share,
        "cut": trouble.cut_share,
        "polished": trouble.polished_share,
        "page_file": trouble.page_file_share,
    }


def _spoilt(stage: LiveStage, post: Post, kind: str, *, thumbnail: bool) -> bytes:
    assert post.upload is not None
    if kind == "polished" and not thumbnail:
        return stage.files.polished(post.upload)
    longest_px = OPENING_PX if post.opens else REPLY_PX
    files = stage.files
    data = files.thumbnail(post.upload, longest_px=longest_px) if thumbnail else files.data(post.upload)
    if kind in ("null", "late"):
        return bytes(len(data))
    return data[: len(data) // 2] if kind == "cut" else data
