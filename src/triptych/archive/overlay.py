"""`overlay`: several runs as one recording, which the viewer cannot make of them itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from triptych.archive.comparison import Comparison, compare
from triptych.archive.course import main_paths
from triptych.archive.folder import RunFolder
from triptych.archive.gap import Known, known_of
from triptych.archive.merge import merged
from triptych.archive.recording import recordings_of
from triptych.dashboard import Seen
from triptych.dashboard.comparison import DIFFERENCES, comparison_blueprint
from triptych.sinks.rerun.pages import table

_MOST_NUMBERS = 50  # a page longer than that is not read


def overlay(folders: Sequence[RunFolder], to: Path) -> Path:
    """Put runs over each other: in one plot for each path, in one row for each picture.

    All that a run has logged lies below its label, and a page says in what the runs differ.

    Args:
        folders: Two runs or more.
        to: The .rrd file to write.

    Returns:
        `to`.

    Raises:
        FileNotFoundError: A run has no recording.
        ValueError: A run.json or a recording is damaged.
        OSError: A file cannot be read or written.
    """
    import rerun as rr
    from rerun.chunk import RrdReader

    found = compare(folders)
    stream = rr.RecordingStream("Triptych comparison", send_properties=False)
    stream.save(str(to))
    seen = {}
    for name, folder in zip(found.runs, folders, strict=True):
        recordings = recordings_of(folder)
        known = Known.joined([known_of(one, one.curves()) for one in recordings])
        seen[name] = Seen()
        seen[name].remember(known.numbers, known.archetypes, known.phases)
        with TemporaryDirectory(dir=to.parent) as place:
            part = merged(folder.path, Path(place, "part.rrd"), under=name)
            stream.send_chunks(RrdReader(part).stream())
    page = rr.TextDocument("\n".join(_page(found)), media_type=rr.MediaType.MARKDOWN)
    stream.log(DIFFERENCES, page, static=True)
    stream.send_recording_name(" | ".join(found.runs))
    stream.send_blueprint(comparison_blueprint(seen))
    stream.disconnect()
    return to


def _page(found: Comparison) -> list[str]:
    """Markdown."""
    labels = list(found.runs)
    stand = [(label, run.status, run.step) for label, run in found.runs.items()]
    lines = table(["run", "status", "step"], stand)
    rows = [(name, *(row.get(one, "-") for one in labels)) for name, row in found.settings.items()]
    lines += table(["setting", *labels], rows)
    numbers = []
    for path in main_paths(found.courses)[:_MOST_NUMBERS]:
        courses = found.courses[path]
        last = [f"{courses[one].last.value:.5g}" if one in courses else "-" for one in labels]
        numbers.append((path, *last))
    lines += table(["newest", *labels], numbers)
    for name, row in found.origin.items():  # often long: below each other
        lines += table([name, ""], row.items())
    return lines
