"""Near copies share one request, the earliest's, whatever is posted later."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bizmeme.core.duplicates import tied_pairs
from bizmeme.core.near_copies import heads
from bizmeme.core.prompts import fenced_post

Post = tuple[str, int, int]  # text, perceptual hash, grey of a plain picture


def shared(*posts: Post) -> list[int]:
    hashes = np.array([bits for _, bits, _ in posts], np.uint64)
    thumbnails = np.array([[grey] * 768 for _, _, grey in posts], np.uint8).reshape(-1, 768)
    return heads([text for text, _, _ in posts], hashes, thumbnails)


def test_near_copies_with_the_same_text_share_the_earliest_posts_request() -> None:
    assert shared(("gm", 0, 100), ("gn", 0, 100), ("gm", 0b11, 100), ("gm", 0, 104)) == [0, 1, 0, 0]


def test_another_text_or_picture_is_asked_for_itself() -> None:
    assert shared(("gm", 0, 100), ("gn", 0, 100), ("gm", 2**20 - 1, 100), ("gm", 0, 120)) == [0, 1, 2, 3]


def test_a_copy_of_a_copy_that_the_earliest_does_not_tie_with_is_asked_for_itself() -> None:
    assert shared(("gm", 0, 100), ("gm", 0b111111, 100), ("gm", 0b111111111, 100)) == [0, 0, 2]


def test_texts_that_differ_only_beyond_the_prompts_cut_are_the_same() -> None:
    def of(cut: int) -> list[int]:
        return shared(
            *((fenced_post("", text, max_chars=cut), 0, 100) for text in ("moon soon", "moon later"))
        )

    assert of(5) == [0, 0]
    assert of(6) == [0, 1]


def test_no_posts_share_nothing() -> None:
    assert shared() == []


posts_drawn = st.lists(
    st.tuples(st.sampled_from(["gm", "gn"]), st.integers(0, 2**8 - 1), st.sampled_from([0, 5, 10])),
    max_size=25,
)


@settings(max_examples=50)
@given(posts_drawn, st.integers(0, 25))
def test_a_later_post_never_changes_whose_request_an_older_one_shares(posts: list[Post], cut: int) -> None:
    after = shared(*posts)
    assert after[:cut] == shared(*posts[:cut])
    assert all(after[head] == head <= place for place, head in enumerate(after))
    hashes = np.array([bits for _, bits, _ in posts], np.uint64)
    thumbnails = np.array([[grey] * 768 for _, _, grey in posts], np.uint8).reshape(-1, 768)
    tied = set(tied_pairs(hashes, thumbnails))
    assert {(head, place) for place, head in enumerate(after) if head != place} <= tied
