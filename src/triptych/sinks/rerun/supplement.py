"""`Supplement`: what is added to a recording that was cut off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from triptych.dashboard import PHASE
from triptych.sinks.rerun.phases import phase_colours
from triptych.sinks.rerun.sink import RerunSink

_IN_MEMORY = 16  # chunks, of some megabytes at most


class Supplement(RerunSink):
    """A file of rows with the ids of a recording, and a layout that knows that recording too.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)

    def remember(
        self,
        numbers: Iterable[tuple[str, int, int, float]],
        archetypes: Mapping[str, Iterable[str]],
        phases: Iterable[str],
    ) -> None:
        """Know what the recording holds, before `open`.

        Args:
            numbers: Path, how many, step and value of the newest.
            archetypes: Names of Rerun's classes at each path.
            phases: All that there were, in the order of their beginning.
        """
        self._seen.remember(numbers, archetypes, phases)

    def copy(self, chunks: Iterable[Any]) -> None:
        """Take over rows of recordings as they are, after `open`.

        Args:
            chunks: `rerun.chunk.Chunk` each.
        """
        for count, chunk in enumerate(chunks, 1):
            self._lanes.stream.send_chunks(chunk)
            if count % _IN_MEMORY == 0:  # Rerun's queue to the file has no end (0.41)
                self._lanes.stream.flush()
        if self._seen.phases:  # each recording has colours only for its own
            self._lanes.always(PHASE, phase_colours(self._seen.phases))
