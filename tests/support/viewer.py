"""Looks at a recording in Rerun's own viewer, without a display, a GPU or a window.

The viewer draws through Vulkan; Mesa's software driver (lavapipe) is enough.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NoReturn

from _pytest.outcomes import Skipped  # pytest.skip.Exception, in a form that can be typed

from tests.support.rrd import executable

if TYPE_CHECKING:
    from rerun.experimental import ViewerClient

_PATIENCE = 60.0
"""Seconds for the viewer to start, to load and to settle, each."""

_SAME = 3
"""Pictures in a row that must be equal."""

_PANICS = ("render context", "graphics adapter")


class NoVulkan(Skipped):
    """The viewer found nothing to draw with: a test that needs to see something is skipped."""


@dataclass(frozen=True, slots=True)
class View:
    """One panel of the layout.

    Attributes:
        kind: Rerun's class: "TimeSeries", "2D", "TextLog", "TextDocument", "BarChart", …
        origin: the entity it looks at, "/" for all.
        reports: what it could not show, as "error: …" or "warning: …". A view behind another tab
            is not drawn and reports nothing.
    """

    name: str
    kind: str
    origin: str
    reports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What the viewer shows of a recording, once its picture stands still.

    Attributes:
        views: the panels, sorted by name.
        png: the picture of the whole window (1600 by 1000), or of the one view asked for.
        errors: the viewer's own log lines of level ERROR.
    """

    views: tuple[View, ...]
    png: bytes
    errors: tuple[str, ...]

    @property
    def problems(self) -> list[str]:
        """Everything that a view or the viewer complained of; empty when all is well."""
        return [f"{view.name}: {r}" for view in self.views for r in view.reports] + [*self.errors]


def inspect(
    rrd: Path, *, timeline: str = "step", at: int | None = None, view: str | None = None
) -> Report:
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
    with _viewer() as client:
        client.open(str(rrd.resolve()))
        _until(lambda: not client.get_state().loading, f"loading {rrd}")
        ends = {t.name: t.end or 0 for r in client.get_state().recordings for t in r.timelines}
        last = ends[timeline]
        client.set_time(timeline, sequence=last if at is None else at, play_state="paused")
        ids = {seen.name: seen.view_id for seen in client.get_state().views}
        png = _still_picture(client)
        if view is not None:  # before the window stands still, the viewer denies that views exist
            png = client.take_screenshot(ids[view])
        views = [
            View(
                name=seen.name,
                kind=seen.view_class,
                origin=seen.origin,
                reports=tuple(f"{report.severity}: {report.summary}" for report in seen.reports),
            )
            for seen in client.get_state().views
        ]
        errors = tuple(line.message for line in client.get_logs() if line.level == "ERROR")
        return Report(tuple(sorted(views, key=lambda seen: seen.name)), png, errors)


def screenshot(
    rrd: Path, out_png: Path, *, at: int | None = None, view: str | None = None
) -> Report:
    """Does what `inspect` does, and writes the picture to a file."""
    report = inspect(rrd, at=at, view=view)
    out_png.write_bytes(report.png)
    return report


@contextmanager
def _viewer() -> Iterator[ViewerClient]:
    from rerun.experimental import ViewerClient

    port = _free_port()
    address = ["--bind", "127.0.0.1", "--port", str(port)]
    look = ["--headless", "--hide-welcome-screen", "--window-size", "1600x1000"]
    with TemporaryDirectory() as home:
        log = Path(home, "viewer.log")
        # CI keeps the viewer from counting this as a user's visit, HOME from remembering it.
        env = os.environ | {"CI": "1", "HOME": home}
        with log.open("wb") as out:
            command = [str(executable()), *address, *look]
            process = subprocess.Popen(command, env=env, stdout=out, stderr=out)
        try:
            yield _connected(process, f"rerun+http://127.0.0.1:{port}/proxy", ViewerClient)
        except ConnectionError:
            # Without a driver the viewer may answer once or twice before its first frame kills it.
            if _is_gone(process):
                _explain(log.read_text(errors="replace"))
            raise
        finally:
            process.kill()
            process.wait()


def _is_gone(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        return False
    return True


def _connected(
    process: subprocess.Popen[bytes], url: str, connect: type[ViewerClient]
) -> ViewerClient:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            client = connect(url)
            client.get_state()
        except ConnectionError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return client


def _explain(log: str) -> NoReturn:
    if any(panic in log for panic in _PANICS):
        raise NoVulkan(
            "The Rerun viewer found no Vulkan driver to draw with: install one, for instance "
            "Debian's mesa-vulkan-drivers, which needs no GPU."
        )
    raise RuntimeError(f"The Rerun viewer is gone and said last:\n{log}")


def _still_picture(client: ViewerClient) -> bytes:
    shots: list[bytes] = []

    def still() -> bool:
        shots.append(client.take_screenshot())
        return len(shots) > _SAME and len(set(shots[-_SAME:])) == 1

    _until(still, "a picture that stands still")
    return shots[-1]


def _until(fact: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not fact():
        if time.monotonic() > deadline:
            raise TimeoutError(f"The viewer was not done with {what} within {_PATIENCE:.0f} s.")
        time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
