"""parse: data/raw → posts.parquet, images.parquet, and the normalised pictures in data/images/."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl

from bizmeme.core.settings import Plugin, Section
from bizmeme.ports.sources import Page, RawPost
from bizmeme.shell.builder import build
from bizmeme.shell.image_store import ImageStore
from bizmeme.shell.parquet import from_rows, read_table, write_table
from bizmeme.shell.pictures import Normalise, Picture, Refused, normalise
from bizmeme.shell.progress import track
from bizmeme.shell.workspace import Workspace
from bizmeme.tables import Images, Posts, RawPages

_OK = 200


class ParseConfig(Section):
    """What is made of raw pages."""

    pictures: Normalise
    """How pictures are made alike."""


class Params(Section):
    """The sections that this stage reads."""

    source: Plugin
    parse: ParseConfig


def run(params: Params, workspace: Workspace) -> None:
    """Read every page with its source's parser; one row a post, one row a usable picture."""
    pages = read_table(RawPages, workspace.read("data/raw/pages.parquet"))
    media = read_table(RawPages, workspace.read("data/raw/media.parquet"))
    posts = _posts(pages, params.source)
    pictures = {
        path: normalise(body, params.parse.pictures)
        for path, body in track(_files(posts, media).items(), "pictures")
    }
    usable = {each.sha256: each for each in pictures.values() if isinstance(each, Picture)}
    store = ImageStore(workspace.write("data/images/.keep").parent)
    store.write({sha256: picture.data for sha256, picture in usable.items()})
    write_table(
        Images, [_image_row(each) for each in usable.values()], workspace.write("data/images.parquet")
    )
    rows = [_post_row(post, params.source.name, pictures) for post in posts]
    write_table(Posts, from_rows(Posts, rows), workspace.write("data/posts.parquet"))


def _posts(pages: pl.DataFrame, section: Plugin) -> list[RawPost]:
    """Every post once; a thread's own page, last in the order of paths, wins over the catalog's excerpt."""
    source = build("source", section)
    columns = pages.filter(pl.col("status") == _OK).sort("path")
    latest: dict[tuple[str, int], RawPost] = {}
    for row in columns.select("path", "status", "last_modified", "body").iter_rows():
        for post in source.posts(Page(*row)):
            latest[post.board, post.no] = post
    return [latest[key] for key in sorted(latest)]


def _files(posts: list[RawPost], media: pl.DataFrame) -> dict[str, bytes]:
    held = dict(media.filter(pl.col("status") == _OK).select("path", "body").iter_rows())
    wanted = {post.media_path for post in posts if post.media_path is not None}
    return {path: held[path] for path in sorted(wanted & held.keys())}


def _post_row(post: RawPost, source: str, pictures: Mapping[str, Picture | Refused]) -> dict[str, Any]:
    picture = pictures.get(post.media_path) if post.media_path else None
    sha256 = picture.sha256 if isinstance(picture, Picture) else None
    return {
        "board": post.board,
        "no": post.no,
        "source": source,
        "thread_no": post.thread_no,
        "posted_at": datetime.fromtimestamp(post.posted_at, UTC),
        "subject": post.subject,
        "text": post.text,
        "thread_replies": post.replies,
        "banned": post.banned,
        "media_md5": post.media_md5,
        "image_sha256": sha256,
        "image_reason": None if sha256 else _reason(post, picture),
    }


def _reason(post: RawPost, picture: Picture | Refused | None) -> str:
    """Why a post has no usable picture."""
    if isinstance(picture, Refused):
        return picture.reason
    if post.file_deleted:
        return "the file was deleted"
    if post.media_ext is None:
        return "no file"
    return "the file is gone" if post.media_path else f"{post.media_ext} is not a picture"


def _image_row(picture: Picture) -> dict[str, Any]:
    return {
        "sha256": picture.sha256,
        "width_px": picture.width_px,
        "height_px": picture.height_px,
        "perceptual_hash": picture.perceptual_hash,
        "thumbnail": picture.thumbnail,
    }
