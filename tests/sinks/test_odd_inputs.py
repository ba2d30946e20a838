"""Whatever can be logged arrives, odd as it is: nothing, one of it, too many, what is no number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import triptych
from tests.support import rrd, run_folder
from tests.support.run_folder import Panels
from triptych import visuals
from triptych.visuals import (
    Audio,
    Bars,
    Boxes3D,
    ConfusionMatrix,
    Curve,
    Depth,
    Embedding,
    Graph,
    Grid,
    Heatmap,
    Histogram,
    Image,
    Lines,
    Mesh,
    Points,
    Table,
    Text,
    Tokens,
    Video,
)

NAN = np.nan
rng = np.random.default_rng(0)


def _half(*shape: int) -> torch.Tensor:
    return torch.rand(*shape).bfloat16()


def _huge(value: Any, dtype: Any = np.uint8) -> np.ndarray:
    return np.broadcast_to(dtype(value), (8192, 8192))


ODD: dict[str, Callable[[], Any]] = {
    "image/uint16": lambda: Image(torch.tensor([[0, 65535]], dtype=torch.uint16)),
    "image/eighth": lambda: Image(torch.rand(4, 5).to(torch.float8_e4m3fn)),
    "image/boxes": lambda: Image(np.zeros((9, 9)), _half(2, 4) * 40 - 20),
    "image/mask": lambda: Image(np.zeros((9, 9)), mask=np.eye(9, dtype=bool), keypoints=[[-5, 99]]),
    "image/first": lambda: Image(_half(3, 1, 1), layout="CHW"),
    "image/huge": lambda: Image(_huge(7), mask=_huge(True, np.bool_)),
    "grid/bool": lambda: Grid(np.eye(5, dtype=bool)[None]),
    "grid/half": lambda: Grid(_half(4, 3, 8, 9)),
    "grid/none": lambda: Grid(np.full((2, 5, 5), NAN)),
    "grid/pixel": lambda: Grid(np.zeros((3, 1, 1))),
    "grid/deep": lambda: Grid(np.full((2, 4, 5), 65535, np.uint16)),
    "grid/boxes": lambda: Grid([Image(_half(3, 9, 9), [[-3, -4, 5, 20]], np.eye(9, dtype=bool))]),
    "grid/huge": lambda: Grid([_huge(7)]),
    "depth/half": lambda: Depth(_half(1, 6, 7) + 1),
    "depth/none": lambda: Depth(np.full((3, 3), NAN)),
    "depth/below": lambda: Depth(np.array([[-1, 0, 500, 10**6]])),
    "depth/pixel": lambda: Depth([[2]]),
    "depth/deep": lambda: Depth(np.array([[0, 65535]], np.uint16)),
    "heat/none": lambda: Heatmap(np.full((2, 2), NAN)),
    "heat/pixel": lambda: Heatmap([[3]]),
    "heat/bool": lambda: Heatmap(torch.eye(3).bool()),
    "heat/half": lambda: Heatmap(_half(3, 4)),
    "heat/deep": lambda: Heatmap(np.array([[0, 65535]], np.uint16)),
    "points/one": lambda: Points([[1, 2, 3]]),
    "points/none": lambda: Points(np.full((3, 3), NAN), values=[NAN] * 3),
    "points/half": lambda: Points(_half(9, 3), _half(9, 3)),
    "points/plane": lambda: Points(rng.random((1_000_000, 2), np.float32)),
    "points/space": lambda: Points(*rng.random((2, 1_000_000, 3), np.float32)),
    "boxes/point": lambda: Boxes3D([[0, 0, 0]], [[0, 0, 0]]),
    "boxes/half": lambda: Boxes3D(_half(2, 3), _half(2, 3)),
    "mesh/point": lambda: Mesh(np.zeros((3, 3)), [[0, 0, 0]]),
    "mesh/half": lambda: Mesh(_half(4, 3), torch.tensor([[0, 1, 2]]).int(), colours=_half(4, 3)),
    "lines/none": lambda: Lines([np.full((4, 3), NAN)], labels=["a"]),
    "lines/half": lambda: Lines(_half(2, 5, 3)),
    "lines/long": lambda: Lines([rng.random((1_000_000, 2))]),
    "bins/none": lambda: Histogram([NAN, np.inf]),
    "bins/bool": lambda: Histogram(np.eye(4, dtype=bool)),
    "bins/ends": lambda: Histogram(np.array([-(2**63), 2**63 - 1])),
    "curve/none": lambda: Curve([], []),
    "curve/nan": lambda: Curve([1, 2, 3], [NAN, np.inf, 1]),
    "curve/half": lambda: Curve.roc(torch.arange(99) % 2 > 0, _half(99)),
    "curve/long": lambda: Curve(np.arange(1_000_000), rng.random(1_000_000)),
    "bars/none": lambda: Bars({"a": NAN, "b": np.inf}),
    "bars/bool": lambda: Bars(np.array([True, False])),
    "matrix/none": lambda: ConfusionMatrix([], []),
    "matrix/bool": lambda: ConfusionMatrix(np.array([True, False]), np.array([True, True])),
    "matrix/half": lambda: ConfusionMatrix(torch.arange(4), _half(4, 4)),
    "embedding/none": lambda: Embedding(np.zeros((0, 5))),
    "embedding/one": lambda: Embedding(np.ones((1, 5))),
    "embedding/nan": lambda: Embedding(np.full((4, 5), NAN), list("abcd")),
    "embedding/many": lambda: Embedding(rng.random((1_000_000, 4), np.float32)),
    "embedding/half": lambda: Embedding(_half(3, 4), images=_half(3, 3, 5, 6)),
    "embedding/images": lambda: Embedding(np.eye(2), images=[np.full((1, 1), NAN), _huge(7)]),
    "table/none": lambda: Table(["a"], []),
    "table/half": lambda: Table(["a", "b"], [[NAN, torch.tensor(1.5).bfloat16()]]),
    "text/none": lambda: Text(""),
    "text/control": lambda: Text("a\x00\x1b[31m"),
    "tokens/none": lambda: Tokens([], []),
    "tokens/odd": lambda: Tokens(["\u4e2d", "\n", "\x00", "d"], [NAN, np.inf, -np.inf, None]),
    "video/half": lambda: Video(_half(3, 3, 10, 11)),
    "video/pixel": lambda: Video(np.zeros((2, 1, 1), bool)),
    "video/nan": lambda: Video(np.full((1, 8, 8), NAN)),
    "video/deep": lambda: Video(np.full((2, 8, 8), 65535, np.uint16)),
    "audio/one": lambda: Audio([0.5], 8000),
    "audio/half": lambda: Audio(_half(99), 8000),
    "graph/none": lambda: Graph(0, []),
    "graph/loop": lambda: Graph(1, [(0, 0)], positions=[[1, 1]]),
}

TOLD: dict[str, tuple[Callable[[], Any], str]] = {
    "image": (lambda: Image(np.zeros((0, 4, 3))), "are empty: pass at least one pixel"),
    "layout": (lambda: Image(_half(3, 1, 1)), "say layout=.HWC. or layout=.CHW."),
    "grid": (lambda: Grid(np.zeros((0, 4, 4))), "a grid has 1 to 100 pictures, not 0"),
    "depth": (lambda: Depth(np.zeros((0, 3))), "is empty: pass at least one value"),
    "heatmap": (lambda: Heatmap(_half(3, 4, 4)), "must be .H, W.: pass one of its planes"),
    "points": (lambda: Points(np.zeros((3, 4))), "pass .N, 2. or .N, 3."),
    "boxes": (lambda: Boxes3D([[NAN, 0, 0]], [[1, 1, 1]]), "not finite: leave those boxes out"),
    "sizes": (lambda: Boxes3D([[0, 0, 0]], [[-1, 1, 1]]), "sizes must not be negative"),
    "histogram": (lambda: Histogram([]), "values are empty: pass at least one number"),
    "bars": (lambda: Bars([]), "cannot be drawn: pass .N,., N in 1 to 1000"),
    "video": (lambda: Video(np.zeros((0, 8, 8))), "frames are empty: pass at least one"),
    "audio": (lambda: Audio([], 8000), "samples are empty: pass at least one"),
}


@pytest.fixture(scope="module")
def panels(tmp_path_factory: pytest.TempPathFactory) -> Panels:
    """All that is odd, at one step."""
    root = tmp_path_factory.mktemp("odd")
    with triptych.run("odd", root=root, wandb="offline", console=False, strict=True) as run:
        run.advance()
        for path, make in ODD.items():
            run.log({path: make()})
            assert run.flush(timeout=60)  # or large ones are shed for each other
    return run_folder.find(root)


def test_everything_arrives_in_both(panels: Panels) -> None:
    """Nothing is lost, and neither panel warns of what it was given."""
    sinks = panels.story["totals"]["sinks"]
    for name in ("rerun", "wandb"):
        assert (sinks[name]["delivered"], sinks[name]["shed"]) == (sinks[name]["accepted"], {})
    assert [
        line for line in panels.log.splitlines() if " ERROR " in line or "Warning" in line
    ] == []
    assert {f"/{path}" for path in ODD} <= rrd.entities(panels.recording)
    logged = {key for row in panels.wandb.history for key in row}
    assert [path for path in ODD if not any(key.startswith(path) for key in logged)] == []


@pytest.mark.parametrize("make", [make for make, _ in TOLD.values()], ids=[*TOLD])
def test_what_cannot_be_shown_is_told(make: Callable[[], Any], request: Any) -> None:
    """Where it was written, with what would be right."""
    with pytest.raises(ValueError, match=TOLD[request.node.callspec.id][1]):
        make()


def test_pictures_of_tensors_of_any_dtype_are_built() -> None:
    """Half floats, channels first, boxes that are turned, masks of 16 bits, nothing found."""
    for found in (
        visuals.classification(_half(4, 3, 8, 9), torch.arange(4), _half(4, 10), most=3),
        visuals.segmentation(_half(3, 8, 9), np.full((8, 9), 300, np.uint16), _half(301, 8, 9)),
        visuals.detection(_half(3, 8, 9), [], {"boxes": _half(1, 4) - 0.5, "scores": _half(1)}),
        visuals.depth(_half(3, 8, 9), np.full((8, 9), NAN), _half(1, 8, 9)),
    ):
        assert found
