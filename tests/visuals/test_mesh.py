"""A mesh keeps its triangles, and gets the normals that it lacks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from triptych.visuals import Mesh

CORNERS = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]


def test_own_is_a_copy() -> None:
    """A mesh that training goes on to move stays where it was logged."""
    vertices, faces = torch.tensor(CORNERS, requires_grad=True), torch.tensor([[0, 1, 2]])
    owned = Mesh(vertices, faces, colours=torch.rand(4, 3)).own()
    with torch.no_grad():
        vertices += 9
    faces += 1
    assert owned.vertices.tolist() == CORNERS
    assert owned.faces.tolist() == [[0, 1, 2]]
    assert owned.nbytes == 4 * 12 + 3 * 8 + 4 * 12


def test_normals_point_outside() -> None:
    """Those of the faces, the larger face counting for more, of length 1."""
    mesh = Mesh(CORNERS, [[0, 1, 2], [0, 3, 1]]).normalised()
    assert mesh.normals[2].tolist() == [0, 0, 1]
    assert mesh.normals[3].tolist() == [0, 1, 0]
    assert mesh.normals[0] == pytest.approx(np.array([0, 0.5**0.5, 0.5**0.5]))


def test_given_normals_get_length_1() -> None:
    """And those that have no direction point up."""
    normals = [[0, 0, -9], [3, 4, 0], [0, 0, 0], [np.nan, 0, 0]]
    mesh = Mesh(CORNERS, [[0, 1, 2]], normals).normalised()
    expected = np.array([[0, 0, -1], [0.6, 0.8, 0], [0, 0, 1], [0, 0, 1]])
    assert mesh.normals == pytest.approx(expected)


def test_a_triangle_without_a_place_is_left_out() -> None:
    """The vertices stay, so that faces count them as before."""
    mesh = Mesh([*CORNERS, [np.nan, 0, 0]], [[0, 1, 4], [1, 2, 3]]).normalised()
    assert mesh.faces.tolist() == [[1, 2, 3]]
    assert np.isfinite(mesh.vertices).all()


def test_no_triangles_are_a_mesh() -> None:
    """A level set that is empty at the start of training is no error."""
    mesh = Mesh([], []).normalised()
    assert (mesh.vertices.shape, mesh.faces.shape) == ((0, 3), (0, 3))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"vertices": np.zeros((4, 2))}, ValueError, r"vertices of shape \(4, 2\).*\(N, 3\)"),
        ({"faces": [[0, 1, 2, 3]]}, ValueError, "split faces of more corners"),
        ({"faces": [[0, 1, 4]]}, ValueError, "vertices 0 to 4, and there are 4: count them from 0"),
        ({"faces": [[0, 1, -1]]}, ValueError, "vertices -1 to 1"),
        ({"faces": [[0.0, 1.0, 2.0]]}, TypeError, "faces must be integers, not float64"),
        ({"normals": [[0, 0, 1]]}, ValueError, r"one for each vertex, \(4, 3\)"),
        ({"colours": [[0, 0, 1]]}, ValueError, r"colours of shape \(1, 3\) do not fit"),
    ],
)
def test_what_does_not_fit_is_told(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    """Wrong arguments raise at once, where they were written."""
    with pytest.raises(error, match=message):
        Mesh(**{"vertices": CORNERS, "faces": [[0, 1, 2]]} | arguments)
