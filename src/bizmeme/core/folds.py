"""Folds for cross-validation that keep threads whole: what is learned from a post never judges its thread."""

from collections.abc import Hashable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

FOLDS = 5

Places = npt.NDArray[np.intp]


def thread_folds(threads: Sequence[Hashable]) -> Iterator[tuple[Places, Places]]:
    """Places to learn from and places to judge, five times, or once a thread where those are fewer.

    Every place is judged once; with a single thread nothing can be.
    """
    from sklearn.model_selection import GroupKFold

    numbers = {thread: number for number, thread in enumerate(dict.fromkeys(threads))}
    folds = min(FOLDS, len(numbers))
    if folds > 1:
        groups = [numbers[thread] for thread in threads]
        yield from GroupKFold(n_splits=folds).split(groups, groups=groups)
