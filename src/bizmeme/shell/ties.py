"""Near copies between tables: the arrays that core/duplicates.py compares."""

import numpy as np
import polars as pl

from bizmeme.core.duplicates import picture_ties, text_ties


def near(posts: pl.DataFrame, images: pl.DataFrame, *, to: pl.Series) -> pl.Series:
    """For each post: does its picture or text tie with a marked post's? Marked posts tie with themselves.

    `posts` has image_sha256 and text, `images` is the table Images, `to` is a Boolean per post.
    """
    marked = images["sha256"].is_in(posts.filter(to)["image_sha256"].unique().implode())
    thumbnails = np.frombuffer(b"".join(images["thumbnail"]), np.uint8).reshape(len(images), -1)
    hashes = images["perceptual_hash"].to_numpy()
    tied = picture_ties(hashes, thumbnails, against=marked.to_numpy())
    by_picture = posts["image_sha256"].is_in(images["sha256"].filter(pl.Series(tied)).implode())
    return by_picture | pl.Series(text_ties(posts["text"].to_list(), against=to.to_list()))
