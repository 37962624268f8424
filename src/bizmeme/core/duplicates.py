"""Which posts are near copies of each other: the rule that keeps copies from crossing a split.

Pictures tie where the 64-bit perceptual hashes differ in at most 6 bits **and** the 16×16 RGB thumbnails
differ by at most 6 of 255 on average; texts where both have at least 8 words and share half of their words
(Jaccard). Ties are direct only: closing them transitively would join most of a meme board into one group.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

HASH_BITS = 64
HASH_DISTANCE = 6
THUMBNAIL_BYTES = 768  # 16×16 RGB
THUMBNAIL_DISTANCE = 6.0
MIN_WORDS = 8
MIN_JACCARD = 0.5


def words(text: str) -> frozenset[str]:
    """The distinct lower-case words of a text."""
    return frozenset(text.lower().split())


def jaccard(left: frozenset[str], right: frozenset[str]) -> float:
    """Shared words over all words, 0..1; 0 where both are empty."""
    union = len(left | right)
    return len(left & right) / union if union else 0.0


def picture_ties(
    hashes: npt.NDArray[np.uint64],
    thumbnails: npt.NDArray[np.uint8],
    *,
    against: npt.NDArray[np.bool_],
) -> npt.NDArray[np.bool_]:
    """For each of n pictures: does it tie with one of the pictures that `against` marks?

    `hashes` (n,), `thumbnails` (n, 768), `against` (n,). Marked pictures tie with themselves.
    """
    tied = against.copy()
    marked = np.flatnonzero(against)
    for index in np.flatnonzero(~against):
        near = marked[np.bitwise_count(hashes[marked] ^ hashes[index]) <= HASH_DISTANCE]
        tied[index] = _any_similar(thumbnails[index], thumbnails[near])
    return tied


def _any_similar(one: npt.NDArray[np.uint8], others: npt.NDArray[np.uint8]) -> bool:
    if not len(others):
        return False
    distance = np.abs(others.astype(np.int16) - one.astype(np.int16)).mean(axis=1)
    return bool((distance <= THUMBNAIL_DISTANCE).any())


def picture_groups(hashes: npt.NDArray[np.uint64], thumbnails: npt.NDArray[np.uint8]) -> list[int]:
    """Greedy groups round the earliest picture: for each of n pictures the index of its group's first."""
    first: list[int] = []
    heads, count = np.empty(len(hashes), dtype=np.intp), 0
    for index in range(len(hashes)):
        before = heads[:count]
        near = before[np.bitwise_count(hashes[before] ^ hashes[index]) <= HASH_DISTANCE]
        head = next((int(h) for h in near if _any_similar(thumbnails[index], thumbnails[[h]])), index)
        first.append(head)
        if head == index:
            heads[count] = index
            count += 1
    return first


def text_ties(texts: Sequence[str], *, against: Sequence[bool]) -> list[bool]:
    """For each of n texts: does it tie with one of the texts that `against` marks? Marked ones tie."""
    bags = [words(text) for text in texts]
    posting: dict[str, list[int]] = defaultdict(list)
    for index, bag in enumerate(bags):
        if against[index] and len(bag) >= MIN_WORDS:
            for word in bag:
                posting[word].append(index)
    return [against[index] or _ties_text(bag, posting, bags) for index, bag in enumerate(bags)]


def _ties_text(bag: frozenset[str], posting: dict[str, list[int]], bags: Sequence[frozenset[str]]) -> bool:
    if len(bag) < MIN_WORDS:
        return False  # stock phrases such as "gm" are no tie
    shared: dict[int, int] = defaultdict(int)
    for word in bag:
        for index in posting.get(word, ()):
            shared[index] += 1
    return any(
        count / (len(bag) + len(bags[index]) - count) >= MIN_JACCARD for index, count in shared.items()
    )


def tied_pairs(hashes: npt.NDArray[np.uint64], thumbnails: npt.NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Every tied pair of n pictures, by comparing all: for tests and small sets."""
    return [
        (i, j)
        for i, j in combinations(range(len(hashes)), 2)
        if int(np.bitwise_count(hashes[i] ^ hashes[j])) <= HASH_DISTANCE
        and _any_similar(thumbnails[i], thumbnails[[j]])
    ]
