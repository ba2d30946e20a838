"""Pictures of a recording as the viewer shows it, taken while the run is open."""

from __future__ import annotations

import logging
import re
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from triptych.viewer.headless import NoVulkan, open_viewer

if TYPE_CHECKING:
    from triptych.visuals import Image

log = logging.getLogger("triptych")


def take_snapshot(
    recording: Path, folder: Path, *, view: str | None, step: int | None, timeout: float
) -> tuple[Path, Image] | None:
    """Take a picture, and keep it as a PNG file.

    Args:
        recording: A file that is flushed; it may still be written to.
        folder: Where the picture goes; made if it is missing.
        view: The name of one view or its path; None for the whole window.
        step: Which step to show; None for the last.
        timeout: Seconds that each of starting, loading and settling may take.

    Returns:
        The file and the same as a visual; None if there is no picture, which is logged with the
        reason.
    """
    try:
        with open_viewer(patience=timeout) as viewer:
            viewer.open(recording)
            viewer.go_to(step)
            png = viewer.look(view).png
        folder.mkdir(mode=0o700, exist_ok=True)
        name = re.sub(r"[^\w.-]+", "-", view or "dashboard").strip("-.")[:80] or "view"
        file = folder / f"{name}-{'end' if step is None else f'step-{step}'}.png"
        file.write_bytes(png)
    except (NoVulkan, LookupError, TimeoutError, OSError, RuntimeError) as why:
        log.warning("There is no snapshot of the recording: %s", why)
        return None
    from PIL import Image as Picture

    from triptych.visuals import Image

    with Picture.open(BytesIO(png)) as picture:
        return file, Image(picture.convert("RGB"), caption=view)
