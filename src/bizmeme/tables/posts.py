"""Posts and their pictures, one row each."""

import dataframely as dy
import polars as pl

from bizmeme.tables.columns import SHA256, doc


class Posts(dy.Schema):
    """data/posts.parquet: every post, with or without a picture."""

    board = dy.String(primary_key=True, regex=r"^[a-z0-9]+$", metadata=doc("the board's short name"))
    no = dy.Int64(primary_key=True, min=1, metadata=doc("post number, unique within the board"))
    source = dy.String(metadata=doc("whose word this is, where several hold the post: parse.prefer"))
    thread_no = dy.Int64(min=1, metadata=doc("number of the thread's opening post"))
    posted_at = dy.Datetime(time_zone="UTC", metadata=doc("when it was posted, UTC"))
    subject = dy.String(metadata=doc("plain text, empty where there is none"))
    text = dy.String(metadata=doc("plain text; greentext lines start with '>'"))
    thread_replies = dy.Int64(nullable=True, min=0, metadata=doc("replies of the thread, on opening posts"))
    deleted = dy.Bool(metadata=doc("it is gone from the board, before its thread was"))
    banned = dy.Bool(metadata=doc("the board's ban notice stood under it; the notice is not in the text"))
    media_md5 = dy.String(nullable=True, metadata=doc("base64, as the board gave it"))
    image_sha256 = dy.String(nullable=True, regex=SHA256, metadata=doc("its picture in images.parquet"))
    image_reason = dy.String(nullable=True, metadata=doc("why it has no usable picture"))

    @dy.rule()
    def picture_or_reason(cls) -> pl.Expr:  # noqa: N805 - dataframely calls it on the class
        """Exactly one of image_sha256 and image_reason stands."""
        return pl.col("image_sha256").is_null() ^ pl.col("image_reason").is_null()


class Images(dy.Schema):
    """data/images.parquet: the normalised pictures in data/images/, one row each."""

    sha256 = dy.String(primary_key=True, regex=SHA256, metadata=doc("of the normalised file"))
    width_px = dy.Int64(min=1, metadata=doc("of the normalised picture"))
    height_px = dy.Int64(min=1, metadata=doc("of the normalised picture"))
    perceptual_hash = dy.UInt64(metadata=doc("64-bit DCT hash (imagehash.phash)"))
    thumbnail = dy.Binary(metadata=doc("16×16 RGB, 768 bytes, row by row"))
