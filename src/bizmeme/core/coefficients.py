"""Figures of k × k tables of labels: agreement, Cohen's kappa, Krippendorff's alpha, accuracy, macro-F1.

Each maps an array (…, k, k) to (…), so that the tables of a thousand resamples are done in one go; NaN where
a figure is not defined. Rows and columns follow the vocabulary's order.
"""

import numpy as np

from bizmeme.core.intervals import Floats


def coincidences(counts: Floats) -> Floats:
    """What each of n posts adds to the coincidence table: (n, k) labels given → (n, k, k).

    Every ordered pair of labels that two people gave one post counts 1 / (m - 1), m being how many gave it
    one; a post with fewer than two adds nothing (Krippendorff 2011, "Computing Krippendorff's
    alpha-reliability").
    """
    given = counts.sum(axis=1)
    pairs = counts[:, :, None] * counts[:, None, :] - _diagonal(counts)
    return np.asarray(pairs / np.maximum(given - 1, 1)[:, None, None])


def _diagonal(rows: Floats) -> Floats:
    return np.asarray(rows[..., :, None] * np.eye(rows.shape[-1]))


def alpha_nominal(coincidence: Floats) -> Floats:
    """Krippendorff's alpha where two labels are the same or not; NaN where only one label was ever given."""
    k = coincidence.shape[-1]
    return _alpha(coincidence, 1 - np.eye(k))


def alpha_ordinal(coincidence: Floats) -> Floats:
    """Krippendorff's alpha where labels have an order: bearish and bullish are further apart than neighbours.

    The distance of two labels is how many labels given lie between the middles of both.
    """
    given = coincidence.sum(axis=-1)
    middle = given.cumsum(axis=-1) - given / 2
    return _alpha(coincidence, np.asarray((middle[..., :, None] - middle[..., None, :]) ** 2))


def _alpha(coincidence: Floats, distance: Floats) -> Floats:
    """1 - observed / expected disagreement, of pairable labels alone."""
    given = coincidence.sum(axis=-1)
    n = given.sum(axis=-1)
    observed = (coincidence * distance).sum(axis=(-2, -1))
    expected = (given[..., :, None] * given[..., None, :] * distance).sum(axis=(-2, -1))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(expected > 0, 1 - (n - 1) * observed / expected, np.nan))


def accuracy(table: Floats) -> Floats:
    """The share on the diagonal: how often two people say the same."""
    return _over(_hits(table), table.sum(axis=(-2, -1)))


def cohens_kappa(table: Floats) -> Floats:
    """Agreement of two people beyond chance (Cohen 1960); NaN where chance alone explains all."""
    n = table.sum(axis=(-2, -1))
    chance = (table.sum(axis=-1) * table.sum(axis=-2)).sum(axis=-1)
    return _over(n * _hits(table) - chance, n**2 - chance)


def macro_f1(table: Floats) -> Floats:
    """The mean F1 of all labels, one that never occurs counting as 0 (core/metrics.py); rows are gold.

    A further column, as in (…, k, k + 1), counts posts without an answer: all wrong.
    """
    k = table.shape[-2]
    hits = np.diagonal(table, axis1=-2, axis2=-1)
    both = table.sum(axis=-1) + table.sum(axis=-2)[..., :k]
    f1 = np.where(both > 0, 2 * hits / np.where(both > 0, both, 1), 0.0)
    return np.asarray(np.where(table.sum(axis=(-2, -1)) > 0, f1.mean(axis=-1), np.nan))


def _hits(table: Floats) -> Floats:
    return np.asarray(np.trace(table, axis1=-2, axis2=-1))


def _over(part: Floats, whole: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(whole > 0, part / whole, np.nan))
