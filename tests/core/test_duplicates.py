"""Which posts are near copies."""

import numpy as np

from bizmeme.core.duplicates import jaccard, picture_groups, picture_ties, text_ties, tied_pairs, words

FLAT = np.full((4, 768), 100, np.uint8)
HASHES = np.array([0, 0b111111, 0b1111111, 0], np.uint64)


def test_pictures_tie_only_where_hash_and_colours_both_agree() -> None:
    thumbnails = FLAT.copy()
    thumbnails[3] += 7
    assert tied_pairs(HASHES, thumbnails) == [(0, 1), (1, 2)]  # 0-2: seven bits; 0-3: another colour
    against = np.array([True, False, False, False])
    assert picture_ties(HASHES, thumbnails, against=against).tolist() == [True, True, False, False]


def test_groups_are_tied_to_their_first_member_directly() -> None:
    assert picture_groups(HASHES, FLAT) == [0, 0, 2, 0]


def test_ties_by_comparing_all_pairs_equal_ties_by_marking_one() -> None:
    rng = np.random.default_rng(3)
    hashes = rng.integers(0, 2**64, 60, np.uint64)
    hashes[30:] = hashes[:30] ^ rng.integers(0, 2**7, 30, np.uint64)
    thumbnails = rng.integers(0, 256, (60, 768)).astype(np.uint8)
    thumbnails[30:] = thumbnails[:30]
    pairs = {pair for pair in tied_pairs(hashes, thumbnails)}
    for index in range(60):
        marked = np.zeros(60, bool)
        marked[index] = True
        others = {j for i, j in pairs if i == index} | {i for i, j in pairs if j == index} | {index}
        assert set(np.flatnonzero(picture_ties(hashes, thumbnails, against=marked))) == others


def test_texts_tie_at_half_their_words_and_stock_phrases_never() -> None:
    pasta = "the fed will never let this market fall again anon"
    texts = [pasta, pasta + " believe me", "gm", "gm", "one two three four five six seven eight"]
    assert text_ties(texts, against=[True, False, False, False, False]) == [True, True, False, False, False]
    assert text_ties(texts, against=[False, False, True, False, False]) == [False, False, True, False, False]


def test_jaccard_is_shared_words_over_all_words() -> None:
    assert jaccard(words("a b c"), words("B c d")) == 0.5
    assert jaccard(words(""), words("")) == 0.0
