"""Confidence as people see it: a model's own word, corrected by how often labels said so surely were right.

    said .99, right in .83     →  .83
    said .75, right in .67     →  .67

The correction is learned from pilot posts that people labelled as well. It is monotone, so that what is
surer stays surer and no label changes. `temperature` divides the logit by one number (Guo et al. 2017, "On
Calibration of Modern Neural Networks"); it can bring a confidence down to 1/2 and no further. `isotonic` is
the best non-decreasing step function (Zadrozny and Elkan 2002), and needs many posts. Neither makes a label
certain: they aim at (r + 1) / (r + 2) for the r right posts and at 1 / (w + 2) for the w wrong ones (Platt
1999).

A post without a raw confidence gets none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from bizmeme.core.intervals import Floats

Method = Literal["temperature", "isotonic"]
FEWEST = 30  # posts; fewer say nothing about the shape
_EDGE = 1e-4  # from 0 and from 1, whose logits are infinite
_LOGS = (-3.0, 7.0)  # of the temperature: 0.05 to 1,100
_DIGITS = 9  # further ones depend on the processor

Right = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Calibration:
    """A correction of confidences; without `method` it changes nothing, and `problem` says why."""

    method: Method | None
    problem: str | None
    temperature: float | None  # of the method temperature
    knots: tuple[tuple[float, float], ...]  # of the method isotonic: raw and calibrated, straight in between

    def apply(self, raw: Sequence[float | None]) -> list[float | None]:
        """Calibrated confidences, in their order; None stays None."""
        held = [place for place, one in enumerate(raw) if one is not None]
        calibrated = self.corrected(np.array([raw[place] for place in held], np.float64))
        found: list[float | None] = [None] * len(raw)
        for place, one in zip(held, calibrated.tolist(), strict=True):
            found[place] = one
        return found

    def corrected(self, raw: Floats) -> Floats:
        """The same for numbers, (n,) to (n,)."""
        if self.method is None:
            return raw
        if self.temperature is not None:
            return np.round(_cooled(_logit(raw), self.temperature), _DIGITS)
        x, y = np.array(self.knots).T
        return np.asarray(np.round(np.interp(raw, x, y), _DIGITS))

    def figures(self) -> dict[str, Any]:
        """As JSON; read back by `of`."""
        return {
            "method": self.method,
            "problem": self.problem,
            "temperature": self.temperature,
            "knots": [list(knot) for knot in self.knots],
        }

    @classmethod
    def of(cls, figures: dict[str, Any]) -> "Calibration":
        """From what `figures` gave."""
        knots = tuple((float(x), float(y)) for x, y in figures["knots"])
        return cls(figures["method"], figures["problem"], figures["temperature"], knots)

    @classmethod
    def none(cls, problem: str) -> "Calibration":
        """No correction, for a reason."""
        return cls(None, problem, None, ())


def fitted(raw: Sequence[float | None], right: Sequence[bool], *, method: Method) -> Calibration:
    """The correction that pilot posts teach: what was said of each, and whether people agree.

    Posts without a confidence are left out.
    """
    pairs = [(one, hit) for one, hit in zip(raw, right, strict=True) if one is not None]
    if not pairs and raw:
        return Calibration.none("the labeller gives no confidence")
    if len(pairs) < FEWEST:
        return Calibration.none(
            f"only {len(pairs)} pilot posts have a confidence, {FEWEST} are needed: it is the model's own"
        )
    said, hits = np.array([pair[0] for pair in pairs], np.float64), np.array([pair[1] for pair in pairs])
    return _temperature(said, hits) if method == "temperature" else _isotonic(said, hits)


def _temperature(raw: Floats, right: Right) -> Calibration:
    from scipy.optimize import minimize_scalar

    logits, targets = _logit(raw), _targets(right)

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        return float((np.logaddexp(0, scaled) - targets * scaled).mean())

    best = minimize_scalar(loss, bounds=_LOGS, method="bounded")
    return Calibration("temperature", None, round(float(np.exp(best.x)), 6), ())


def _isotonic(raw: Floats, right: Right) -> Calibration:
    from sklearn.isotonic import IsotonicRegression

    model = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(raw, _targets(right))
    pairs = zip(model.X_thresholds_.tolist(), model.y_thresholds_.tolist(), strict=True)
    return Calibration(
        "isotonic", None, None, tuple((round(x, _DIGITS), round(y, _DIGITS)) for x, y in pairs)
    )


def _targets(right: Right) -> Floats:
    hits = int(right.sum())
    return np.where(right, (hits + 1) / (hits + 2), 1 / (len(right) - hits + 2))


def _logit(raw: Floats) -> Floats:
    inside = np.clip(raw, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(inside / (1 - inside)))


def _cooled(logits: Floats, temperature: float) -> Floats:
    return np.clip(1 / (1 + np.exp(-logits / temperature)), _EDGE, 1 - _EDGE)
