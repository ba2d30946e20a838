"""`open_run` and `RunReader`: a run read back from its folder, as arrays, frames and pictures."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from triptych.archive.alive import status_of
from triptych.archive.curve import Curve
from triptych.archive.find import find_run
from triptych.archive.folder import RunFolder
from triptych.archive.gap import lines_beside, numbers_beside
from triptych.archive.plain import JSON
from triptych.archive.recording import Recording, recordings_of
from triptych.archive.rows import Line, Picture, curves_of, kind, lines, pictures
from triptych.archive.tail import Tail, journals, read_tail

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    import pyarrow as pa
    from PIL.Image import Image


def open_run(
    run: str | os.PathLike[str] = "latest", *, root: str | os.PathLike[str] = "runs"
) -> RunReader:
    """Read a run back, while it goes on or after its end, however it ended.

    Args:
        run: A run id, the beginning or the end of exactly one, the path of a run folder, or
            "latest".
        root: Where all projects live.

    Raises:
        ValueError: There is no such run, or its run.json is damaged.
    """
    return RunReader(find_run(run, root))


class RunReader:
    """What a run has left on disk. Reads when asked, and keeps the numbers.

    Attempts are merged: where they overlap in steps, numbers and pictures are those of the later
    attempt. Made by `triptych.open_run`.

    Args:
        folder: Of the run.

    Attributes:
        folder: Of the run.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._story = folder.read_json()

    def __repr__(self) -> str:
        return f"<RunReader(id={self.id!r}, status={self.status!r})>"

    @property
    def id(self) -> str:
        """Folder name, W&B run id, and with the attempt Rerun recording id."""
        return self.folder.id

    @property
    def config(self) -> dict[str, JSON]:
        """The configuration, secrets masked."""
        return _mapping(self._story.get("config"))

    @property
    def status(self) -> str:
        """One of "running", "finished", "failed", "interrupted", "killed"."""
        return status_of(self.folder, self._story)

    @property
    def attempts(self) -> list[dict[str, JSON]]:
        """What run.json says of each attempt: times, status, step, error, traceback."""
        told = self._story.get("attempts")
        return [_mapping(one) for one in told] if isinstance(told, list) else []

    @property
    def provenance(self) -> dict[str, JSON]:
        """Where the newest attempt came from: command, commit, packages, machine."""
        return _mapping(self.attempts[-1].get("provenance")) if self.attempts else {}

    @property
    def paths(self) -> dict[str, str]:
        """What there is at each path: "numbers", "pictures", "texts", or a Rerun archetype.

        What lies over a picture (its boxes, say) has a path of its own below it.
        """
        found: dict[str, set[str]] = {}
        for recording in self._recordings:
            for path, components in recording.kinds().items():
                found.setdefault(path, set()).update(components)
        kinds = {path: kind(components) for path, components in found.items()}
        for tail in self._tails:
            kinds |= {path: "numbers" for columns in tail.columns for path in columns.paths}
        kinds |= {line.path: "texts" for line in lines_beside(self._tails, ())}
        return dict(sorted(kinds.items()))

    def scalars(self, path: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """A curve.

        Returns:
            Steps and values, both (N,), sorted by step and, within a step, by time.

        Raises:
            KeyError: No number was logged there. The message names the paths that come nearest.
        """
        curve = self.curves.get(path)
        if curve is None:
            raise KeyError(_unknown(path, self.curves, "numbers"))
        return curve.steps, curve.values  # noqa: PD011  # no pandas

    @cached_property
    def curves(self) -> dict[str, Curve]:
        """The numbers at each path with all their times, attempts merged."""
        attempts: dict[int, dict[str, list[Curve]]] = {}
        recorded = {one.attempt: one.curves() for one in self._recordings}
        for attempt, curves in recorded.items():
            attempts[attempt] = {path: [curve] for path, curve in curves.items()}
        for attempt, columns in numbers_beside(self._tails, recorded.values()):
            here = attempts.setdefault(attempt, {})
            for path, curve in curves_of(columns, attempt):
                here.setdefault(path, []).append(curve)
        found: dict[str, list[Curve]] = {}
        for _, here in sorted(attempts.items()):
            for path, parts in here.items():
                found.setdefault(path, []).append(Curve.joined(parts))
        return {path: Curve.merged(found[path]) for path in sorted(found)}

    def table(self) -> pa.Table:
        """All numbers as an Arrow table, a row for each.

        Returns:
            Columns: path (dictionary of strings), step (int64), epoch (int64, null outside epochs),
            log_time (timestamp of nanoseconds, UTC), attempt (int64), value (float64). Sorted by
            path and step.
        """
        import numpy as np
        import pyarrow as pa

        paths, curves = list(self.curves), list(self.curves.values())
        whole = Curve.stacked(curves)
        places = np.repeat(np.arange(len(curves), dtype=np.int32), [len(one) for one in curves])
        return pa.table(
            {
                "path": pa.DictionaryArray.from_arrays(places, pa.array(paths, pa.string())),
                "step": whole.steps,
                "epoch": pa.array(whole.epochs, mask=whole.epochs < 0),
                "log_time": pa.array(whole.times).cast(pa.timestamp("ns", "UTC")),
                "attempt": whole.attempts,
                "value": whole.values,  # noqa: PD011  # no pandas
            }
        )

    def frame(self) -> pd.DataFrame:
        """All numbers as a pandas data frame: `table`, its epochs as nullable integers.

        One column for each path: `frame.pivot_table("value", "step", "path", aggfunc="last")`.

        Raises:
            ImportError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError(
                "frame() needs pandas: pip install pandas, or use table() for an Arrow table."
            ) from error
        frame: pd.DataFrame = self.table().to_pandas()
        return frame.astype({"epoch": pd.Int64Dtype()})

    def texts(self, path: str | None = None) -> list[Line]:
        """Log lines, events, errors and logged texts of all attempts, in the order of time.

        Args:
            path: Only what was logged there.
        """
        found = [line for one in self._recordings for line in lines(one, path)]
        more = lines_beside(self._tails, found)
        found += [line for line in more if path in (None, line.path)]
        return sorted(found, key=lambda line: (line.attempt, line.time))

    def images(self, path: str) -> list[tuple[int, Image]]:
        """The pictures at a path as (step, PIL image), sorted by step; decoded when looked at.

        In the mode they were packed in: RGB, RGBA, or L where every pixel is grey;
        `image.convert("RGB")` makes them alike.

        Raises:
            KeyError: No picture was logged there. The message names the paths that come nearest.
        """
        found = self.pictures(path).get(path)
        if found is None:
            known = [name for name, what in self.paths.items() if what == "pictures"]
            raise KeyError(_unknown(path, known, "pictures"))
        return [(picture.step, picture.image) for picture in found]

    def pictures(self, path: str | None = None) -> dict[str, list[Picture]]:
        """The pictures at each path with all their times, sorted by step, attempts merged.

        Args:
            path: Only what was logged there.
        """
        merged: dict[str, list[Picture]] = {}
        for recording in self._recordings:
            later: dict[str, list[Picture]] = {}
            for where, picture in pictures(recording, path):
                later.setdefault(where, []).append(picture)
            for where, new in later.items():
                first, last = min(p.step for p in new), max(p.step for p in new)
                kept = [p for p in merged.get(where, []) if not first <= p.step <= last]
                merged[where] = sorted(kept + new, key=lambda p: (p.step, p.time))
        return merged

    def log_tail(self, count: int = 20) -> list[str]:
        """The last lines of train.log; none where there is no such file."""
        if not self.folder.log.is_file():
            return []
        with self.folder.log.open(encoding="utf-8", errors="replace") as file:
            return [line.rstrip("\n") for line in deque(file, maxlen=count)]

    @cached_property
    def _tails(self) -> list[Tail]:
        """What a process that was killed, or goes on, may not have recorded yet."""
        return [read_tail(journal) for journal in journals(self.folder)]

    @cached_property
    def _recordings(self) -> list[Recording]:
        _ = self._tails  # before: what leaves a journal from now on is in its recording
        return recordings_of(self.folder)


def _mapping(value: JSON) -> dict[str, JSON]:
    return value if isinstance(value, dict) else {}


def _unknown(path: str, known: Iterable[str], what: str) -> str:
    from difflib import get_close_matches

    names = list(known)
    near = get_close_matches(path, names, n=3, cutoff=0.4) or names[:3]
    found = f"the nearest are {', '.join(map(repr, near))}" if near else f"there are no {what}"
    return f"no {what} at {path!r}: {found}; all paths are in `paths`"
