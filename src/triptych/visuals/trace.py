"""How good scores are at every threshold: ROC, precision over recall, calibration.

Own lines instead of scikit-learn's: a training needs no more of it than these sums.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

CALIBRATION_BINS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """One line of a chart.

    Attributes:
        name: As the user calls it; may be "".
        x: float64 (P,), finite.
        y: float64 (P,), finite.
        note: What the line comes to, such as "AUC 0.931", and what it leaves out; may be "".
    """

    name: str
    x: Floats = field(repr=False)
    y: Floats = field(repr=False)
    note: str = ""

    def thinned(self, most: int) -> Trace:
        """At most that many points, both ends among them, in equal distance by index."""
        if len(self.x) <= most:
            return self
        kept = np.linspace(0, len(self.x) - 1, most).round().astype(int)
        return Trace(self.name, self.x[kept], self.y[kept], self.note)


def line(name: str, x: npt.NDArray[np.generic], y: npt.NDArray[np.generic]) -> Trace:
    """The points as they are, without those that are not finite."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    finite = np.isfinite(x) & np.isfinite(y)
    return Trace(name, x[finite], y[finite], _told(len(x) - int(finite.sum()), "not finite"))


def roc(name: str, targets: npt.NDArray[np.generic], scores: npt.NDArray[np.generic]) -> Trace:
    """True positive rate over false positive rate: Fawcett 2006, algorithm 1.

    The area is that of the trapezoids, so that equal scores count half.
    """
    targets, scores, told = _pairs(targets, scores)
    hits, misses = _cumulated(targets, scores)
    if not targets.any() or targets.all():
        return _nothing(name, "negatives" if targets.all() and targets.size else "positives", told)
    x, y = np.r_[0, misses] / misses[-1], np.r_[0, hits] / hits[-1]
    area = float(np.trapezoid(y, x))
    return Trace(name, x, y, f"AUC {area:.3f}{told}")


def precision_recall(
    name: str, targets: npt.NDArray[np.generic], scores: npt.NDArray[np.generic]
) -> Trace:
    """Precision over recall, from recall 0, where precision is 1 by convention.

    The note is average precision, the sum of (R_n - R_(n-1)) P_n: no interpolation, which would be
    too kind (Davis and Goadrich 2006).
    """
    targets, scores, told = _pairs(targets, scores)
    hits, misses = _cumulated(targets, scores)
    if not targets.any():
        return _nothing(name, "positives", told)
    recall, precision = hits / hits[-1], hits / (hits + misses)
    average = float(np.sum(np.diff(recall, prepend=0.0) * precision))
    return Trace(name, np.r_[0.0, recall], np.r_[1.0, precision], f"AP {average:.3f}{told}")


def calibration(
    name: str, targets: npt.NDArray[np.generic], scores: npt.NDArray[np.generic]
) -> Trace:
    """How often the class came true over the chance it was given, in 10 bins of equal width.

    The note is the expected calibration error, the mean gap weighed by how full each bin is (Guo et
    al. 2017, equation 3).

    Raises:
        ValueError: Scores that are no chances.
    """
    targets, scores, told = _pairs(targets, scores)
    if not targets.size:
        return _nothing(name, "targets", told)
    if scores.min() < 0 or scores.max() > 1:
        raise ValueError(
            f"calibration needs chances in 0 to 1, found {scores.min():.4g} to "
            f"{scores.max():.4g}: pass logits.sigmoid() or logits.softmax(-1)."
        )
    bins = np.minimum((scores * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    counts = np.bincount(bins, minlength=CALIBRATION_BINS)
    full = counts > 0
    given = np.bincount(bins, scores, CALIBRATION_BINS)[full] / counts[full]
    true = np.bincount(bins, targets, CALIBRATION_BINS)[full] / counts[full]
    error = float(np.sum(counts[full] * np.abs(given - true)) / counts.sum())
    return Trace(name, given, true, f"ECE {error:.3f}{told}")


def _pairs(
    targets: npt.NDArray[np.generic], scores: npt.NDArray[np.generic]
) -> tuple[npt.NDArray[np.bool_], Floats, str]:
    wide = scores.astype(np.float64).reshape(-1)
    known = ~np.isnan(wide)
    positive = targets.reshape(-1)[known].astype(np.float64) > 0
    return positive, wide[known], _told(int((~known).sum()), "NaN", ", ")


def _cumulated(targets: npt.NDArray[np.bool_], scores: Floats) -> tuple[Floats, Floats]:
    """How many positives and negatives have at least each score, from the highest, each once."""
    order = np.argsort(-scores, kind="stable")
    targets, scores = targets[order], scores[order]
    last = np.r_[np.flatnonzero(scores[1:] != scores[:-1]), len(scores) - 1][: len(scores)]
    hits = np.cumsum(targets, dtype=np.float64)[last]
    return hits, last + 1 - hits


def _nothing(name: str, lacking: str, told: str) -> Trace:
    none = np.zeros(0)
    return Trace(name, none, none, f"no {lacking}{told}")


def _told(count: int, kind: str, before: str = "") -> str:
    return f"{before}{count} {kind}" if count else ""
