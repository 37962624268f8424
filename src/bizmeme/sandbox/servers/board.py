"""The board's JSON API on loopback: /boards.json and /biz/{catalog,threads,archive,thread/N}.json."""

from collections.abc import Callable

from aiohttp import web

from bizmeme.sandbox import board_json
from bizmeme.sandbox.servers.common import Backstage, Route, application, dumped
from bizmeme.sandbox.servers.manners import dated, gate
from bizmeme.sandbox.world import BOARD


def app(backstage: Backstage) -> web.Application:
    """The server."""
    world, gallery = backstage.world, backstage.gallery
    threads = {each.no: each for each in world.shown(archive_days=backstage.config.serving.archive_days)}
    newest = max(thread.modified_at for thread in world.live)
    archived = max((each.modified_at for each in threads.values() if each.archived_on), default=newest)

    def fixed(make: Callable[[], object], *, modified_at: float) -> Route:
        async def answer(request: web.Request) -> web.Response:
            if request.match_info.get("board", BOARD) != BOARD:
                raise web.HTTPNotFound
            return _json(request, make(), modified_at=modified_at)

        return answer

    async def thread(request: web.Request) -> web.Response:
        shown = threads.get(int(request.match_info["no"]))
        if request.match_info["board"] != BOARD or shown is None:
            raise web.HTTPNotFound
        # The header may be a second off the field `last_modified`, as on the real board.
        return _json(request, board_json.thread(shown, gallery), modified_at=shown.modified_at + 1)

    routes = [
        web.get("/boards.json", fixed(board_json.boards, modified_at=world.ends_at)),
        web.get(
            "/{board}/catalog.json", fixed(lambda: board_json.catalog(world, gallery), modified_at=newest)
        ),
        web.get("/{board}/threads.json", fixed(lambda: board_json.threads(world), modified_at=newest)),
        web.get(
            "/{board}/archive.json",
            fixed(lambda: board_json.archive(threads.values()), modified_at=archived),
        ),
        web.get(r"/{board}/thread/{no:\d+}.json", thread),
    ]
    return application(backstage, routes, middlewares=[gate(backstage)])


def _json(request: web.Request, value: object, *, modified_at: float) -> web.Response:
    return dated(request, dumped(value), content_type="application/json", modified_at=modified_at)
