"""Charts and words in W&B's files: its own charts, pages, tables and pictures."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rerun as rr

import triptych
from tests.support import run_folder, wandb_files
from tests.support.run_folder import Panels
from triptych import visuals
from triptych.rendering.charts import draw_confusion

PICTURE = triptych.Image(np.eye(4), caption="four")


@pytest.fixture(scope="module")
def panels(tmp_path_factory: pytest.TempPathFactory) -> Panels:
    """Everything at two steps, offline."""
    root = tmp_path_factory.mktemp("charts")
    odd = [[1, "a|b\nc", PICTURE], [math.nan, None, None], ["mixed", True, "none"]]
    with triptych.run("charts", root=root, wandb="offline", console=False) as run:
        for step in run.steps(range(2)):
            scores = np.linspace(0, 1, 5000)
            run.log(
                {
                    "roc": visuals.Curve.roc(scores > 0.5, scores),
                    "none": visuals.Curve.roc([0, 0], [0.1, 0.2]),
                    "foreign": rr.TextDocument("*a*", media_type="text/markdown"),
                    "two": visuals.Curve({"a": ([0, 1], [step, 2]), "b": ([5], [6])}, x_label="at"),
                    "bars": visuals.Bars({"cat": 0.5, "dog": math.nan}, title="how many"),
                    "matrix": visuals.ConfusionMatrix([0, 1, 1], [0, 1, 0], ["cat", "dog"]),
                    "tokens": visuals.Tokens(["<b>", " two"], [None, 1.5], (0, 6), "a < b"),
                    "text": triptych.Text("a < b"),
                    "report": visuals.Markdown(
                        "*a* <b>\n\n| x |\n| - |\n| 1 |\n\n[y](javascript:z)"
                    ),
                    "odd": triptych.Table(["number", "text", "picture"], odd),
                }
            )
    assert run.totals.sinks["wandb"].shed == {}
    return run_folder.find(root)


def _file(panels: Panels, key: str) -> Path:
    """The file of the second step under a key."""
    _, fields = panels.wandb.media(key)
    return Path(panels.wandb.folder, "files", fields["path"])


def _settings(panels: Panels, key: str) -> list[dict[str, Any]]:
    """What W&B's page is told to draw under a key, each time."""
    (log,) = panels.wandb.folder.glob("*.wandb")
    records = map(json.loads, wandb_files._inspect(log).splitlines())
    updates = [record["config"].get("update", {}) for record in records if "config" in record]
    name = f"_wandb.visualize.{key}"
    return [update[name]["panel_config"] for update in updates if name in update]


def test_lines_are_w_and_bs_own(panels: Panels) -> None:
    """A row for each point, with the name of its line."""
    table = json.loads(_file(panels, "two_table").read_text())
    assert table["columns"] == ["step", "lineKey", "lineVal"]
    assert table["data"] == [[0, "a", 1], [1, "a", 2], [5, "b", 6]]
    (settings, _) = _settings(panels, "two")
    assert settings["panelDefId"] == "wandb/lineseries/v0"
    assert settings["stringSettings"] == {"title": "y", "xname": "at"}


def test_long_lines_are_thinned(panels: Panels) -> None:
    """W&B's tables are small, and the ends of the line are there."""
    data = json.loads(_file(panels, "roc_table").read_text())["data"]
    assert len(data) == 200
    assert (data[0], data[-1]) == ([0, "true positive rate", 0], [1, "true positive rate", 1])
    titles = [one["stringSettings"]["title"] for one in _settings(panels, "roc")]
    assert titles == ["ROC: AUC 1.000"] * 2


def test_a_chart_of_nothing_says_so(panels: Panels) -> None:
    """Its title tells what is missing."""
    assert json.loads(_file(panels, "none_table").read_text())["data"] == []
    assert _settings(panels, "none")[0]["stringSettings"]["title"] == "ROC: no positives"


def test_bars_are_w_and_bs_own(panels: Panels) -> None:
    """What is not finite has none."""
    table = json.loads(_file(panels, "bars_table").read_text())
    assert table == {"columns": ["name", "value"], "data": [["cat", 0.5]]}
    assert _settings(panels, "bars")[1]["stringSettings"] == {"title": "how many"}


def test_a_matrix_is_the_picture_of_the_recording(panels: Panels) -> None:
    """At every step."""
    drawn = visuals.ConfusionMatrix([0, 1, 1], [0, 1, 0], ["cat", "dog"])
    assert _file(panels, "matrix").read_bytes() == draw_confusion(drawn).data


def test_tokens_are_coloured_words(panels: Panels) -> None:
    """The number of each is under the pointer; nothing of it is taken for HTML."""
    page = _file(panels, "tokens").read_text()
    assert "<span title='none' style='background: rgb(235, 235, 235)" in page
    assert ">&lt;b&gt;</span><span title='1.5' style='background: rgb(226, 198, 190)" in page
    assert "a &lt; b" in page


def test_words_are_pages(panels: Panels) -> None:
    """Markdown is rendered; HTML and scripts in it are text."""
    assert "a &lt; b</pre>" in _file(panels, "text").read_text()
    page = _file(panels, "report").read_text()
    assert "<em>a</em> &lt;b&gt;" in page
    assert "<td>1</td>" in page
    assert "<p>[y](javascript:z)</p>" in page
    assert "<em>a</em>" in _file(panels, "foreign").read_text()


def test_odd_cells_are_kept(panels: Panels) -> None:
    """Pipes and newlines, nothing, what is not a number, kinds that do not go together."""
    table = json.loads(_file(panels, "odd").read_text())
    (nan,) = (row.pop(0) for row in table["data"][1:2])
    assert math.isnan(nan)
    assert table["data"] == [[1, "a|b\nc", "Image"], [None, None], ["mixed", True, "none"]]
