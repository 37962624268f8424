"""Which training posts people should label next: where labellers disagree or a model is unsure, spread out.

A doubt is one minus the share that the best label gets: of the votes, where several labellers spoke; of the
probability, where one says how sure it is. So all doubts are on one scale, 0 to 1 - 1/k for k labels, and a
post's is the largest of its own. Posts on which labellers disagree come first (Seung et al. 1992), then what
is most doubtful (Lewis and Gale 1994), but each month gives as many posts as any other, a thread only a few,
and of posts with nearly the same picture only one is taken: near copies teach the same thing twice.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from bizmeme.core.duplicates import HASH_DISTANCE, THUMBNAIL_BYTES, picture_ties, text_ties
from bizmeme.core.splits import unit_hash

KEY = ["board", "no"]
QUEUED = ["board", "no", "thread_no", "day", "doubt", "why"]
WHYS = ("labellers disagree", "labeller unsure", "student unsure")

Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Spread:
    """How many posts are wanted, how many of a thread at the most, and what decides between equal doubts."""

    count: int
    max_per_thread: int
    seed: int


def doubts(
    replies: pl.DataFrame, automatic: pl.DataFrame, predicted: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Each post's largest doubt and where it comes from: board, no, doubt, why (of WHYS).

    Where labellers disagree, that is why, however large other doubts are.

    `replies` has board, no and label, a row a labeller; one without a label says nothing. `automatic` has
    board, no, label and calibrated confidence, a row a post; a label without a confidence counts as sure.
    `predicted` has board, no and probabilities, a list a post.
    """
    said = replies.filter(pl.col("label").is_not_null())
    votes = said.group_by(*KEY, "label").len().group_by(KEY)
    labelled = automatic.filter(pl.col("label").is_not_null())
    found = [
        votes.agg(doubt=1 - pl.col("len").max() / pl.col("len").sum()),
        labelled.select(*KEY, doubt=1 - pl.col("confidence").fill_null(1.0)),
    ]
    if predicted is not None:
        found.append(predicted.select(*KEY, doubt=1 - pl.col("probabilities").list.max()))
    ranked = [
        each.select(*KEY, "doubt", why=pl.lit(WHYS[rank]), rank=rank) for rank, each in enumerate(found)
    ]
    disputed = (pl.col("rank") == 0) & (pl.col("doubt") > 0)
    first = pl.concat(ranked).sort(disputed, "doubt", "rank", descending=[True, True, False])
    of_post = first.group_by(KEY, maintain_order=True)
    return of_post.agg(pl.col("doubt").max(), pl.col("why").first()).sort(KEY)


def queue(
    posts: pl.DataFrame, doubtful: pl.DataFrame, *, sampled: pl.DataFrame, queued: pl.DataFrame, how: Spread
) -> pl.DataFrame:
    """The posts to label next, columns QUEUED, in their order; fewer where there are fewer.

    `posts` are those with a picture: board, no, thread_no, day, part (core/splits.py), text (the subject's as
    well), perceptual_hash, thumbnail. `doubtful` is from doubts(). `sampled` and `queued` hold the keys of
    the gold sample, and of what was queued or labelled before. Only posts of training days are taken, never a
    sampled one, and none that `prepare` would drop from train as a near copy of a sampled or val post.
    """
    known = posts.join(doubtful, on=KEY, how="left")
    lots = [unit_hash("queue", how.seed, *key) for key in known.select(KEY).iter_rows()]
    disputed = (pl.col("why") == WHYS[0]).fill_null(value=False)
    ordered = known.with_columns(lot=pl.Series(lots, dtype=pl.Float64)).sort(
        disputed, "doubt", "lot", descending=[True, True, False], nulls_last=True
    )
    pool = _Pool(ordered, is_queued=_among(ordered, queued), is_sampled=_among(ordered, sampled))
    places = list(pool.taken(how))
    return ordered[places].select(QUEUED)


def _among(posts: pl.DataFrame, keys: pl.DataFrame) -> Marks:
    """For each post: is its key among those?"""
    marked = posts.join(
        keys.select(KEY).unique().with_columns(among=True), on=KEY, how="left", maintain_order="left"
    )
    return marked["among"].fill_null(value=False).to_numpy()


class _Pool:
    """The posts, most doubtful first, and which of them can still be taken."""

    def __init__(self, posts: pl.DataFrame, *, is_queued: Marks, is_sampled: Marks) -> None:
        self._hashes = posts["perceptual_hash"].to_numpy()
        thumbnails = np.frombuffer(b"".join(posts["thumbnail"]), np.uint8)
        self._thumbnails = thumbnails.reshape(-1, THUMBNAIL_BYTES)
        self._threads = list(posts.select("board", "thread_no").iter_rows())
        self._months = posts["day"].dt.strftime("%Y-%m").to_list()
        self._queued = np.flatnonzero(is_queued)
        held_out = is_sampled | (posts["part"] == "val").to_numpy()
        near_picture = picture_ties(self._hashes, self._thumbnails, against=held_out)
        near_text = np.array(text_ties(posts["text"].to_list(), against=held_out.tolist()), np.bool_)
        is_train = ((posts["part"] == "train") & posts["doubt"].is_not_null()).to_numpy()
        self._free: Marks = is_train & ~is_queued & ~near_picture & ~near_text

    def taken(self, how: Spread) -> Iterator[int]:
        """The places of the posts to take: round after round the most doubtful that each month has left."""
        of_thread = Counter(self._threads[place] for place in self._queued)
        for place in self._queued:
            self._block_copies(place)
        months = {month: iter(places) for month, places in sorted(self._by_month().items())}
        count = 0
        while months and count < how.count:
            for month in list(months)[: how.count - count]:
                place = next((each for each in months[month] if self._may_take(each, of_thread, how)), None)
                if place is None:
                    del months[month]
                    continue
                of_thread[self._threads[place]] += 1
                self._block_copies(place)
                count += 1
                yield place

    def _by_month(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for place in np.flatnonzero(self._free).tolist():
            places.setdefault(self._months[place], []).append(place)
        return places

    def _may_take(self, place: int, of_thread: Counter[tuple[str, int]], how: Spread) -> bool:
        return bool(self._free[place]) and of_thread[self._threads[place]] < how.max_per_thread

    def _block_copies(self, place: int) -> None:
        """No post is taken whose picture ties with this one's."""
        near = np.flatnonzero(np.bitwise_count(self._hashes ^ self._hashes[place]) <= HASH_DISTANCE)
        tied = picture_ties(self._hashes[near], self._thumbnails[near], against=near == place)
        self._free[near[tied]] = False
