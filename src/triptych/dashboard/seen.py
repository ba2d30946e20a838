"""`Seen`: the paths of a recording, and what lies there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

_OURS = ("run/", "log10/")
_WORDS = "TextLog"
_NUMBERS = "Scalars"

FEW = 50  # points that can be told apart, and that a line alone may hide

_KINDS = {
    "AssetAudio": "audio",
    "AssetVideo": "flat",
    "BarChart": "bars",
    "GeoLineStrings": "map",
    "GeoPoints": "map",
    "GraphEdges": "graph",
    "GraphNodes": "graph",
    "GridMap": "deep",
    "Measurements": "curve",
    "Pinhole": "deep",
    "Scalars": "curve",
    "StateChange": "states",
    "Tensor": "tensor",
    "TextDocument": "document",
    "TextLog": "words",
    "VideoFrameReference": "flat",
    "VideoStream": "flat",
    "VoxelGridMap": "deep",
}


def kind_of(archetype: str) -> str | None:
    """What sort of view shows an archetype, by the name of its class; None where none does."""
    if archetype.endswith("3D"):
        return "deep"
    if archetype.endswith(("2D", "Image")):
        return "flat"
    return _KINDS.get(archetype)


@dataclass
class Number:
    """The values at one path.

    Attributes:
        count: How many there are.
        step: Of the newest.
        value: The newest.
    """

    count: int = 0
    step: int = 0
    value: float = 0.0


@dataclass
class Seen:
    """What a recording holds so far; nothing ever leaves it.

    Attributes:
        numbers: By path, in the order of their first value.
        shown: Sorts of views ("flat", "deep", "bars", "document", …) for each path of visuals, in
            the order of their first record.
        bands: Parts with numbers below a path of visuals, such as "bands/p50".
        phases: All that there were, in the order of their beginning.
        words: Whether a line was logged, or an event, or an error.
        settings: Whether the run has a configuration.
    """

    numbers: dict[str, Number] = field(default_factory=dict)
    shown: dict[str, set[str]] = field(default_factory=dict)
    bands: dict[str, set[str]] = field(default_factory=dict)
    phases: list[str] = field(default_factory=list)
    words: bool = False
    settings: bool = False

    def count(self, path: str, count: int, step: int, value: float) -> None:
        """Note `count` more values at a path, and the newest of them."""
        number = self.numbers.setdefault(path, Number())
        number.count += count
        number.step, number.value = step, value

    def add(self, path: str, part: str, archetype: str) -> None:
        """Find a place for a visual.

        Args:
            path: Of the visual.
            part: The name of the entity below it, "" for the path itself.
            archetype: Name of the Rerun class that was logged there.
        """
        kind = kind_of(archetype)
        if kind == "curve" and part:
            self.bands.setdefault(path, set()).add(part)
        elif kind is not None:
            self.shown.setdefault(path, set()).add(kind)

    def remember(
        self,
        numbers: Iterable[tuple[str, int, int, float]],
        archetypes: Mapping[str, Iterable[str]],
        phases: Iterable[str],
    ) -> None:
        """Know what a recording holds, as it was read back.

        Args:
            numbers: Path, how many, step and value of the newest.
            archetypes: Names of Rerun's classes at each path.
            phases: All that there were, in the order of their beginning.
        """
        visuals = {path for path, names in archetypes.items() if set(names) - {_WORDS, _NUMBERS}}
        whole = {path: _above(path, visuals) for path in archetypes}
        for path, count, step, value in numbers:
            if not (path.startswith(_OURS) or whole.get(path)):
                self.count(path, count, step, value)
        for path, names in archetypes.items():
            above = whole[path]
            for name in names:
                if name == _WORDS:
                    self.words = True
                elif above:
                    self.add(above, path.removeprefix(f"{above}/"), name)
                elif name != _NUMBERS and not path.startswith(_OURS):
                    self.add(path, "", name)
        self.phases.extend(phases)

    def at(self, kind: str) -> list[str]:
        """The paths with such a view; what has a scene has no flat picture beside it."""
        return [
            path
            for path, kinds in self.shown.items()
            if kind in kinds and not (kind == "flat" and "deep" in kinds)
        ]

    def only(self, keep: Callable[[str], bool]) -> Self:
        """Just the paths that `keep` says yes to."""
        return replace(
            self,
            numbers={path: number for path, number in self.numbers.items() if keep(path)},
            shown={path: kinds for path, kinds in self.shown.items() if keep(path)},
            bands={path: parts for path, parts in self.bands.items() if keep(path)},
        )

    def outline(self) -> tuple[int, ...]:
        """A summary that differs once the layout would."""
        return (
            len(self.numbers),
            sum((number.count > 1) + (number.count > FEW) for number in self.numbers.values()),
            sum(1 + len(kinds) for kinds in self.shown.values()),
            sum(map(len, self.bands.values())),
            len(self.phases),
            self.words,
            self.settings,
        )


def _above(path: str, visuals: Iterable[str]) -> str:
    """The visual that the entity at a path is a part of; "" if it is none's."""
    return min((one for one in visuals if path.startswith(f"{one}/")), key=len, default="")
