"""A viewer that somebody started: what is opened in it, and pictures of what it shows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from triptych.viewer.legible import boxed, legible, spelled
from triptych.viewer.program import program

if TYPE_CHECKING:
    from rerun.experimental import ViewerClient

_SAME = 3  # pictures in a row that must be equal


@dataclass(frozen=True, slots=True)
class View:
    """One panel of the layout.

    Attributes:
        name: What stands above it.
        kind: Rerun's class: "TimeSeries", "2D", "3D", "TextLog", "TextDocument", "BarChart", …
        origin: The entity it looks at, "/" for all.
        reports: What it could not show, as "error: …" or "warning: …". A view behind another tab
            is not drawn and reports nothing.
    """

    name: str
    kind: str
    origin: str
    reports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sight:
    """What the viewer shows of a recording, once its picture stands still.

    Attributes:
        views: The panels, sorted by name.
        png: The picture of the whole window, or of the one view asked for.
        errors: The viewer's own log lines of level ERROR.
    """

    views: tuple[View, ...]
    png: bytes
    errors: tuple[str, ...]

    @property
    def problems(self) -> list[str]:
        """Everything that a view or the viewer complained of; empty when all is well."""
        return [f"{view.name}: {r}" for view in self.views for r in view.reports] + [*self.errors]


class Viewer:
    """A viewer that runs without a window. Made by `open_viewer`.

    Args:
        client: Connected to it.
        patience: Seconds that each of loading, settling and starting may take.
    """

    def __init__(self, client: ViewerClient, patience: float) -> None:
        self._client = client
        self._patience = patience
        self._settled = False

    def open(self, recording: Path) -> None:
        """Load a recording, with or without a footer, and the layout in it.

        Raises:
            TimeoutError: If that takes too long.
        """
        with TemporaryDirectory() as copies:
            for file in legible(recording.resolve(), Path(copies), program()):
                self._client.open(str(file))
                if file.suffix == ".rrd":
                    self.wait()
        self._client.run_command("ui.toggle_top_panel")  # menus, and a warning of slow drawing

    def wait(self) -> None:
        """Wait until there is a recording, and everything is loaded.

        Raises:
            TimeoutError: If that takes too long.
        """

        def loaded() -> bool:
            state = self._client.get_state()
            return bool(state.recordings) and not state.loading

        self._until(loaded, "loading")

    def go_to(self, step: int | None = None, timeline: str = "step") -> None:
        """Move the time cursor; None is the end.

        Raises:
            LookupError: If the recording has no such timeline, or it does not reach to that step.
        """
        recordings = self._client.get_state().recordings
        lines = {line.name: line for one in recordings for line in one.timelines}
        if timeline not in lines:
            raise LookupError(f"The recording has no timeline {timeline!r}, but {sorted(lines)}.")
        first, last = lines[timeline].start or 0, lines[timeline].end or 0
        if step is not None and not min(first, 0) <= step <= last:
            raise LookupError(f"There is no step {step}: the recording has {first} to {last}.")
        to = last if step is None else step
        self._client.set_time(timeline, sequence=to, play_state="paused")

    def look(self, view: str | None = None) -> Sight:
        """Wait until the picture stands still, and take it.

        Args:
            view: The name of one view, or a path that it shows. It is shown alone, also if it is
                behind another tab. None is the whole window.

        Raises:
            LookupError: If no view has that name.
            TimeoutError: If the picture does not come to rest.
        """
        if view is None:
            return self._sight(self._still())
        if not self._settled:  # before that, the viewer denies that views exist
            self._still()
        view_id = self._find(view)
        with self._alone(view_id):
            self._still()
            return self._sight(self._client.take_screenshot(view_id))

    def _find(self, view: str) -> str:
        views = self._client.get_state().views
        name, path = boxed(view), spelled(view).strip("/")
        named = [one for one in views if one.name.casefold() == name.casefold()]
        placed = [one for one in views if one.origin.strip("/") == path]
        wanted = [one for one in named if one in placed] or named or placed
        if not wanted:  # it may be one of several curves
            layout = self._client.get_blueprint("recording").blueprint
            wanted = [one for one in views if f"/{path}" in _query(layout, one.view_id)]
        if not wanted:
            names = ", ".join(sorted(repr(one.name) for one in views))
            raise LookupError(f"There is no view {view!r}; there are {names}.")
        return wanted[0].view_id

    @contextmanager
    def _alone(self, view_id: str) -> Iterator[None]:
        """Show one view in place of the layout: one behind another tab is not drawn (0.41)."""
        layout = self._client.get_blueprint("recording").blueprint
        viewport = layout["/viewport"]
        alone = {**viewport["ViewportBlueprint"], "maximized": view_id}
        changed = {**layout, "/viewport": {**viewport, "ViewportBlueprint": alone}}
        if "TimePanelBlueprint" in layout.get("/time_panel", {}):  # as it comes back, it overlaps
            panel = {**layout["/time_panel"]["TimePanelBlueprint"], "state": "Hidden"}
            changed["/time_panel"] = {"TimePanelBlueprint": panel}
        self._client.set_blueprint(changed, "recording")
        yield
        self._client.set_blueprint(layout, "recording")

    def _sight(self, png: bytes) -> Sight:
        views = [
            View(
                name=one.name,
                kind=one.view_class,
                origin=one.origin,
                reports=tuple(f"{report.severity}: {report.summary}" for report in one.reports),
            )
            for one in self._client.get_state().views
        ]
        errors = tuple(line.message for line in self._client.get_logs() if line.level == "ERROR")
        return Sight(tuple(sorted(views, key=lambda one: one.name)), png, errors)

    def _still(self) -> bytes:
        shots: list[bytes] = []

        def still() -> bool:
            shots.append(self._client.take_screenshot())
            return len(shots) >= _SAME and len(set(shots[-_SAME:])) == 1

        self._until(still, "a picture that stands still")
        self._settled = True
        return shots[-1]

    def _until(self, fact: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + self._patience
        while not fact():
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"The viewer was not done with {what} within {self._patience:.0f} s."
                )
            time.sleep(0.2)


def _query(layout: Mapping[str, Any], view_id: str) -> list[str]:
    """The entities that a view asks for by name."""
    contents = layout.get(f"/view/{view_id}/ViewContents", {}).get("ViewContents", {})
    query = contents.get("query", [])
    return [query] if isinstance(query, str) else list(query)
