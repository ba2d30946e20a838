"""Names of files that are no UTF-8 are words in both panels: nothing is lost for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import triptych
from tests.support import rrd, run_folder
from triptych import visuals
from triptych.printable import all_encodable

ODD, SHOWN = "a\udcff.png", "a\\udcff.png"
_FLAT = np.zeros((4, 5))
_BOX = {"boxes": [[1, 1, 3, 3]], "labels": [ODD]}


@pytest.fixture(scope="module")
def panels(tmp_path_factory: pytest.TempPathFactory) -> run_folder.Panels:
    """A run in which every kind of word has such a letter."""
    root = tmp_path_factory.mktemp("letters")
    with triptych.run("letters", root=root, wandb="offline", console=False, strict=True) as run:
        run.advance()
        run.log(
            {
                "image": triptych.Image(_FLAT, _BOX, classes={1: ODD}, caption=ODD),
                "grid": visuals.Grid([_FLAT, _FLAT], [ODD, None]),
                "points": visuals.Points(np.eye(3), labels=[ODD] * 3),
                "curve": visuals.Curve({ODD: ([0, 1], [0, 1])}, title=ODD),
                "matrix": visuals.ConfusionMatrix([0, 1], [0, 1], [ODD, "b"]),
                "table": visuals.Table([ODD], [[ODD]]),
                "text": visuals.Text(ODD),
                "report": visuals.Markdown(ODD),
                "tokens": visuals.Tokens([ODD], [1.0]),
                "sound": visuals.Audio([0.5] * 9, 8000, ODD),
            }
        )
    return run_folder.find(root)


def _parts(panels: run_folder.Panels, entity: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in rrd.rows(panels.recording, entity):
        found |= row.components
    return found


def test_nothing_is_lost(panels: run_folder.Panels) -> None:
    """Neither a visual, nor a word of it without a warning."""
    sinks = panels.story["totals"]["sinks"]
    assert {name: sinks[name]["shed"] for name in ("rerun", "wandb")} == {"rerun": {}, "wandb": {}}
    assert "RerunWarning" not in panels.log


def test_the_recording_has_the_words(panels: run_folder.Panels) -> None:
    """With the letter written out."""
    assert _parts(panels, "/image/caption")["Points2D:labels"] == [SHOWN]
    assert _parts(panels, "/image/boxes")["Boxes2D:labels"] == [SHOWN]
    assert _parts(panels, "/points")["Points3D:labels"] == [SHOWN] * 3
    assert _parts(panels, "/sound/caption")["caption"] == [SHOWN]
    documents = {at: text for _, at, text in rrd.documents(panels.recording)}
    assert documents["/text"] == documents["/report"] == SHOWN
    assert [len(rrd.images(panels.recording, at)) for at in ("/curve", "/matrix", "/tokens")] == [
        1,
        1,
        1,
    ]


def test_wandb_has_the_words(panels: run_folder.Panels) -> None:
    """Captions, tables and pages."""
    (image,) = panels.wandb.media("image")
    assert image["caption"] == SHOWN
    assert panels.wandb.media("grid")[0]["captions"][0] == SHOWN
    (table,) = panels.wandb.media("table")
    read = json.loads(Path(panels.wandb.folder, "files", table["path"]).read_text())
    assert (read["columns"], read["data"]) == ([SHOWN], [[SHOWN]])
    (page,) = panels.wandb.media("text")
    assert SHOWN in Path(panels.wandb.folder, "files", page["path"]).read_text()


def test_what_is_said_of_the_run_reaches_both_panels(tmp_path: Path) -> None:
    """Paths in settings, above all; no sink stays out for them."""
    about: dict[str, Any] = {"config": {ODD: ODD}, "tags": [ODD], "notes": ODD, "group": ODD}
    with triptych.run(
        ODD, ODD, root=tmp_path, wandb="offline", console=False, strict=True, **about
    ) as run:
        run.configure({"data": [ODD]})
        run.uses(ODD, version=ODD, path=ODD)
        run.checkpoint(tmp_path / "model", name=ODD, aliases=[ODD])
        with run.phase(ODD):
            run.event("here")
    panels = run_folder.find(tmp_path)

    assert [(one.delivered > 4, one.shed) for one in run.totals.sinks.values()] == [(True, {})] * 3
    config = rrd.properties(panels.recording)["config"]
    assert [SHOWN] in config.values()
    assert panels.wandb.config["data"] == [SHOWN]
    assert f"step 0 {SHOWN} EVENT here" in panels.wandb.console


def test_what_has_no_such_letter_is_not_copied() -> None:
    """Nor read, if it is no text."""
    image = triptych.Image(_FLAT, caption="größer", classes={1: "cat"})
    assert all_encodable(image) is image
    named = triptych.Image(_FLAT, caption=ODD)
    assert all_encodable(named).caption == SHOWN
    assert all_encodable(named).pixels is named.pixels
