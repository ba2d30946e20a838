"""A class has one colour, and its own."""

from __future__ import annotations

import numpy as np
import pytest

from triptych.visuals.colours import class_colour, is_background, mask_names


def test_hundred_classes_have_hundred_colours() -> None:
    """All of them can be told from black, and neighbours from each other."""
    colours = np.array([class_colour(key) for key in range(100)])

    assert len(np.unique(colours, axis=0)) == 100
    assert (colours.min(), colours.max()) >= (0, 100)
    assert (colours <= 255).all()
    assert colours.max(axis=1).min() > 120
    assert np.linalg.norm(np.diff(colours, axis=0), axis=1).min() > 60


@pytest.mark.parametrize(
    ("class_id", "name", "is_behind"),
    [(0, "background", True), (0, "Void", True), (0, "sky", False), (1, "background", False)],
)
def test_class_0_is_the_background_unless_named(class_id: int, name: str, is_behind: bool) -> None:
    """By the names that data sets give it."""
    assert is_background(class_id, name) is is_behind


def test_every_class_of_a_mask_has_a_name() -> None:
    """Those given, else its number; a nameless 0 is the background."""
    mask = np.array([[0, 2], [7, 2]])

    assert mask_names(mask, {2: "cat"}) == {0: "background", 2: "cat", 7: "7"}
    assert mask_names(mask, {0: "sky"}) == {0: "sky", 2: "2", 7: "7"}
