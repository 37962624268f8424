"""The board's JSON API: catalog, archive, threads, media.

    {"posts": [{"no": 60000001, "resto": 0, "time": 1759276800, "sub": "it&#039;s over",
                "com": "sell<br>everything", "tim": 1759276800123456, "ext": ".jpg", "md5": "…"}, …]}

Absent keys are normal, unknown ones are ignored; a flag is 1 or absent. `tim` may stand on posts without a
file, so a file is recognised by `ext`. A malformed post is left out, its thread is not.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from bizmeme.core.files import EXT, MD5, PICTURES
from bizmeme.core.markup import plain, read_comment
from bizmeme.core.settings import Section
from bizmeme.core.values import MAX_NO, MAX_TIME_S, matching, numbers, objects, parsed, whole
from bizmeme.errors import ServiceError
from bizmeme.ports.sources import Fetch, Page, RawPost
from bizmeme.shell.progress import track


class Config(Section):
    """`source: {name: board, …}`."""

    name: Literal["board"]
    """This file."""

    board: Annotated[str, Field(pattern=r"^[a-z0-9]+$")]
    """The board's short name."""

    base_url: str
    """Address of the JSON API."""

    media_url: str
    """Address of the media host."""


class Board:
    """ports.Source for one board."""

    def __init__(self, config: Config) -> None:
        self._board = config.board
        self.urls = (config.base_url, config.media_url)

    async def collect(self, fetch: Fetch) -> None:
        """Catalog and archive, every thread they name, and the pictures of those."""
        live = await self._catalog(fetch)
        archived = set(await self._archive(fetch)) - set(live)
        for no in track([*live, *sorted(archived)], "threads"):
            await self._thread(fetch, no, archived=no in archived)

    async def _catalog(self, fetch: Fetch) -> list[int]:
        page = await fetch.page(f"/{self._board}/catalog.json")
        listed = [thread for each in objects(page.json() if page else None) for thread in _threads(each)]
        if not listed:
            raise ServiceError(f"The board /{self._board}/ has no catalog. Check source.board and base_url.")
        return numbers([thread.get("no") for thread in listed])

    async def _archive(self, fetch: Fetch) -> list[int]:
        page = await fetch.page(f"/{self._board}/archive.json")  # boards without an archive answer 404
        return numbers(page.json() if page else None)

    async def _thread(self, fetch: Fetch, no: int, *, archived: bool) -> None:
        path = f"/{self._board}/thread/{no}.json"
        page = await (fetch.frozen(path) if archived else fetch.page(path))
        for post in self.posts(page) if page else []:
            if post.media_path is not None:
                await fetch.media(post.media_path)

    def posts(self, page: Page) -> list[RawPost]:
        """The posts of a thread's page, a catalog's page or a list of them; none for other pages."""
        return [post for raw in _raw_posts(parsed(page.body)) if (post := self._post(raw)) is not None]

    def _post(self, raw: Mapping[str, Any]) -> RawPost | None:
        """One post; None where the board gives a malformed one, as it does for removed threads."""
        no, posted_at = whole(raw.get("no"), below=MAX_NO), whole(raw.get("time"), below=MAX_TIME_S)
        if not no or posted_at is None:
            return None
        comment = read_comment(str(raw.get("com") or ""))
        ext = matching(EXT, raw.get("ext"))
        return RawPost(
            board=self._board,
            no=no,
            thread_no=whole(raw.get("resto"), below=MAX_NO) or no,
            posted_at=posted_at,
            subject=plain(str(raw.get("sub") or "")),
            text=comment.text,
            replies=None if raw.get("resto") else whole(raw.get("replies"), below=MAX_NO),
            media_path=self._media_path(raw) if ext in PICTURES else None,
            media_md5=matching(MD5, raw.get("md5")),
            media_ext=ext,
            file_deleted=bool(raw.get("filedeleted", 0)),
            banned=comment.banned,
            deleted=False,  # what is deleted is not there any more
        )

    def _media_path(self, raw: Mapping[str, Any]) -> str | None:
        tim = whole(raw.get("tim"), below=MAX_NO)
        return f"/{self._board}/{tim}{raw['ext']}" if tim else None


def _raw_posts(body: object) -> Iterator[Mapping[str, Any]]:
    """Every post object of a thread, a catalog, or an index page; whatever else is there is passed over."""
    for page in objects(body if isinstance(body, list) else [body]):
        for thread in _threads(page):
            yield thread
            yield from objects(thread.get("last_replies"))
            yield from objects(thread.get("posts"))
        yield from objects(page.get("posts"))


def _threads(page: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return objects(page.get("threads"))


def build(config: Config) -> Board:
    """The board named by `config.board`."""
    return Board(config)
