"""What was taken for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from triptych.visuals.annotations import read_classes
from triptych.visuals.arrays import host_array, nbytes, numbers, own_array
from triptych.visuals.instances import take
from triptych.visuals.visual import changed, set_fields

_MOST = 1000  # classes


@dataclass(frozen=True, slots=True, init=False, eq=False)
class ConfusionMatrix:
    """How often each class was taken for each other, counted on the worker.

    Attributes:
        targets: Class ids, what was passed; after `own`, a numpy array that is ours. None for a
            matrix made `from_counts`.
        predictions: Class ids of the same shape, or scores (N, K).
        classes: Names by class id; empty when none were given.
    """

    targets: Any = field(repr=False)
    predictions: Any = field(repr=False)
    classes: dict[int, str]
    _counted: npt.NDArray[Any] | None = field(repr=False)

    def __init__(
        self,
        targets: Any,
        predictions: Any,
        classes: Mapping[int, str] | Sequence[str] | None = None,
    ) -> None:
        """Check the shapes; the values are not looked at, so as not to wait for a device.

        Args:
            targets: Integers of any shape, such as (N,) or masks (N, H, W). Those below 0 are left
                out: it is PyTorch's way to say "ignore".
            predictions: Integers of the same shape; or scores (N, K) for targets (N,), of which the
                highest counts.
            classes: Names of the class ids: {id: name}, or a sequence where the position is the id.

        Raises:
            TypeError: Not numbers, or ids that are no integers.
            ValueError: Shapes that do not fit.
        """
        targets, predictions = take(targets, "targets"), take(predictions, "predictions")
        shape, said = tuple(targets.shape), tuple(predictions.shape)
        if said != shape and not (len(shape) == 1 and len(said) == 2 and said[:1] == shape):  # noqa: PLR2004 - (N, K)
            raise ValueError(
                f"targets of shape {shape} and predictions of shape {said} do not fit: pass the "
                f"same shape, or scores (N, K) for targets (N,)."
            )
        for name, ids in (("targets", targets), ("predictions", predictions)):
            if 0 not in shape and ids.ndim == len(shape) and "float" in str(ids.dtype):
                raise TypeError(
                    f"{name} must be class ids, not {ids.dtype}: pass scores.argmax(-1)."
                )
        names = {} if classes is None else read_classes(classes)
        set_fields(self, targets=targets, predictions=predictions, classes=names, _counted=None)

    @classmethod
    def from_counts(
        cls, counts: Any, classes: Mapping[int, str] | Sequence[str] | None = None
    ) -> Self:
        """Take a matrix that was counted elsewhere.

        Args:
            counts: (K, K) finite numbers, not negative: a row for each target, a column for each
                prediction. K in 1 to 1000.
            classes: As above.

        Raises:
            TypeError: Not numbers.
            ValueError: Another shape, or numbers that are not as above.
        """
        matrix = np.array(numbers(counts, "counts"))
        if matrix.ndim != 2 or len(set(matrix.shape)) != 1 or not 1 <= len(matrix) <= _MOST:  # noqa: PLR2004
            raise ValueError(
                f"counts of shape {matrix.shape} are no confusion matrix: pass (K, K), K in 1 to "
                f"{_MOST}."
            )
        if not (np.isfinite(matrix).all() and (matrix >= 0).all()):
            raise ValueError("counts must be finite and not negative: leave out what is neither.")
        made = cls.__new__(cls)
        names = {} if classes is None else read_classes(classes)
        set_fields(made, targets=None, predictions=None, classes=names, _counted=matrix)
        return made

    @property
    def nbytes(self) -> int:
        """Bytes held by the ids, or by the counts."""
        return nbytes(self.targets, self.predictions, self._counted)

    def own(self) -> Self:
        """Copy the ids to the host; counts were copied when they were passed."""
        if self._counted is not None:
            return self
        owned = changed(self)
        pair = {"targets": self.targets, "predictions": self.predictions}
        set_fields(owned, **{name: own_array(ids) for name, ids in pair.items()})
        return owned

    def counts(self) -> npt.NDArray[Any]:
        """Count, on a worker thread.

        Returns:
            (K, K), a row for each target and a column for each prediction, in the order of their
            ids. K is one more than the largest id seen or named.

        Raises:
            ValueError: A prediction below 0, or more than 1000 classes.
        """
        if self._counted is not None:
            return self._counted
        targets, said = host_array(self.targets), host_array(self.predictions)
        if targets.shape != said.shape:
            said = said.argmax(1)
        known = targets >= 0
        targets, said = targets[known].astype(np.int64), said[known].astype(np.int64)
        if said.size and said.min() < 0:
            raise ValueError(f"predictions must be ids of 0 or more, found {said.min()}.")
        largest = max([*self.classes, int(targets.max(initial=0)), int(said.max(initial=0))])
        if largest >= _MOST:
            raise ValueError(
                f"the class id {largest} makes more than {_MOST} classes: number them from 0."
            )
        size = largest + 1
        return np.bincount(targets * size + said, minlength=size * size).reshape(size, size)

    def names(self, count: int) -> list[str]:
        """A name for each of `count` classes: the id where there is none."""
        return [self.classes.get(class_id, str(class_id)) for class_id in range(count)]
