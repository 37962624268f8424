"""Posts as the board's JSON API gives them, one by one or on their pages.

    {"no": 60000001, "resto": 0, "time": 1759276800, "sub": "it&#039;s over",
     "com": "sell<br>everything", "tim": 1759276800123456, "ext": ".jpg", "md5": "…"}

Absent keys are normal, unknown ones are ignored; a flag is 1 or absent. `tim` may stand on posts without a
file, so a file is recognised by `ext`. A malformed post is left out.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field

from bizmeme.core.files import EXT, MD5, PICTURES
from bizmeme.core.markup import plain, read_comment
from bizmeme.core.settings import Section
from bizmeme.core.values import MAX_NO, MAX_TIME_S, matching, objects, parsed, whole
from bizmeme.ports.sources import KeptPost, Page, RawPost


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

    def read(self, posts: Iterable[KeptPost], pages: Iterable[Page]) -> Iterator[RawPost]:
        """Every post that is not malformed, in their order; a board's pages are not kept."""
        for kept in posts:
            raw = parsed(kept.body.encode())
            post = self._post(raw) if isinstance(raw, dict) else None
            if post is not None:
                yield replace(
                    post, replies=post.replies if kept.replies is None else kept.replies, deleted=kept.deleted
                )

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
            deleted=False,
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
