"""Whether a training goes on in the run that its checkpoint names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import triptych
from triptych.archive.origin import NoOrigin, origin_of
from triptych.sinks.rerun import RerunSink


def _state(root: Path, *, close: bool = True) -> dict[str, Any]:
    run = triptych.run("digits", root=root, sinks=[RerunSink()], console=False)
    run.log({"a": 1.0})
    if close:
        run.close()
    return run.state_dict()


def test_it_is_found_where_it_was_and_where_it_was_brought(tmp_path: Path) -> None:
    """By the root that the checkpoint has written down, and by that of today."""
    state = _state(tmp_path / "then")
    assert origin_of(state, "digits", tmp_path / "now").id == state["run_id"]
    (tmp_path / "then").rename(tmp_path / "now")
    assert origin_of(state, "digits", tmp_path / "now").path.parents[1] == tmp_path / "now"


def test_why_it_cannot_go_on_is_said(tmp_path: Path) -> None:
    """Gone, of another project, or not over."""
    state = _state(tmp_path)
    with pytest.raises(NoOrigin, match=r"is of the project 'digits', so this is a new one"):
        origin_of(state, "letters", tmp_path)
    gone = {**state, "run_id": "20260101-000000-gone-aaaaa"}
    with pytest.raises(NoOrigin, match=r"'20260101-000000-gone-aaaaa' .* not to be found in /"):
        origin_of(gone, "digits", tmp_path)

    goes_on = _state(tmp_path, close=False)
    with pytest.raises(NoOrigin, match="still goes on in another process"):
        origin_of(goes_on, "digits", tmp_path)
    folder = tmp_path / "digits" / str(goes_on["run_id"])
    assert origin_of(goes_on, "digits", tmp_path, ours={folder}).path == folder
