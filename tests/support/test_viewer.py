"""The headless viewer shows raw Rerun recordings, or says what is missing on this machine."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import rerun as rr
import rerun.blueprint as rrb
from PIL import Image

from tests.support import viewer
from triptych.viewer.looking import Sight


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Ten steps: a curve, and a picture that is red up to step 5 and green from step 6."""
    path = tmp_path / "seen.rrd"
    stream = rr.RecordingStream("support")
    curve = rrb.TimeSeriesView(name="loss", origin="/", contents="/train/loss")
    picture = rrb.Spatial2DView(name="picture", origin="/picture")
    stream.save(
        path, default_blueprint=rrb.Blueprint(rrb.Horizontal(curve, picture), auto_views=False)
    )
    for step in range(1, 11):
        stream.set_time("step", sequence=step)
        stream.log("/train/loss", rr.Scalars(1 / step))
        color = (255, 0, 0) if step <= 5 else (0, 255, 0)
        stream.log("/picture", rr.Image(np.full((8, 8, 3), color, np.uint8)))
    stream.disconnect()
    return path


def _center(report: Sight) -> tuple[int, ...]:
    image = Image.open(BytesIO(report.png)).convert("RGB")
    color = image.getpixel((image.width // 2, image.height // 2))
    assert isinstance(color, tuple)
    return color


def test_the_views_of_the_blueprint_are_named(recording: Path) -> None:
    """Name, kind and origin of each panel, and no problem in any."""
    report = viewer.inspect(recording)

    assert [(view.name, view.kind, view.origin) for view in report.views] == [
        ("loss", "TimeSeries", "/"),
        ("picture", "2D", "/picture"),
    ]
    assert report.problems == []
    assert Image.open(BytesIO(report.png)).size == (1600, 1000)


def test_the_picture_is_that_of_the_step(recording: Path) -> None:
    """At step 5 the picture is red; at the end, which is shown when no step is asked for, green."""
    early = viewer.inspect(recording, at=5, view="picture")
    late = viewer.inspect(recording, view="picture")

    assert _center(early) == (255, 0, 0)
    assert _center(late) == (0, 255, 0)


def test_what_cannot_be_shown_is_a_problem(tmp_path: Path) -> None:
    """Missing pixels are reported by their view, a damaged file by the viewer's own log."""
    path = tmp_path / "broken.rrd"
    stream = rr.RecordingStream("support")
    views = [rrb.Spatial2DView(name=name, origin=f"/{name}") for name in ("short", "damaged")]
    layout = rrb.Blueprint(rrb.Horizontal(*views), auto_views=False)
    stream.save(path, default_blueprint=layout)
    stream.set_time("step", sequence=1)
    short = rr.Image(bytes=b"four", width=4, height=4, color_model="RGB", datatype="u8")
    stream.log("/short", short)
    stream.log("/damaged", rr.EncodedImage(contents=b"no picture", media_type="image/png"))
    stream.disconnect()

    report = viewer.inspect(path)

    reports = {view.name: len(view.reports) for view in report.views}
    assert reports == {"damaged": 0, "short": 1}
    assert report.problems[0].startswith("short: error: Invalid data length")
    assert "match any supported image format" in report.problems[1]


def test_a_screenshot_is_written(recording: Path, tmp_path: Path) -> None:
    """The file holds the picture of the report."""
    out = tmp_path / "seen.png"

    report = viewer.screenshot(recording, out)

    assert out.read_bytes() == report.png


def test_a_machine_without_a_driver_is_told_apart(
    recording: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Vulkan's loader finds nothing, and the message names what to install."""
    for name in ("VK_DRIVER_FILES", "VK_ICD_FILENAMES"):
        monkeypatch.setenv(name, str(tmp_path / "no-driver.json"))

    with pytest.raises(viewer.NoVulkan, match="mesa-vulkan-drivers"):
        viewer.inspect(recording)


def test_an_unknown_view_is_an_error(recording: Path) -> None:
    """A name that the blueprint does not have is a LookupError."""
    with pytest.raises(LookupError, match="lost"):
        viewer.inspect(recording, view="lost")


def test_an_unknown_timeline_is_an_error(recording: Path) -> None:
    """So is a timeline that the recording does not have."""
    with pytest.raises(LookupError, match="epoch"):
        viewer.inspect(recording, timeline="epoch", at=1)
