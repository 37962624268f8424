"""Posts that `bizmeme import` brought in; their parser ran when they were read from a person's file."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import Field

from bizmeme.core.files import PICTURES
from bizmeme.core.settings import Section
from bizmeme.ports.imports import ImportedPost
from bizmeme.ports.sources import KeptPost, Page, RawPost


class Config(Section):
    """`source: {imported: …}`."""

    name: Literal["imported"]
    """This file."""

    board: Annotated[str, Field(pattern=r"^[a-z0-9]+$")]
    """The board of rows that name none."""

    media_url: str
    """Host that pictures are fetched from where a row gives their address there."""


class Imported:
    """ports.Source over imported rows."""

    def read(self, posts: Iterable[KeptPost], pages: Iterable[Page]) -> Iterator[RawPost]:
        """Every post, in their order; imports have no pages."""
        for kept in posts:
            yield _raw_post(ImportedPost.unpacked(kept.body))


def _raw_post(post: ImportedPost) -> RawPost:
    shows_picture = post.media_ext in PICTURES or (post.media_ext is None and post.picture is not None)
    return RawPost(
        board=post.board,
        no=post.no,
        thread_no=post.thread_no,
        posted_at=post.posted_at,
        subject=post.subject,
        text=post.text,
        replies=post.replies,
        media_path=(post.media_path or post.picture) if shows_picture else None,
        media_md5=post.media_md5,
        media_ext=post.media_ext,
        file_deleted=post.file_deleted,
        banned=post.banned,
        deleted=False,
    )


def build(_: Config) -> Imported:
    """The reader of imported posts."""
    return Imported()
