"""Labels of several labellers by Dawid and Skene's model, with people's labels of pilot posts as known truth.

Each labeller has a confusion matrix: of posts that truly have one label, how often it says which. What is
said of a post, weighed by these, gives the probability of each true label ("Maximum Likelihood Estimation of
Observer Error-Rates Using the EM Algorithm", 1979; here crowd-kit's implementation).

The matrices are counted on the pilot, plus one in every cell, and stay so. EM over all posts would fit 14
numbers to the 8 that a table of two labellers' answers holds, and drifts: of labellers right in .80 and .55
of 2,000 posts, 175 of them known, it makes labels right in .74 to .80, these matrices in .78 to .80.

Nobody's own label vouches for itself: pilot posts are judged by matrices of other threads' pilot posts.
Labellers err together on hard posts, which the model does not know: its posterior is too sure, and has to be
calibrated (core/calibration.py).
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bizmeme.core.annotations import Key
from bizmeme.core.consensus import Verdict, Word, agreed, unlabelled
from bizmeme.core.folds import thread_folds
from bizmeme.core.intervals import Floats
from bizmeme.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 30  # known posts
_DIGITS = 9


def dawid_skene(
    posts: Mapping[Key, Sequence[Word]],
    *,
    labels: Sequence[str],
    gold: Mapping[Key, str],
    threads: Mapping[Key, Hashable],
) -> dict[Key, Verdict]:
    """Every post's verdict, in their order; `gold` and `threads` are of pilot posts.

    A post that one labeller labelled takes its word. Raises DataError where fewer than 30 posts are known.
    """
    labellers = sorted({word.labeller for words in posts.values() for word in words})
    if len(labellers) <= 1:
        return agreed(posts, labels=labels)
    known = [key for key in gold if any(word.label is not None for word in posts.get(key, ()))]
    check_known(len(known))
    model = _Model(posts, labels, labellers)
    truths = {key: gold[key] for key in known}
    odds = model.posteriors(truths)
    for seen, unseen in thread_folds([threads[key] for key in known]):
        others = model.posteriors({known[place]: truths[known[place]] for place in seen})
        odds.update({known[place]: others[known[place]] for place in unseen})
    return {key: _verdict(words, odds.get(key), model.labels) for key, words in posts.items()}


def check_known(posts: int) -> None:
    """Raise DataError where so few posts are known that they teach nothing."""
    if posts < FEWEST:
        raise DataError(
            f"By the rule dawid_skene {FEWEST} labelled posts have to be known, {posts} are. "
            "Label more posts (`make refresh-labels`), or take the rule agreement."
        )


def _verdict(words: Sequence[Word], odds: Floats | None, labels: Sequence[str]) -> Verdict:
    said = [word.label for word in words if word.label is not None]
    if odds is None:
        return unlabelled(words)
    label = said[0] if len(said) == 1 else labels[int(odds.argmax())]
    return Verdict(label, round(float(odds[labels.index(label)]), _DIGITS), len(said), None)


class _Model:
    """The answers as crowd-kit takes them."""

    def __init__(
        self, posts: Mapping[Key, Sequence[Word]], labels: Sequence[str], labellers: Sequence[str]
    ) -> None:
        import pandas as pd

        self._posts, self._labellers, self._keys = posts, labellers, list(posts)
        rows = [
            (place, word.labeller, word.label)
            for place, key in enumerate(self._keys)
            for word in posts[key]
            if word.label is not None
        ]
        self._answers = pd.DataFrame(rows, columns=["task", "worker", "label"])
        ever = {row[2] for row in rows}
        self.labels = [label for label in labels if label in ever]  # of others the library knows no prior

    def posteriors(self, truths: Mapping[Key, str]) -> dict[Key, Floats]:
        """The probability of each of `labels`, for every post that anyone labelled."""
        from crowdkit.aggregation import DawidSkene

        model = DawidSkene(n_iter=1, initial_error_strategy="assign")
        odds = model.fit_predict_proba(self._answers, initial_error=self._confusions(truths))[self.labels]
        rows = zip(odds.index.tolist(), np.asarray(odds.to_numpy(), np.float64), strict=True)
        return {self._keys[place]: row for place, row in rows}

    def _confusions(self, truths: Mapping[Key, str]) -> "pd.DataFrame":
        """How often each labeller says what of each true label, given the true one."""
        import pandas as pd

        at = {label: place for place, label in enumerate(self.labels)}
        counts: dict[str, Any] = {who: np.ones((len(at), len(at))) for who in self._labellers}
        for key, truth in truths.items():
            for word in self._posts[key]:
                if word.label is not None and truth in at:
                    counts[word.labeller][at[word.label], at[truth]] += 1
        shares = np.concatenate([counts[who] / counts[who].sum(axis=0) for who in self._labellers])
        index = pd.MultiIndex.from_product([self._labellers, self.labels], names=["worker", "label"])
        return pd.DataFrame(shares, index=index, columns=pd.Index(self.labels, name="label"))
