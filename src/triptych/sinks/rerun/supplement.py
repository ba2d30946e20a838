"""`Supplement`: what is added to a recording that was cut off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from triptych.sinks.rerun.sink import RerunSink

_OURS = ("run/", "log10/")
_WORDS = "TextLog"
_NUMBERS = "Scalars"


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
        visuals = {path for path, names in archetypes.items() if set(names) - {_WORDS, _NUMBERS}}
        whole = {path: _above(path, visuals) for path in archetypes}
        for path, count, step, value in numbers:
            if not (path.startswith(_OURS) or whole.get(path)):
                self._seen.count(path, count, step, value)
        for path, names in archetypes.items():
            above = whole[path]
            for name in names:
                if name == _WORDS:
                    self._seen.words = True
                elif above:
                    self._seen.add(above, path.removeprefix(f"{above}/"), name)
                elif name != _NUMBERS and not path.startswith(_OURS):
                    self._seen.add(path, "", name)
        self._seen.phases.extend(phases)


def _above(path: str, visuals: Iterable[str]) -> str:
    """The visual that the entity at a path is a part of; "" if it is none's."""
    return min((one for one in visuals if path.startswith(f"{one}/")), key=len, default="")
