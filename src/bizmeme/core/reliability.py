"""How honest confidences are: calibration error, Brier score and log loss, before and after calibration.

"After" is cross-validated: each post's calibrated confidence comes from posts of other threads alone.

The expected calibration error (ECE) sorts posts by confidence into ten bins of equal size (Nixon et al. 2019,
"Measuring Calibration in Deep Learning") and averages how far mean confidence and share right are apart. It
is never below 0, and so too high on few posts: of 175 that are right in .8 of all cases, perfectly honest
confidences show an ECE of about .07 (18 posts a bin, a standard deviation of .095 each). `floor` is what
honest confidences of these very values would show; an ECE near it has nothing left that could be seen.
"""

from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bizmeme.core.calibration import Calibration, Method, Right, fitted
from bizmeme.core.folds import thread_folds
from bizmeme.core.intervals import Floats

BINS = 10
_EDGE = 1e-6  # keeps the log loss finite
_DIGITS = 9
_HALF_NORMAL = np.sqrt(2 / np.pi)  # mean distance from the mean, in standard deviations


@dataclass(frozen=True, slots=True)
class Bin:
    """Posts of neighbouring confidences."""

    n: int
    confidence: float  # mean
    right: float  # share


@dataclass(frozen=True, slots=True)
class Honesty:
    """How confidences and what people say go together, over n posts."""

    n: int
    confidence: float  # mean
    right: float  # share
    ece: float
    floor: float  # the ECE that honest confidences of these values would show on so few posts
    brier: float
    log_loss: float
    bins: tuple[Bin, ...]

    def figures(self) -> dict[str, Any]:
        """As metric files hold it."""
        return asdict(self) | {"bins": [asdict(one) for one in self.bins]}


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A correction, and what it does: measured before, and after on posts that it was not learned from."""

    calibration: Calibration
    before: Honesty | None  # None without any confidence
    after: Honesty | None  # None where nothing is corrected, or all posts are of one thread

    def figures(self) -> dict[str, Any]:
        """As metric files hold it."""
        return {
            "calibration": self.calibration.figures(),
            "before": None if self.before is None else self.before.figures(),
            "after": None if self.after is None else self.after.figures(),
        }


def calibrated(
    raw: Sequence[float | None], right: Sequence[bool], *, threads: Sequence[Hashable], method: Method
) -> Calibrated:
    """Learn the correction from pilot posts, and measure it by folds of threads."""
    calibration = fitted(raw, right, method=method)
    held = [place for place, one in enumerate(raw) if one is not None]
    said = np.array([raw[place] for place in held], np.float64)
    hits = np.array([right[place] for place in held], np.bool_)
    if not held:
        return Calibrated(calibration, None, None)
    before = honesty(said, hits)
    if calibration.method is None:
        return Calibrated(calibration, before, None)
    unseen = _out_of_fold(said, hits, [threads[place] for place in held], method)
    return Calibrated(calibration, before, None if unseen is None else honesty(unseen, hits))


def _out_of_fold(said: Floats, hits: Right, threads: Sequence[Hashable], method: Method) -> Floats | None:
    found = np.full(len(said), np.nan)
    for seen, unseen in thread_folds(threads):
        learned = fitted(said[seen].tolist(), hits[seen].tolist(), method=method)
        if learned.method is not None:
            found[unseen] = learned.corrected(said[unseen])
    return None if np.isnan(found).any() else found


def honesty(said: Floats, right: Right) -> Honesty:
    """Measure n ≥ 1 confidences, (n,), against whether each label was right, (n,)."""
    inside = np.clip(said, _EDGE, 1 - _EDGE)
    losses = -np.where(right, np.log(inside), np.log(1 - inside))
    parts = np.array_split(np.argsort(said, kind="stable"), min(BINS, len(said)))
    bins = [(len(part), said[part], right[part]) for part in parts]
    spread = [np.sqrt((values * (1 - values)).sum()) for _, values, _ in bins]
    gaps = [abs(float(values.sum()) - float(hits.sum())) for _, values, hits in bins]
    return Honesty(
        n=len(said),
        confidence=_rounded(said.mean()),
        right=_rounded(right.mean()),
        ece=_rounded(sum(gaps) / len(said)),
        floor=_rounded(_HALF_NORMAL * sum(spread) / len(said)),
        brier=_rounded(((said - right) ** 2).mean()),
        log_loss=_rounded(losses.mean()),
        bins=tuple(Bin(n, _rounded(values.mean()), _rounded(hits.mean())) for n, values, hits in bins),
    )


def _rounded(value: float | np.floating[Any]) -> float:
    return round(float(value), _DIGITS)
