"""Near copies between tables: the arrays that core/duplicates.py compares."""

import numpy as np
import numpy.typing as npt
import polars as pl

from bizmeme.core.duplicates import THUMBNAIL_BYTES, picture_ties, text_ties


def near(posts: pl.DataFrame, images: pl.DataFrame, *, to: pl.Series) -> pl.Series:
    """For each post: does its picture or text tie with a marked post's? Marked posts tie with themselves.

    `posts` has image_sha256 and text, `images` is the table Images, `to` is a Boolean per post.
    """
    marked = images["sha256"].is_in(posts.filter(to)["image_sha256"].unique().implode())
    hashes, thumbnails = fingerprints(images)
    tied = picture_ties(hashes, thumbnails, against=marked.to_numpy())
    by_picture = posts["image_sha256"].is_in(images["sha256"].filter(pl.Series(tied)).implode())
    return by_picture | pl.Series(text_ties(posts["text"].to_list(), against=to.to_list()))


def fingerprints(images: pl.DataFrame) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint8]]:
    """Perceptual hashes (n,) and thumbnails (n, 768) of n rows with those two columns."""
    thumbnails = np.frombuffer(b"".join(images["thumbnail"]), np.uint8).reshape(-1, THUMBNAIL_BYTES)
    return images["perceptual_hash"].to_numpy(), thumbnails
