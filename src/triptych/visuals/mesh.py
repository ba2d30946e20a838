"""A surface of triangles: a reconstructed shape, a body, a level set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from triptych.visuals.arrays import host_array, nbytes, on_device, own_array
from triptych.visuals.instances import as_colours, as_floats, take, take_colours, take_places
from triptych.visuals.visual import changed, set_fields

_ARRAYS = ("vertices", "faces", "normals", "colours")


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Mesh:
    """Triangles over common vertices; z is up.

    Attributes:
        vertices: (V, 3) positions.
        faces: (F, 3) integers: which three vertices make a triangle, counter-clockwise as seen from
            outside.
        normals: (V, 3) directions that point outside, or None for a mean of those of the faces.
        colours: (V, 3|4), or one for all, or None.
    """

    vertices: Any = field(repr=False)
    faces: Any = field(repr=False)
    normals: Any = field(repr=False)
    colours: Any = field(repr=False)

    def __init__(self, vertices: Any, faces: Any, normals: Any = None, colours: Any = None) -> None:
        """Check shapes, and the values of what needs no waiting for a device.

        Args:
            vertices: (V, 3) positions, drawn in float32; a triangle with a vertex that is not
                finite is left out. V may be 0.
            faces: (F, 3) integers in 0 to V - 1. F may be 0.
            normals: (V, 3), of any length.
            colours: One for each vertex, or one for all; integers in 0 to 255, or floats in 0 to 1.
                Rerun shows no alpha here.

        Raises:
            TypeError: Not numbers; faces that are not integers.
            ValueError: A wrong shape, or a face with a vertex that does not exist.
        """
        vertices = take_places(vertices, "vertices", (3,))
        faces = take(faces, "faces")
        if tuple(faces.shape) == (0,):
            faces = np.zeros((0, 3), np.uint32)
        if len(faces.shape) != 2 or faces.shape[1] != 3:  # noqa: PLR2004 - triangles
            raise ValueError(
                f"faces of shape {tuple(faces.shape)} are not triangles: pass (F, 3), and split "
                f"faces of more corners."
            )
        if not on_device(faces):
            _check_faces(host_array(faces), len(vertices))
        if normals is not None:
            normals = take_places(normals, "normals", (3,))
            if normals.shape != vertices.shape:
                raise ValueError(
                    f"normals of shape {tuple(normals.shape)} do not fit: pass one for each "
                    f"vertex, {tuple(vertices.shape)}."
                )
        colours = None if colours is None else take_colours(colours, len(vertices))
        set_fields(self, vertices=vertices, faces=faces, normals=normals, colours=colours)

    @property
    def nbytes(self) -> int:
        """Bytes held by the arrays."""
        return nbytes(*(getattr(self, name) for name in _ARRAYS))

    def own(self) -> Self:
        """Copy the arrays to the host."""
        owned = changed(self)
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        set_fields(owned, **{k: own_array(v) for k, v in arrays.items() if v is not None})
        return owned

    def normalised(self) -> Self:
        """Leave out what has no place, and bring the rest into one form, on a worker thread.

        Returns:
            A mesh with finite float32 vertices (V, 3), uint32 faces (G, 3), float32 normals (V, 3)
            of length 1, uint8 colours (V, 3|4) or (1, 3|4), or None.

        Raises:
            ValueError: Colours or faces out of range, which came from a device.
        """
        vertices, faces = as_floats(self.vertices), host_array(self.faces)
        _check_faces(faces, len(vertices))
        finite = np.atleast_1d(np.isfinite(vertices).all(axis=1))
        if not finite.all():
            faces = faces[finite[faces].all(axis=1)]
            vertices = np.where(finite[:, None], vertices, np.float32(0))
        faces = faces.astype(np.uint32)
        given = self.normals is not None
        normals = as_floats(self.normals) if given else _face_normals(vertices, faces)
        drawn = changed(self)
        set_fields(
            drawn,
            vertices=vertices,
            faces=faces,
            normals=_unit(normals),
            colours=None if self.colours is None else as_colours(self.colours),
        )
        return drawn


def _check_faces(faces: npt.NDArray[Any], count: int) -> None:
    if faces.dtype.kind not in "iu":
        raise TypeError(f"faces must be integers, not {faces.dtype}: pass faces.astype(int).")
    if faces.size and not 0 <= int(faces.min()) <= int(faces.max()) < count:
        raise ValueError(
            f"faces name the vertices {faces.min()} to {faces.max()}, and there are {count}: "
            f"count them from 0."
        )


def _face_normals(
    vertices: npt.NDArray[np.float32], faces: npt.NDArray[np.uint32]
) -> npt.NDArray[np.float32]:
    """For each vertex the sum of its faces' cross products: the larger face counts for more."""
    first, second, third = (vertices[faces[:, corner]] for corner in range(3))
    crosses = np.repeat(np.cross(second - first, third - first), 3, axis=0)
    corners = faces.reshape(-1)
    sums = [np.bincount(corners, crosses[:, axis], len(vertices)) for axis in range(3)]
    return np.stack(sums, axis=1).astype(np.float32)


def _unit(normals: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """To length 1, as glTF wants them; those that have no direction point up."""
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    known = np.isfinite(lengths) & (lengths > 0)
    up = np.array([0, 0, 1], np.float32)
    return np.where(known, normals / np.where(known, lengths, np.float32(1)), up)
