"""Lines over an axis which is not the step: ROC, precision over recall, calibration, any other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from triptych.visuals import trace
from triptych.visuals.arrays import host_array, nbytes, on_device, own_array
from triptych.visuals.instances import take
from triptych.visuals.trace import Trace
from triptych.visuals.visual import changed, set_fields

_MOST_LINES = 50


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Curve:
    """One or several lines, each with a name.

    Attributes:
        lines: For each name x and y, both (P,); of `roc` and its like, targets and scores.
        x_label: What the lower axis is.
        y_label: What the left axis is.
        title: One line above the chart; may be "".
        diagonal: Whether to draw y = x for comparison.
        unit: Whether both axes go from 0 to 1.
    """

    lines: dict[str, tuple[Any, Any]] = field(repr=False)
    x_label: str
    y_label: str
    title: str
    diagonal: bool
    unit: bool
    _trace: Callable[[str, Any, Any], Trace] = field(repr=False)

    def __init__(
        self,
        x: Any,
        y: Any = None,
        *,
        x_label: str = "x",
        y_label: str = "y",
        title: str = "",
        diagonal: bool = False,
    ) -> None:
        """Check the shapes; the values are not looked at, so as not to wait for a device.

        Args:
            x: (P,) numbers; or {name: (x, y)} for 1 to 50 lines. P may be 0.
            y: (P,) numbers, unless `x` is a mapping. Points that are not finite are left out, and
                counted in the legend.
            x_label: What the lower axis is.
            y_label: What the left axis is.
            title: One line above the chart.
            diagonal: Whether to draw y = x for comparison.

        Raises:
            TypeError: Not numbers, or labels that are no strings.
            ValueError: x and y of other shapes or of different lengths, or too many lines.
        """
        if isinstance(x, Mapping):
            if y is not None:
                raise ValueError("y is in the mapping already: leave it out.")
            lines = dict(x)
        else:
            lines = {"": (x, y)}
        if not 1 <= len(lines) <= _MOST_LINES:
            raise ValueError(f"there must be 1 to {_MOST_LINES} lines, not {len(lines)}.")
        for key, words in (("x_label", x_label), ("y_label", y_label), ("title", title)):
            if not isinstance(words, str):
                raise TypeError(f"{key} must be a string, not {words!r}: pass str(...).")
        checked = {name: _read_line(name, pair) for name, pair in lines.items()}
        set_fields(self, lines=checked, x_label=x_label, y_label=y_label, title=title)
        set_fields(self, diagonal=bool(diagonal), unit=False, _trace=trace.line)

    @classmethod
    def roc(cls, targets: Any, scores: Any, classes: Sequence[str] | None = None) -> Self:
        """The receiver operating characteristic, with the area under it.

        Args:
            targets: (N,), 0 or False and 1 or True; for several classes, ids in 0 to K - 1.
            scores: (N,), the higher the likelier, chances or logits; for several classes (N, K),
                which gives a line for each of at most 50 classes against all others. NaN are left
                out, and counted in the legend.
            classes: K names; their ids if there are none.

        Raises:
            TypeError: Not numbers.
            ValueError: Shapes that do not fit.
        """
        made = cls(_against_others(targets, scores, classes), title="ROC", diagonal=True)
        return made._as(trace.roc, "false positive rate", "true positive rate")

    @classmethod
    def precision_recall(
        cls, targets: Any, scores: Any, classes: Sequence[str] | None = None
    ) -> Self:
        """Precision over recall, with average precision.

        Args and errors are those of `roc`.
        """
        made = cls(_against_others(targets, scores, classes), title="Precision and recall")
        return made._as(trace.precision_recall, "recall", "precision")

    @classmethod
    def calibration(cls, targets: Any, scores: Any, classes: Sequence[str] | None = None) -> Self:
        """How often what was said with a chance came true, with the expected calibration error.

        Args and errors are those of `roc`; the scores are chances in 0 to 1.
        """
        lines = _against_others(targets, scores, classes)
        made = cls(lines, title="Calibration", diagonal=True)
        return made._as(trace.calibration, "chance given", "share that came true")

    @property
    def nbytes(self) -> int:
        """Bytes held by the arrays."""
        return sum(nbytes(*pair) for pair in self.lines.values())

    def own(self) -> Self:
        """Copy the arrays to the host."""
        owned = changed(self)
        pairs = {name: (own_array(x), own_array(y)) for name, (x, y) in self.lines.items()}
        set_fields(owned, lines=pairs)
        return owned

    def traces(self) -> list[Trace]:
        """The lines to draw, on a worker thread.

        Returns:
            One for each name, in the order of the names. A line that cannot be computed, such as a
            ROC without positives, has no points and says so in its note.

        Raises:
            ValueError: Scores that are no chances, for `calibration`.
        """
        return [
            self._trace(name, host_array(x), host_array(y)) for name, (x, y) in self.lines.items()
        ]

    def _as(self, found: Callable[[str, Any, Any], Trace], x_label: str, y_label: str) -> Self:
        set_fields(self, _trace=found, x_label=x_label, y_label=y_label, unit=True)
        return self


def _read_line(name: object, pair: Any) -> tuple[Any, Any]:
    if not isinstance(name, str):
        raise TypeError(f"the name of a line must be a string, not {name!r}: pass str(...).")
    try:
        x, y = pair
    except (TypeError, ValueError):
        raise ValueError(f"the line {name!r} must be x and y, a pair of arrays.") from None
    x, y = take(x, "x"), take(y, "y")
    if len(x.shape) != 1 or tuple(x.shape) != tuple(y.shape):
        raise ValueError(
            f"x of shape {tuple(x.shape)} and y of shape {tuple(y.shape)} make no line: "
            f"pass (P,) for both."
        )
    return x, y


def _against_others(
    targets: Any, scores: Any, classes: Sequence[str] | None
) -> dict[str, tuple[Any, Any]]:
    targets, scores = take(targets, "targets"), take(scores, "scores")
    shape = tuple(scores.shape)
    if len(shape) not in (1, 2) or tuple(targets.shape) != shape[:1]:
        raise ValueError(
            f"targets of shape {tuple(targets.shape)} and scores of shape {shape} do not fit: pass "
            f"(N,) for both, or scores (N, K) for K classes."
        )
    if len(shape) == 1:
        if classes is not None:
            raise ValueError("classes name the columns of scores (N, K); these scores are (N,).")
        _check_two(targets)
        return {"": (targets, scores)}
    names = [str(column) for column in range(shape[1])] if classes is None else list(classes)
    if len(set(names)) != shape[1]:
        raise ValueError(
            f"there are {len(set(names))} different classes for {shape[1]} columns of scores: "
            f"pass a name of its own for each."
        )
    return {name: (targets == column, scores[:, column]) for column, name in enumerate(names)}


def _check_two(targets: Any) -> None:
    if on_device(targets):
        return
    found = host_array(targets)
    if found.size and not ((found == 0) | (found == 1)).all():
        raise ValueError(
            f"targets must be 0 or 1, found {found.min()} to {found.max()}: "
            f"for several classes pass scores (N, K)."
        )
