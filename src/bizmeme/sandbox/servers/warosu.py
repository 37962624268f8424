"""The archive on loopback: pages of HTML in one generation of Warosu's markup or in all, and its files.

/biz/?task=page&page=2    /biz/thread/60000412    /biz/?task=search2&search_text=gm&offset=24
/biz/post/60000415        /biz/image/dp7FA0kmXFcVQdXaimDH5w        /data/biz/img/0600/00/1759276800123456.jpg
"""

import itertools
from collections.abc import Callable, Mapping
from typing import Literal

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bizmeme.sandbox.board_json import thumbnail_px
from bizmeme.sandbox.dice import pick
from bizmeme.sandbox.fuuka import pages, query
from bizmeme.sandbox.fuuka.archive import LAST_REPLIES, THREADS_A_PAGE, Archive, kept
from bizmeme.sandbox.fuuka.comments import Here
from bizmeme.sandbox.fuuka.dialects import DIALECTS, Dialect, Generation
from bizmeme.sandbox.fuuka.entries import Entry, Excerpt
from bizmeme.sandbox.fuuka.tree import Tag
from bizmeme.sandbox.servers.common import Backstage, application
from bizmeme.sandbox.servers.manners import gate
from bizmeme.sandbox.servers.media import TYPES
from bizmeme.sandbox.world import BOARD

_KEYS = 255  # under which addresses are hidden


def app(
    backstage: Backstage,
    *,
    generation: Generation | Literal["every"] = "B3",
    most_rows: int = query.MAX_MATCHES,
) -> web.Application:
    """The server; "every" prints each address in a generation of its own."""
    archive = Archive(backstage.config, backstage.world, backstage.gallery)
    site = _Site(backstage, archive, generation, most_rows)
    routes = [
        web.get("/{board}/", site.listed),
        web.get(r"/{board}/page/{page:\d+}", site.index),
        web.get(r"/{board}/thread/S{no:\d+}", site.thread),
        web.get(r"/{board}/thread/{no:\d+}", site.thread),
        web.get(r"/{board}/post/S{no:\d+}", site.post),
        web.get(r"/{board}/post/{no:\d+}", site.post),
        web.get(r"/{board}/image/{hash:[\w-]{22}}", site.image),
        web.get(r"/data/{board}/{kind:img|thumb}/{folder:\d+/\d\d}/{tim:\d+}{end:s?\.\w+}", site.file),
    ]
    return application(backstage, routes, middlewares=[_gates(backstage)])


def _gates(backstage: Backstage) -> Middleware:
    """A budget for pages and one for files, which are two hosts in the real archive."""
    for_pages, for_files = gate(backstage), gate(backstage)

    @web.middleware
    async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await (for_files if request.path.startswith("/data/") else for_pages)(request, handler)

    return admit


class _Site:
    """The routes."""

    def __init__(
        self, backstage: Backstage, archive: Archive, generation: Generation | Literal["every"], most: int
    ) -> None:
        self._backstage = backstage
        self._archive = archive
        self._generation = generation
        self._most = most
        self._keys = itertools.count(1)  # the only trace of the order of requests

    @property
    def _now(self) -> float:
        return self._backstage.clockwork.now

    async def listed(self, request: web.Request) -> web.Response:
        """The index, or a search."""
        task = request.query.get("task", "page")
        return await (self.index(request) if task == "page" else self.search(request, task))

    async def index(self, request: web.Request) -> web.Response:
        """Twenty threads, by number; none where there are no more."""
        asked = request.match_info.get("page") or request.query.get("page", "1")
        page = max(1, int(asked)) if asked.isascii() and asked.isdigit() else 1
        numbers = self._archive.threads(self._now)[(page - 1) * THREADS_A_PAGE : page * THREADS_A_PAGE]
        excerpts = [self._archive.excerpt(no, self._now, last=LAST_REPLIES) for no in numbers]
        return self._shown(request, excerpts, lambda d, on: pages.listing(excerpts, d, on))

    async def thread(self, request: web.Request) -> web.Response:
        """One thread, whole."""
        no = int(request.match_info["no"])
        if no not in self._archive.threads(self._now):
            return self._problem(request, "Post not found")
        excerpts = [self._archive.excerpt(no, self._now)]
        return self._shown(request, excerpts, lambda d, on: pages.listing(excerpts, d, on, form=True))

    async def search(self, request: web.Request, task: str) -> web.Response:
        """`search2` heeds every filter, `search` the words alone."""
        asked: Mapping[str, str] = dict(request.query)
        if task == "search":
            asked = {key: asked[key] for key in ("search_text", "offset") if key in asked}
        posts = self._archive.posts(self._now, files=query.of_files(asked))
        return self._results(request, query.found(posts, asked, most=self._most))

    async def image(self, request: web.Request) -> web.Response:
        """Every post with a file, newest first."""
        wanted = request.match_info["hash"]
        posts = self._archive.posts(self._now, files=True)
        return self._results(request, [each for each in posts if query.hash_of(each) == wanted][::-1])

    async def post(self, request: web.Request) -> web.Response:
        """To the post in its thread."""
        no = int(request.match_info["no"])
        thread_no = self._archive.thread_of(no, self._now)
        if thread_no is None or request.match_info["board"] != BOARD:
            return self._problem(request, "Post not found")
        headers = {"Location": f"/{BOARD}/thread/{thread_no}#p{no}"}
        return web.Response(status=302, headers=headers)

    async def file(self, request: web.Request) -> web.Response:
        """A file or its thumbnail, under the folder of its thread, where the archive has it."""
        asked = request.match_info
        post = self._archive.file_of(int(asked["tim"]), self._now)
        if asked["board"] != BOARD or post is None or post.picture is None:
            raise web.HTTPNotFound
        folder = f"{post.thread_no // 100_000:04d}/{post.thread_no // 1_000 % 100:02d}"
        ends = {"thumb": "s.jpg", "img": post.picture.ext}
        if asked["folder"] != folder or asked["end"] != ends[asked["kind"]]:
            raise web.HTTPNotFound
        if asked["kind"] == "img" and kept(post.no) != "here":
            raise web.HTTPNotFound
        if asked["kind"] == "thumb":
            data = self._backstage.gallery.thumbnail(post.picture, longest_px=thumbnail_px(post))
            return web.Response(body=data, content_type="image/jpeg")
        data = self._backstage.gallery.file(post.picture).data
        return web.Response(body=data, content_type=TYPES[post.picture.ext])

    def _results(self, request: web.Request, rows: list[Entry]) -> web.Response:
        rows = [self._archive.with_file(entry) for entry in rows]
        excerpts = [Excerpt(tuple(rows), 0)]
        return self._shown(request, excerpts, lambda d, on: pages.results(rows, d, on))

    def _shown(
        self, request: web.Request, excerpts: list[Excerpt], page: Callable[[Dialect, Here], Tag]
    ) -> web.Response:
        board = request.match_info["board"]
        if board != BOARD:
            return self._problem(request, f"Board {board} does not exist")
        dialect, key = self._dialect(request), 1 + next(self._keys) % _KEYS
        on = pages.here(BOARD, excerpts, dialect=dialect, key=key)
        text = pages.text(page(dialect, on), dialect)
        return web.Response(text=text, content_type="text/html", charset="utf-8")

    def _problem(self, request: web.Request, message: str) -> web.Response:
        dialect = self._dialect(request)
        text = pages.text(pages.problem(message, dialect, request.match_info["board"]), dialect)
        return web.Response(text=text, status=404, content_type="text/html", charset="utf-8")

    def _dialect(self, request: web.Request) -> Dialect:
        every: list[Generation] = list(DIALECTS)
        name = pick(every, "generation", request.path_qs) if self._generation == "every" else self._generation
        return DIALECTS[name]
