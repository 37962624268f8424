"""Near copies between posts and pictures."""

import polars as pl

from bizmeme.shell.ties import near


def test_a_copied_picture_or_text_ties_a_post_to_a_marked_one() -> None:
    pasta = "the fed will never let this market fall again anon"
    posts = pl.DataFrame(
        {"image_sha256": ["a", "b", "c", "d"], "text": [pasta, "gm", pasta + " believe me", "gm"]}
    )
    images = pl.DataFrame(
        {
            "sha256": ["a", "b", "c", "d"],
            "perceptual_hash": pl.Series([0, 3, 2**60 - 1, 2**50 - 1], dtype=pl.UInt64),
            "thumbnail": [bytes(768), bytes(768), bytes([200]) * 768, bytes([90]) * 768],
        }
    )
    marked = pl.Series([True, False, False, False])
    assert near(posts, images, to=marked).to_list() == [True, True, True, False]
