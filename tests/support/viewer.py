"""Looks at a recording in Rerun's own viewer, without a display, a GPU or a window."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from _pytest.outcomes import Skipped  # pytest.skip.Exception, in a form that can be typed

from triptych.viewer.headless import NoVulkan as NoDriver
from triptych.viewer.headless import open_viewer
from triptych.viewer.looking import Sight, Viewer


class NoVulkan(Skipped):
    """The viewer found nothing to draw with: a test that needs to see something is skipped."""


@contextmanager
def viewer(size: tuple[int, int] = (1600, 1000)) -> Iterator[Viewer]:
    """Starts a viewer, and skips the test where there is nothing to draw with."""
    try:
        with open_viewer(size) as opened:
            yield opened
    except NoDriver as why:
        raise NoVulkan(str(why)) from why


def inspect(
    rrd: Path, *, timeline: str = "step", at: int | None = None, view: str | None = None
) -> Sight:
    """Opens a recording in a headless viewer and looks at it once its picture stands still.

    Args:
        rrd: a recording, with or without a footer, with or without a blueprint in it.
        timeline: the sequence to show, one of the recording's.
        at: the step to show; None shows the last one.
        view: the name of the one view to take a picture of; None takes the whole window.

    Raises:
        NoVulkan: this machine has no Vulkan driver, which skips the test that asked.
        TimeoutError: the viewer does not start, load or settle, each within a minute.
        LookupError: no view has that name, or no timeline.
    """
    with viewer() as opened:
        opened.open(rrd)
        opened.go_to(at, timeline)
        return opened.look(view)


def inspect_each(rrd: Path) -> dict[str, Sight]:
    """Looks at a small window, under "", and then at each view alone, also behind other tabs."""
    with viewer((1000, 700)) as opened:
        opened.open(rrd)
        opened.go_to()
        whole = opened.look()
        return {"": whole} | {view.name: opened.look(view.name) for view in whole.views}


def screenshot(
    rrd: Path, out_png: Path, *, at: int | None = None, view: str | None = None
) -> Sight:
    """Does what `inspect` does, and writes the picture to a file."""
    report = inspect(rrd, at=at, view=view)
    out_png.write_bytes(report.png)
    return report
