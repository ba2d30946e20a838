"""Films and sounds in both panels, with PyAV and without; and in the eyes of a viewer."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

import triptych
from tests.support import environment, rrd, run_folder, viewer
from tests.support.run_folder import Panels
from triptych import visuals
from triptych.rendering.clips import mp4
from triptych.sinks.rerun import RerunSink

EVERYTHING = """
    import numpy as np
    import triptych
    from triptych import visuals

    film = np.stack([np.full((48, 64, 3), level, np.uint8) for level in (0, 80, 160, 240)])
    tone = np.sin(np.arange(800) / 5)
    with triptych.run("clips", root="runs", strict=True, console=False) as run:
        run.advance()
        run.log({
            "clip/frames": visuals.Video(film, fps=4, caption="four frames"),
            "clip/file": visuals.Video("film.mp4"),
            "clip/broken": visuals.Video("broken.mp4"),
            "sound": visuals.Audio(tone, 8000, "a tone"),
        })
"""

FILM = np.stack([np.full((48, 64, 3), level, np.uint8) for level in (0, 80, 160, 240)])
H264 = mp4(visuals.Video(FILM, fps=2), "libx264")
assert H264 is not None


def _run(home: Path, *, blocked: bool) -> Panels:
    (home / "film.mp4").write_bytes(H264 or b"")
    (home / "broken.mp4").write_bytes(b"no film at all")
    env = environment.isolated(home) | {"WANDB_MODE": "offline"}
    if blocked:
        (home / "av.py").write_text("raise ImportError('no PyAV')")
        env["PYTHONPATH"] = str(home)
    environment.run(EVERYTHING, env, cwd=home)
    return run_folder.find(home / "runs")


@pytest.fixture(scope="module")
def panels(tmp_path_factory: pytest.TempPathFactory) -> Panels:
    """A run on a machine with PyAV."""
    return _run(tmp_path_factory.mktemp("with"), blocked=False)


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Panels:
    """The same run on a machine without it."""
    return _run(tmp_path_factory.mktemp("without"), blocked=True)


def _part(panels: Panels, entity: str, component: str) -> Any:
    (row,) = (row for row in rrd.rows(panels.recording, entity) if component in row)
    assert row.time("step") == 1
    return row.components[component][0]


def _file(panels: Panels, path: str) -> tuple[dict[str, Any], bytes]:
    (fields,) = panels.wandb.media(path)
    return fields, (panels.wandb.folder / "files" / fields["path"]).read_bytes()


def _film(data: Any) -> tuple[str, list[int]]:
    """The codec of a film and the mean of each frame, in steps of 20."""
    with av.open(io.BytesIO(bytes(data))) as source:
        levels = [frame.to_ndarray(format="rgb24").mean() for frame in source.decode(video=0)]
        return source.streams.video[0].codec_context.name, [round(one / 20) for one in levels]


def test_a_film_is_one_that_the_viewer_decodes_itself(panels: Panels) -> None:
    """As AV1, whatever a file was; its first frame stands at the step."""
    for path in ("/clip/frames", "/clip/file"):
        assert _film(_part(panels, path, "AssetVideo:blob")) == ("libdav1d", [0, 4, 8, 12])
        assert _part(panels, path, "AssetVideo:media_type") == "video/mp4"
    rows = rrd.rows(panels.recording, "/clip/frames")
    shown = [row for row in rows if "VideoFrameReference:timestamp" in row]
    times = [row.components["VideoFrameReference:timestamp"] for row in shown]

    assert [row.time("step") for row in shown] == [1, None, None, None]
    assert _part(panels, "/clip/frames/caption", "Points2D:labels") == "four frames"
    assert times == [[0], [250_000_000], [500_000_000], [750_000_000]]
    clock = [row.time("log_time") or 0 for row in shown]
    assert [round((at - clock[0]) / 1e9, 3) for at in clock] == [0, 0.25, 0.5, 0.75]


def test_a_film_is_one_that_browsers_play(panels: Panels) -> None:
    """As H.264, which a file may be already; with its caption."""
    fields, data = _file(panels, "clip/frames")
    assert (fields["_type"], fields["caption"]) == ("video-file", "four frames")
    assert _film(data) == ("h264", [0, 4, 8, 12])
    assert _file(panels, "clip/file")[1] == H264


def test_what_is_no_film_is_told(panels: Panels) -> None:
    """The recording cannot hold it, and it is counted; W&B keeps any file."""
    sinks = panels.story["totals"]["sinks"]
    assert sinks["rerun"]["shed"] == {"not shown": {"clip/broken": 1}}
    assert sinks["wandb"]["shed"] == {}
    assert _file(panels, "clip/broken")[1] == b"no film at all"


def test_a_sound_is_the_same_in_both(panels: Panels) -> None:
    """To the last bit, with its rate and its caption."""
    fields, data = _file(panels, "sound")
    assert (fields["_type"], fields["caption"]) == ("audio-file", "a tone")
    assert bytes(_part(panels, "/sound", "AssetAudio:blob")) == data
    assert _part(panels, "/sound", "AssetAudio:media_type") == "audio/wav"
    with wave.open(io.BytesIO(data)) as sound:
        assert (sound.getframerate(), sound.getnframes()) == (8000, 800)
    assert _part(panels, "/sound/caption", "caption") == "a tone"


def test_without_pyav_a_film_is_frames_side_by_side(without: Panels) -> None:
    """In the recording, each with its second; a file comes as it is."""
    ((step, sheet),) = rrd.images(without.recording, "/clip/frames")
    pixels = np.asarray(sheet.convert("L")).astype(int)

    assert step == 1
    assert _part(without, "/clip/frames/caption", "Points2D:labels") == "four frames"
    levels = [pixels[60, 60], pixels[60, 200], pixels[190, 60], pixels[190, 200]]
    assert [round(level / 20) for level in levels] == [0, 4, 8, 12]
    assert bytes(_part(without, "/clip/file", "AssetVideo:blob")) == H264


def test_without_pyav_a_film_is_a_gif(without: Panels) -> None:
    """In W&B, with all of its frames; a file comes as it is."""
    fields, data = _file(without, "clip/frames")
    assert (fields["_type"], fields["caption"]) == ("video-file", "four frames")
    with Image.open(io.BytesIO(data)) as film:
        assert (film.format, getattr(film, "n_frames", 1)) == ("GIF", 4)
        assert film.info["duration"] == 250
    assert _file(without, "clip/file")[1] == H264


def test_a_viewer_shows_the_film(tmp_path: Path) -> None:
    """Without FFmpeg: the first frame at the step, in its colours, and no complaint."""
    red = np.zeros((8, 48, 64, 3), np.uint8)
    red[..., 0] = 230
    with triptych.run("film", root=tmp_path, sinks=[RerunSink()], console=False) as run:
        run.advance()
        run.log({"val/film": visuals.Video(red)})
    report = viewer.inspect(run.info.recording, view="val/film")

    assert report.problems == []
    with Image.open(io.BytesIO(report.png)) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    assert (abs(pixels - (230, 0, 0)).max(axis=-1) < 12).mean() > 0.2
