"""What a network makes of its inputs: vectors of many dimensions, projected to two or three."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from triptych.visuals.annotations import read_classes
from triptych.visuals.arrays import host_array, is_tensor, nbytes, own_array
from triptych.visuals.image import Image
from triptych.visuals.instances import (
    as_floats,
    read_names,
    take,
    take_class_ids,
    take_places,
)
from triptych.visuals.points import Points
from triptych.visuals.visual import changed, set_fields

Floats = npt.NDArray[np.float32]
Projection = Callable[[Floats], Any]
"""Finite vectors (M, D) to positions (M, 2) or (M, 3); called on a worker thread."""


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Embedding:
    """Vectors, drawn as points that lie close to each other where the vectors do.

    Attributes:
        vectors: (N, D).
        class_ids: (N,), or None.
        classes: Names of the class ids; empty when none were given.
        names: N names of the single vectors, or None.
        images: N thumbnails, or None.
        projection: "pca", a function, or the positions themselves, (N, 2) or (N, 3).
        dimensions: 2 for a plane, 3 for space.
    """

    vectors: Any = field(repr=False)
    class_ids: Any = field(repr=False)
    classes: dict[int, str]
    names: tuple[str, ...] | None = field(repr=False)
    images: tuple[Image, ...] | None = field(repr=False)
    projection: Any
    dimensions: int

    def __init__(
        self,
        vectors: Any,
        labels: Any = None,
        images: Iterable[Any] | None = None,
        projection: Literal["pca"] | Projection | Any = "pca",
        *,
        names: Sequence[str] | None = None,
        classes: Mapping[int, str] | Sequence[str] | None = None,
        dimensions: Literal[2, 3] | None = None,
    ) -> None:
        """Check shapes; vectors are not looked at, so as not to wait for a device.

        Args:
            vectors: (N, D) numbers. N may be 0. A vector with a number that is not finite is left
                out.
            labels: What each vector is of, which gives its colour: N class ids in 0 to 65535, or N
                names. Names are numbered in alphabetical order; with ids and `classes`, colours
                stay the same when a class is missing.
            images: A thumbnail for each: N pictures as `Image` takes them, or `Image`s.
            projection: "pca" for the principal components; a function of the finite vectors
                (M, D), float32, which returns (M, 2) or (M, 3) and runs on a worker thread, such as
                `umap.UMAP().fit_transform`; or positions found elsewhere, (N, 2) or (N, 3).
            names: A name for each vector.
            classes: Names of the class ids: {id: name}, or a sequence where the position is the id.
            dimensions: How many principal components; None for 3 where D is 3, else 2. Vectors of
                just so many dimensions are drawn as they are.

        Raises:
            TypeError: An argument of a kind that cannot be drawn.
            ValueError: A shape or length that is wrong.
        """
        vectors = take(vectors, "vectors")
        if len(vectors.shape) != 2 or vectors.shape[1] < 1:  # noqa: PLR2004 - vectors, numbers
            raise ValueError(
                f"vectors of shape {tuple(vectors.shape)} are not (N, D): flatten each, as "
                f"vectors.reshape(len(vectors), -1)."
            )
        count, width = int(vectors.shape[0]), int(vectors.shape[1])
        if dimensions not in (None, 2, 3):
            raise ValueError(f"dimensions must be 2 or 3, not {dimensions!r}.")
        if not (callable(projection) or isinstance(projection, str)):
            projection = take_places(projection, "projection", (2, 3))
            dimensions = projection.shape[1]
            if len(projection) != count:
                raise ValueError(f"projection has {len(projection)} positions for {count} vectors.")
        elif isinstance(projection, str) and projection != "pca":
            raise ValueError(
                f'projection {projection!r} is not known: pass "pca", a function, or positions.'
            )
        class_ids, found = _read_labels(labels, count)
        if classes is not None:
            if found:
                raise ValueError("labels are names already: leave out classes, or pass class ids.")
            found = read_classes(classes)
        set_fields(
            self,
            vectors=vectors,
            class_ids=class_ids,
            classes=found,
            names=None if names is None else read_names(names, count, "names"),
            images=None if images is None else _read_images(images, count),
            projection=projection,
            dimensions=dimensions or (3 if width == 3 else 2),  # noqa: PLR2004
        )

    @property
    def nbytes(self) -> int:
        """Bytes held by vectors, labels, positions and thumbnails."""
        positions = self.projection if hasattr(self.projection, "shape") else None
        return nbytes(self.vectors, self.class_ids, positions, *(self.images or ()))

    def own(self) -> Self:
        """Copy vectors, labels, positions and thumbnails to the host."""
        owned = changed(self, vectors=own_array(self.vectors))
        if self.class_ids is not None:
            set_fields(owned, class_ids=own_array(self.class_ids))
        if hasattr(self.projection, "shape"):
            set_fields(owned, projection=own_array(self.projection))
        if self.images is not None:
            set_fields(owned, images=tuple(image.own() for image in self.images))
        return owned

    def points(self) -> Points:
        """Project the vectors, on a worker thread.

        Returns:
            N points with the class ids, their names, and the names of the vectors as labels. Where
            a vector is not finite, the position is NaN.

        Raises:
            ValueError: A projection that returns another shape.
        """
        if hasattr(self.projection, "shape"):
            positions = as_floats(self.projection)
        else:
            vectors = as_floats(self.vectors)
            finite = np.isfinite(vectors).all(axis=1)
            found = self._project(vectors[finite])
            positions = np.full((len(vectors), found.shape[1]), np.nan, np.float32)
            positions[finite] = found
        return Points(positions, labels=self.names, class_ids=self.class_ids, classes=self.classes)

    def _project(self, vectors: Floats) -> Floats:
        if callable(self.projection):
            found = as_floats(self.projection(vectors))
            if found.shape not in ((len(vectors), 2), (len(vectors), 3)):
                raise ValueError(
                    f"projection made {found.shape} of vectors {vectors.shape}: return "
                    f"({len(vectors)}, 2) or ({len(vectors)}, 3)."
                )
            return found
        if vectors.shape[1] == self.dimensions:
            return vectors
        return principal_components(vectors, self.dimensions)


def principal_components(vectors: Floats, count: int) -> Floats:
    """Project vectors onto the directions in which they differ most.

    The singular value decomposition of the centred vectors, X = U S V^T; the first columns of X V
    are the coordinates (Jolliffe, Principal Component Analysis, 2002, section 3.5). Where there are
    more vectors than dimensions, V is taken from X^T X, which is smaller. The sign, which is free,
    makes the largest number of each direction positive, so that the same vectors give the same
    picture.

    Args:
        vectors: (M, D), finite.
        count: How many directions.

    Returns:
        float32 (M, count); 0 where there are fewer directions than that.
    """
    found = np.zeros((len(vectors), count), np.float32)
    if len(vectors) == 0:
        return found
    centred = vectors.astype(np.float64)
    centred -= centred.mean(axis=0)
    tall = centred.shape[0] > centred.shape[1]
    matrix = centred.T @ centred if tall else centred
    directions = np.linalg.svd(matrix, full_matrices=False, hermitian=tall)[2][:count]
    largest = np.abs(directions).argmax(axis=1)
    directions *= np.sign(directions[np.arange(len(directions)), largest])[:, None]
    found[:, : len(directions)] = centred @ directions.T
    return found


def _read_labels(labels: Any, count: int) -> tuple[Any, dict[int, str]]:
    if labels is None:
        return None, {}
    if not is_tensor(labels):
        array = host_array(labels)
        if array.dtype.kind in "UO":
            names = read_names(array.tolist(), count)
            found, ids = np.unique(np.array(names, dtype=object), return_inverse=True)
            return ids.astype(np.uint16), dict(enumerate(map(str, found)))
        labels = array
    return take_class_ids(labels, count), {}


def _read_images(images: Iterable[Any], count: int) -> tuple[Image, ...]:
    found = tuple(one if isinstance(one, Image) else Image(one) for one in images)
    if len(found) != count:
        raise ValueError(f"there are {len(found)} images for {count} vectors: pass one for each.")
    return found
