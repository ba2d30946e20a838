"""What a user says about the layout is checked where it is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import triptych
from triptych import Dashboard


def test_patterns_are_those_of_a_shell() -> None:
    """A star reaches across slashes; a slash at the ends means nothing."""
    wishes = Dashboard(hide=["/val/*/mask", "deb?g", "[ab]/x"])

    shown = ["val/mask", "debuug", "c/x", "val/0/mask/1"]
    hidden = ["val/0/mask", "val/0/1/mask", "debug", "a/x"]
    assert [path for path in shown + hidden if wishes.hidden(path)] == hidden


def test_the_first_pattern_that_fits_says_the_place() -> None:
    """In `pin` and `order`, and the first title in `group`."""
    wishes = Dashboard(pin=["b", "*"], order=iter(["x/*"]), group={"One": ["x/*"], "Two": ["*"]})

    assert [wishes.pinned("a"), wishes.pinned("b")] == [1, 0]
    assert [wishes.rank("a"), wishes.rank("x/y")] == [1, 0]
    assert [wishes.title("x/y"), wishes.title("a")] == ["One", "Two"]
    assert Dashboard().title("a") is Dashboard().pinned("a") is None


@pytest.mark.parametrize(
    ("wanted", "error", "message"),
    [
        ({"pin": "val/*"}, TypeError, r"pin=\.\.\.\) is a list of patterns such as .*'val/\*'"),
        ({"hide": 3}, TypeError, "hide=.* not 3"),
        ({"order": [3]}, TypeError, "order=.* not 3"),
        ({"hide": ["/"]}, ValueError, "is empty"),
        ({"group": ["g/*"]}, TypeError, r"group=.* not \['g/\*'\]"),
        ({"group": {"G": "g/*"}}, TypeError, r"group\['G'\]=.* not 'g/\*'"),
        ({"group": {"": ["g/*"]}}, ValueError, "needs a title"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    wanted: dict[str, Any], error: type[Exception], message: str
) -> None:
    """With a word on what to write in its place."""
    with pytest.raises(error, match=message):
        Dashboard(**wanted)


def test_a_run_refuses_what_is_no_dashboard(tmp_path: Path) -> None:
    """Before anything is made on disk."""
    with pytest.raises(TypeError, match=r"dashboard= is a triptych\.Dashboard"):
        triptych.run("digits", root=tmp_path / "runs", dashboard={"pin": ["a"]})  # type: ignore[arg-type]
    assert not (tmp_path / "runs").exists()
