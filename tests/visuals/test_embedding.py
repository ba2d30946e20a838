"""An embedding lies where its principal components, or the user's projection, put it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from triptych.visuals import Embedding
from triptych.visuals.embedding import principal_components

RANDOM = np.random.default_rng(7)


@pytest.mark.parametrize("shape", [(200, 8), (6, 40), (8, 8)], ids=["tall", "wide", "square"])
def test_components_are_those_of_scikit_learn(shape: tuple[int, int]) -> None:
    """The same coordinates, up to the sign of each."""
    vectors = (RANDOM.normal(size=shape) * np.arange(1, shape[1] + 1)).astype(np.float32)
    ours = principal_components(vectors, 2)
    theirs = PCA(2, svd_solver="full").fit_transform(vectors)
    signs = np.sign((ours * theirs).sum(axis=0))
    assert ours * signs == pytest.approx(theirs, abs=1e-2)


def test_the_sign_of_a_component_is_always_the_same() -> None:
    """So that a picture does not flip from step to step: x grows with the largest weight."""
    line = np.outer(np.arange(-2.0, 3.0), [1, -5, 2, 0]).astype(np.float32)
    for vectors in (line, line[::-1]):
        x = principal_components(vectors, 2)[:, 0]
        assert np.corrcoef(x, vectors[:, 1])[0, 1] == pytest.approx(1)


@pytest.mark.parametrize("shape", [(0, 5), (1, 5), (4, 1)], ids=["none", "one", "one dimension"])
def test_too_little_to_project_gives_zeros(shape: tuple[int, int]) -> None:
    """Directions that are not there have the coordinate 0."""
    found = principal_components(np.ones(shape, np.float32), 3)
    assert found.tolist() == np.zeros((shape[0], 3)).tolist()


@pytest.mark.parametrize("width", [2, 3])
def test_vectors_of_few_dimensions_are_drawn_as_they_are(width: int) -> None:
    """And those asked for with fewer are projected."""
    vectors = RANDOM.normal(size=(5, width)).astype(np.float32)
    np.testing.assert_array_equal(Embedding(vectors).points().positions, vectors)
    assert Embedding(RANDOM.normal(size=(5, 3)), dimensions=2).points().dimensions == 2


def test_own_copies_and_the_worker_projects() -> None:
    """The function sees the finite vectors as float32, and only when it is asked to."""
    seen = []

    def project(vectors: np.ndarray) -> torch.Tensor:
        seen.append(vectors)
        return torch.from_numpy(vectors[:, :2].copy())

    vectors = torch.arange(12.0).reshape(3, 4).bfloat16().requires_grad_()
    images = np.zeros((3, 2, 2))
    embedding = Embedding(vectors, torch.tensor([0, 1, 0]), images, project, names=list("abc"))
    owned = embedding.own()
    with torch.no_grad():
        vectors[1, 3] = float("nan")
    images += 1
    assert seen == []
    points = owned.points()
    assert points.positions.tolist() == [[0, 1], [4, 5], [8, 9]]
    assert (points.labels, points.class_ids.tolist()) == (("a", "b", "c"), [0, 1, 0])
    assert owned.images is not None
    assert not any(image.to_uint8().any() for image in owned.images)
    lost = embedding.own().points()
    assert (seen[1].dtype, seen[1].shape) == (np.float32, (2, 4))
    assert np.isnan(lost.positions[1]).all()
    assert lost.normalised().labels == ("a", "c")
    assert owned.nbytes == 12 * 4 + 3 * 8 + 3 * 32


def test_positions_can_be_given() -> None:
    """Those of a projection that was computed elsewhere."""
    positions = RANDOM.normal(size=(4, 3)).astype(np.float32)
    embedding = Embedding(np.zeros((4, 99)), projection=positions)
    owned = embedding.own()
    expected = positions.copy()
    positions += 1
    np.testing.assert_array_equal(owned.points().positions, expected)
    assert embedding.dimensions == 3


def test_names_of_classes_are_numbered_by_alphabet() -> None:
    """So that they have the same colours in each picture that has all of them."""
    embedding = Embedding(np.zeros((3, 2)), ["dog", "cat", "dog"])
    assert embedding.class_ids.tolist() == [1, 0, 1]
    assert embedding.classes == {0: "cat", 1: "dog"}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"vectors": np.zeros(3)}, ValueError, r"\(3,\) are not \(N, D\): flatten each"),
        ({"labels": [0]}, ValueError, r"class_ids of shape \(1,\) do not fit"),
        ({"labels": ["a"]}, ValueError, "there are 1 labels for 2"),
        ({"labels": [0.5, 1]}, TypeError, "class_ids must be integers"),
        ({"labels": ["a", "b"], "classes": ["a"]}, ValueError, "labels are names already"),
        ({"images": np.zeros((1, 4, 4))}, ValueError, "there are 1 images for 2 vectors"),
        ({"projection": "tsne"}, ValueError, "projection 'tsne' is not known"),
        ({"projection": np.zeros((2, 4))}, ValueError, r"projection of shape \(2, 4\)"),
        ({"projection": np.zeros((3, 2))}, ValueError, "3 positions for 2 vectors"),
        ({"dimensions": 4}, ValueError, "dimensions must be 2 or 3, not 4"),
        ({"names": "ab"}, ValueError, "there are 1 names for 2"),
    ],
)
def test_what_does_not_fit_is_told(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    """Wrong arguments raise at once, where they were written."""
    with pytest.raises(error, match=message):
        Embedding(**{"vectors": np.zeros((2, 5))} | arguments)


def test_a_projection_of_a_wrong_shape_is_told() -> None:
    """On the worker, where it is first seen."""
    embedding = Embedding(np.zeros((2, 5)), projection=lambda vectors: vectors)
    with pytest.raises(ValueError, match=r"return \(2, 2\) or \(2, 3\)"):
        embedding.points()
