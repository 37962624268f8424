"""parse: data/raw → posts.parquet, images.parquet, and the normalised pictures in data/images/.

Every source's own parser reads what that source gave. Where several hold a post, the first of parse.prefer
has the word; what only another one knows (that it was deleted, a file that is gone elsewhere) is taken from
that one.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import polars as pl

from bizmeme.core.files import PICTURES
from bizmeme.core.merging import READ, merged, pictured, unserved, with_reasons
from bizmeme.core.settings import Plugins, Section
from bizmeme.errors import ConfigError
from bizmeme.ports.sources import KeptPost, Page, RawPost, Source
from bizmeme.shell.builder import build
from bizmeme.shell.found_pictures import KINDS, FoundPictures
from bizmeme.shell.image_store import ImageStore
from bizmeme.shell.parquet import read_batches, write_table
from bizmeme.shell.pictures import Normalise
from bizmeme.shell.workspace import Workspace
from bizmeme.tables.posts import Images, Posts
from bizmeme.tables.raw import RawPages, RawPosts

_OK = 200
_BATCH = 10_000  # posts that are objects at once; as columns they take a tenth
_PAGES = 100


class ParseConfig(Section):
    """What is made of what the sources gave."""

    prefer: tuple[str, ...]
    """Sources, best first: whose word counts where several hold a post."""

    pictures: Normalise
    """How pictures are made alike."""


class Params(Section):
    """The sections that this stage reads."""

    source: Plugins
    parse: ParseConfig


def run(params: Params, workspace: Workspace) -> None:
    """Read, merge, find each post's picture; one row a post, one row a usable picture.

    Raises ConfigError for a source that parse.prefer does not know.
    """
    posts = merged(pl.concat(_read(params, workspace), rechunk=True))
    store = ImageStore(workspace.write("data/images/.keep").parent)
    found = FoundPictures(workspace.read("data/raw/files.parquet"), store, params.parse.pictures)
    for kind in KINDS:
        found.take(kind, unserved(posts, found.table()))
    shown = with_reasons(pictured(posts, found.table()), found.refused)
    write_table(Images, found.rows(shown["image_sha256"]), workspace.write("data/images.parquet"))
    write_table(Posts, _posts(shown), workspace.write("data/posts.parquet"))


def _read(params: Params, workspace: Workspace) -> list[pl.DataFrame]:
    """Every source's posts as columns of READ, the preferred source's first."""
    unknown = sorted(set(params.source) - set(params.parse.prefer))
    if unknown:
        raise ConfigError(f"parse.prefer lacks {', '.join(unknown)}. Add it in conf/parse/.")
    frames = [pl.DataFrame(schema=READ)]
    for rank, name in enumerate(params.parse.prefer):
        if name not in params.source:
            continue
        source: Source = build("source", params.source[name], where=f"source.{name}")
        read = source.read(_kept(name, workspace), _pages(name, workspace))
        frames += _columns(read, name, rank)
    return frames


def _kept(source: str, workspace: Workspace) -> Iterator[KeptPost]:
    path = workspace.read("data/raw/posts.parquet")
    columns = ("board", "no", "thread_no", "body", "replies", "deleted")
    for batch in read_batches(RawPosts, path, rows=_BATCH):
        for row in batch.filter(source=source).select(columns).iter_rows():
            yield KeptPost(*row)


def _pages(source: str, workspace: Workspace) -> Iterator[Page]:
    path = workspace.read("data/raw/pages.parquet")
    for batch in read_batches(RawPages, path, rows=_PAGES):
        rows = batch.filter(source=source, status=_OK)
        for row in rows.select("path", "status", "last_modified", "body").iter_rows():
            yield Page(*row)


def _columns(posts: Iterable[RawPost], source: str, rank: int) -> Iterator[pl.DataFrame]:
    """The posts as columns, so many at once."""
    remaining = iter(posts)
    while batch := list(islice(remaining, _BATCH)):
        yield pl.DataFrame([_row(post, source, rank) for post in batch], schema=READ, orient="row")


def _row(post: RawPost, source: str, rank: int) -> tuple[Any, ...]:
    """In the order of READ."""
    shows_picture = post.media_path is not None or post.media_ext in PICTURES
    keys = [post.media_md5 if shows_picture else None, post.media_path, f"{post.board}/{post.no}"]
    return (
        post.board, post.no, rank, source, post.thread_no, post.posted_at, post.subject, post.text,
        post.replies, post.deleted, post.banned, post.media_md5, post.media_ext, shows_picture,
        post.file_deleted, [key for key in keys if key],
    )  # fmt: skip


def _posts(shown: pl.DataFrame) -> pl.DataFrame:
    """The table Posts."""
    posted_at = pl.from_epoch("posted_at", time_unit="s").dt.replace_time_zone("UTC").dt.cast_time_unit("us")
    return shown.with_columns(posted_at=posted_at).select(Posts.column_names())
