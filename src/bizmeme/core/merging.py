"""One row a post, where several sources hold it; and its picture, where several files may show it."""

from collections.abc import Mapping

import polars as pl

KEY = ["board", "no"]

READ: Mapping[str, pl.DataType] = {
    "board": pl.String(),
    "no": pl.Int64(),
    "rank": pl.Int64(),  # of its source: whose word counts, 0 first
    "source": pl.String(),
    "thread_no": pl.Int64(),
    "posted_at": pl.Int64(),  # seconds since 1970, UTC
    "subject": pl.String(),
    "text": pl.String(),
    "thread_replies": pl.Int64(),
    "deleted": pl.Boolean(),
    "banned": pl.Boolean(),
    "media_md5": pl.String(),
    "media_ext": pl.String(),
    "shows_picture": pl.Boolean(),  # its file is a picture, wherever that is
    "file_deleted": pl.Boolean(),
    "keys": pl.List(pl.String()),  # under which its picture may be held, best first
}
"""Columns of posts as their sources' parsers read them."""

FOUND: Mapping[str, pl.DataType] = {"key": pl.String(), "small": pl.Boolean(), "sha256": pl.String()}
"""Columns of pictures that were found: key, whether it is a thumbnail, the normalised picture."""


def merged(posts: pl.DataFrame) -> pl.DataFrame:
    """Every post once, by board and number, columns as READ but for `rank`.

    The source of the lowest rank has the word. A mark that only another one knows of (deleted, banned)
    counts; of the counts of replies the highest does, of the files' keys all do.
    """
    first = [
        pl.col(name).first() for name in ("source", "thread_no", "posted_at", "subject", "text", "media_ext")
    ]
    return (
        posts.sort(*KEY, "rank", maintain_order=True)
        .group_by(KEY, maintain_order=True)
        .agg(
            *first,
            pl.col("thread_replies").max(),
            pl.col("deleted", "banned", "shows_picture").any(),
            pl.col("media_md5").drop_nulls().first(),
            pl.col("file_deleted").all(),
            pl.col("keys").explode().unique(maintain_order=True),
        )
    )


def exploded(posts: pl.DataFrame) -> pl.DataFrame:
    """Columns board, no, key, place: each post's keys in their order."""
    return (
        posts.select(*KEY, key="keys")
        .explode("key")
        .drop_nulls("key")
        .with_columns(place=pl.int_range(pl.len()).over(KEY))
    )


def unserved(posts: pl.DataFrame, found: pl.DataFrame) -> set[str]:
    """The keys of the posts for which no picture was found."""
    keys = exploded(posts)
    served = keys.join(found, on="key", how="semi").select(KEY)
    return set(keys.join(served, on=KEY, how="anti")["key"])


def pictured(posts: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """The posts with a column `image_sha256`: a whole file before a thumbnail, then by key."""
    chosen = (
        exploded(posts)
        .join(found, on="key")
        .sort(*KEY, "small", "place")
        .unique(KEY, keep="first", maintain_order=True)
    )
    return posts.join(chosen.select(*KEY, image_sha256="sha256"), on=KEY, how="left", maintain_order="left")


def with_reasons(posts: pl.DataFrame, known: Mapping[str, str]) -> pl.DataFrame:
    """Pictured posts with a column `image_reason`, why there is no picture; `known` is why, by key."""
    reasons = pl.DataFrame(
        {"key": list(known), "known": list(known.values())}, schema={"key": pl.String, "known": pl.String}
    )
    told = (
        exploded(posts)
        .join(reasons, on="key")
        .sort(*KEY, "place")
        .unique(KEY, keep="first", maintain_order=True)
        .select(*KEY, "known")
    )
    ext = pl.col("media_ext")
    why = (
        pl.when(pl.col("known").is_not_null())
        .then("known")
        .when("file_deleted")
        .then(pl.lit("the file was deleted"))
        .when(ext.is_null() & pl.col("media_md5").is_null())
        .then(pl.lit("no file"))
        .when(pl.col("shows_picture"))
        .then(pl.lit("the file was not received"))
        .otherwise(pl.format("{} is not a picture", ext.fill_null("the file")))
    )
    return posts.join(told, on=KEY, how="left", maintain_order="left").with_columns(
        image_reason=pl.when(pl.col("image_sha256").is_null()).then(why)
    )
