"""The board's JSON API: catalog, archive, threads, media.

    {"posts": [{"no": 60000001, "resto": 0, "time": 1759276800, "sub": "it&#039;s over",
                "com": "sell<br>everything", "tim": 1759276800123456, "ext": ".jpg", "md5": "…"}, …]}

Absent keys are normal, unknown ones are ignored; a flag is 1 or absent. `tim` may stand on posts without a
file, so a file is recognised by `ext`. A malformed post is left out, its thread is not.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from bizmeme.core.markup import plain, read_comment
from bizmeme.core.settings import Section
from bizmeme.errors import ServiceError
from bizmeme.ports.sources import Fetch, Page, RawPost
from bizmeme.shell.progress import track

_PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp")
_MD5 = re.compile(r"[A-Za-z0-9+/]{22}==")
_EXT = re.compile(r"\.[a-z0-9]{1,5}")
_MAX_NO = 2**53
_MAX_TIME_S = 2**33


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
        listed = [thread for each in _objects(page.json() if page else None) for thread in _threads(each)]
        if not listed:
            raise ServiceError(f"The board /{self._board}/ has no catalog. Check source.board and base_url.")
        return _numbers([thread.get("no") for thread in listed])

    async def _archive(self, fetch: Fetch) -> list[int]:
        page = await fetch.page(f"/{self._board}/archive.json")  # boards without an archive answer 404
        return _numbers(page.json() if page else None)

    async def _thread(self, fetch: Fetch, no: int, *, archived: bool) -> None:
        path = f"/{self._board}/thread/{no}.json"
        page = await (fetch.frozen(path) if archived else fetch.page(path))
        for post in self.posts(page) if page else []:
            if post.media_path is not None:
                await fetch.media(post.media_path)

    def posts(self, page: Page) -> list[RawPost]:
        """The posts of a thread's page, a catalog's page or a list of them; none for other pages."""
        try:
            body = json.loads(page.body)
        except (ValueError, RecursionError):
            return []
        return [post for raw in _raw_posts(body) if (post := self._post(raw)) is not None]

    def _post(self, raw: Mapping[str, Any]) -> RawPost | None:
        """One post; None where the board gives a malformed one, as it does for removed threads."""
        no, posted_at = _whole(raw.get("no"), below=_MAX_NO), _whole(raw.get("time"), below=_MAX_TIME_S)
        if not no or posted_at is None:
            return None
        comment = read_comment(str(raw.get("com") or ""))
        ext = _matching(_EXT, raw.get("ext"))
        return RawPost(
            board=self._board,
            no=no,
            thread_no=_whole(raw.get("resto"), below=_MAX_NO) or no,
            posted_at=posted_at,
            subject=plain(str(raw.get("sub") or "")),
            text=comment.text,
            replies=None if raw.get("resto") else _whole(raw.get("replies"), below=_MAX_NO),
            media_path=self._media_path(raw) if ext in _PICTURES else None,
            media_md5=_matching(_MD5, raw.get("md5")),
            media_ext=ext,
            file_deleted=bool(raw.get("filedeleted", 0)),
            banned=comment.banned,
            deleted=False,  # what is deleted is not there any more
        )

    def _media_path(self, raw: Mapping[str, Any]) -> str | None:
        tim = _whole(raw.get("tim"), below=_MAX_NO)
        return f"/{self._board}/{tim}{raw['ext']}" if tim else None


def _raw_posts(body: object) -> Iterator[Mapping[str, Any]]:
    """Every post object of a thread, a catalog, or an index page; whatever else is there is passed over."""
    for page in _objects(body if isinstance(body, list) else [body]):
        for thread in _threads(page):
            yield thread
            yield from _objects(thread.get("last_replies"))
            yield from _objects(thread.get("posts"))
        yield from _objects(page.get("posts"))


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _threads(page: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return _objects(page.get("threads"))


def _numbers(value: object) -> list[int]:
    """The usable post numbers of a list."""
    listed = value if isinstance(value, list) else []
    return [number for each in listed if (number := _whole(each, below=_MAX_NO))]


def _whole(value: object, *, below: int) -> int | None:
    return value if isinstance(value, int) and 0 <= value < below else None


def _matching(pattern: re.Pattern[str], value: object) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None


def build(config: Config) -> Board:
    """The board named by `config.board`."""
    return Board(config)
