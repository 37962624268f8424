"""The moving board's servers: its JSON, its media, what is true of it, and a host to be shunned."""

from collections.abc import Callable, Mapping
from dataclasses import astuple
from types import MappingProxyType

from aiohttp import web

from bizmeme.sandbox import board_json
from bizmeme.sandbox.live.gates import ROLLBACK, STATE_AT, TROUBLE, gate, troubled
from bizmeme.sandbox.live.happenings import BOARD_NAME
from bizmeme.sandbox.live.knowable import knowable
from bizmeme.sandbox.live.media_host import media
from bizmeme.sandbox.live.rules import Ask
from bizmeme.sandbox.live.stage import Copy, LiveStage
from bizmeme.sandbox.live.state import Board
from bizmeme.sandbox.servers import clock
from bizmeme.sandbox.servers.common import Route, application, as_json, dumped
from bizmeme.sandbox.servers.manners import dated

Written = tuple[bytes, int]  # a body, and its Last-Modified in seconds since 1970


def board(stage: LiveStage) -> web.Application:
    """The JSON API."""
    write = stage.renderer
    rows = dumped(board_json.boards())

    def boards(_: Board, __: web.Request) -> Written:
        return rows, int(stage.config.begins_at_s)

    def catalog(now: Board, _: web.Request) -> Written:
        return write.catalog(now), now.index_header.at_s

    def threads(now: Board, _: web.Request) -> Written:
        return write.threads(now), now.index_header.at_s

    def archive(now: Board, _: web.Request) -> Written:
        return write.archive(now), now.archive_header.at_s

    def thread(now: Board, request: web.Request) -> Written:
        asked = now.threads.get(int(request.match_info["no"]))
        if asked is None or asked.fate == "gone":
            raise web.HTTPNotFound
        tail = bool(request.match_info["tail"])
        body = write.tail(now, asked) if tail else write.thread(now, asked)
        if body is None:
            raise web.HTTPNotFound
        # The header may be a second off the field `last_modified`, as on the real board.
        return body, asked.header.at_s + asked.no % 2

    routes = [
        web.get("/boards.json", _json(stage, boards)),
        web.get("/{board}/catalog.json", _json(stage, catalog)),
        web.get("/{board}/threads.json", _json(stage, threads)),
        web.get("/{board}/archive.json", _json(stage, archive)),
        web.get(r"/{board}/thread/{no:\d+}{tail:(-tail)?}.json", _json(stage, thread)),
    ]
    return application(stage, routes, middlewares=[gate(stage, "board"), troubled(stage, "board")])


def _json(stage: LiveStage, write: Callable[[Board, web.Request], Written]) -> Route:
    async def answer(request: web.Request) -> web.Response:
        if request.match_info.get("board", BOARD_NAME) != BOARD_NAME:
            raise web.HTTPNotFound
        body, modified_at = write(stage.board, request)
        copy = _copy_of(stage, request, Copy(stage.clockwork.now, modified_at, body))
        request[STATE_AT] = copy.state_at
        return dated(request, copy.body, content_type="application/json", modified_at=copy.modified_at)

    return answer


def _copy_of(stage: LiveStage, request: web.Request, newest: Copy) -> Copy:
    """What an edge holds of a path: the newest answer, but where it rolls back an older one."""
    trouble = stage.config.trouble
    if trouble is None:
        return newest
    if request.get(TROUBLE) == ROLLBACK:
        for copy in stage.copies.get(request.path, ()):
            recent = newest.state_at - copy.state_at <= trouble.rollback_max_s
            if recent and copy.modified_at < newest.modified_at:
                return copy
        request[TROUBLE] = ""
    stage.keep(request.path, newest)
    return newest


def truth(stage: LiveStage) -> web.Application:
    """What a test may ask, and no collector."""

    async def violations(_: web.Request) -> web.Response:
        keepers = stage.keepers.items()
        by_host = {host: dict(sorted(keeper.violations.items())) for host, keeper in keepers}
        examples = [{"host": host, **example} for host, keeper in keepers for example in keeper.examples]
        total = sum(keeper.violations.total() for _, keeper in keepers)
        return as_json({"total": total, "by_host": by_host, "examples": examples})

    async def log(request: web.Request) -> web.Response:
        since = int(request.query.get("since", "0"))
        return as_json([astuple(answer) for answer in stage.log[since:]])

    async def troubles(_: web.Request) -> web.Response:
        return as_json(dict(sorted(stage.troubles.items())))

    async def perfect(request: web.Request) -> web.Response:
        interval_s = float(request.query.get("interval_s", "60"))
        return as_json(knowable(stage.timeline, stage.config, interval_s=interval_s))

    routes = [
        web.get("/_violations", violations),
        web.get("/_log", log),
        web.get("/_troubles", troubles),
        web.get("/_knowable", perfect),
    ]
    return application(stage, routes)


def elsewhere(stage: LiveStage) -> web.Application:
    """A host to which redirects lead; whoever comes has followed one."""

    async def trap(request: web.Request) -> web.Response:
        agent = request.headers.get("User-Agent", "")
        ask = Ask(stage.clockwork.now, request.method, request.path, request.query_string, agent, None)
        stage.keepers["board"].note("followed", ask)
        raise web.HTTPNotFound

    return application(stage, [web.route("*", "/{path:(?!_counts).*}", trap)])


SERVERS: Mapping[str, Callable[[LiveStage], web.Application]] = MappingProxyType(
    {"clock": clock.app, "board": board, "media": media, "truth": truth, "elsewhere": elsewhere}
)
