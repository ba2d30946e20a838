"""Paths: how names are tidied, and which are refused."""

from __future__ import annotations

import pytest

from triptych.pipeline.own import Unloggable
from triptych.pipeline.paths import normal_path


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("loss", "loss"),
        ("train/loss", "train/loss"),
        ("/train//loss/", "train/loss"),
        ("train/ /loss", "train/loss"),
        ("größe/Δw ✓", "größe/Δw ✓"),
        ("_private/a__b", "_private/a__b"),
        ("layers.0.weight", "layers.0.weight"),
        ("half a smile \ud83d", "half a smile \\ud83d"),
        ("a\0b", "a\\x00b"),
    ],
)
def test_empty_parts_go_and_the_rest_stays(given: str, path: str) -> None:
    """Whatever the user writes around the names."""
    assert normal_path(given) == path


@pytest.mark.parametrize("given", ["", "/", "  ", "// /"])
def test_empty_path_is_refused(given: str) -> None:
    """There is nothing to find the value by."""
    with pytest.raises(Unloggable, match="is empty; name the value"):
        normal_path(given)


@pytest.mark.parametrize("given", ["__properties", "a/__b/c"])
def test_names_that_rerun_keeps_for_itself_are_refused(given: str) -> None:
    """At any depth."""
    with pytest.raises(Unloggable, match='No part of a path may begin with "__"'):
        normal_path(given)


def test_name_that_ends_the_process_of_wandb_is_refused() -> None:
    """Others with a backslash are fine."""
    with pytest.raises(Unloggable, match="A lone backslash is no path"):
        normal_path("\\")
    assert normal_path("a\\") == "a\\"


@pytest.mark.parametrize("given", ["x" * 201, "a/" + "é" * 101, "a/" * 501])
def test_path_that_makes_no_file_name_is_refused(given: str) -> None:
    """W&B names the file of a picture by its path."""
    with pytest.raises(Unloggable, match="is too long for the files of W&B"):
        normal_path(given)


@pytest.mark.parametrize("given", [1, None, ("train", "loss"), b"loss"])
def test_path_that_is_no_text_is_refused(given: object) -> None:
    """The message shows it, and what a path looks like."""
    with pytest.raises(Unloggable, match='A path is text such as "train/loss"'):
        normal_path(given)
