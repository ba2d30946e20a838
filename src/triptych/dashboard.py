"""The default Rerun blueprint, built from the paths seen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import rerun.blueprint as rrb

CONFIG = "run/config"
LOGS = "logs"
EVENTS = "events"
ERRORS = "errors"

_MOST_PICTURES = 6  # views side by side; more would be stamps, and the tree has them all
_PHASES = frozenset({"train", "val", "valid", "validation", "eval", "test"})
_FEW = 50  # points that can be told apart, and that a line alone may hide

# Apart from each other also for most people who do not tell red from green.
_COLOURS = (
    (90, 160, 240),
    (245, 160, 60),
    (95, 200, 150),
    (225, 110, 160),
    (165, 135, 235),
    (225, 205, 95),
    (110, 205, 225),
    (170, 170, 170),
)


@dataclass
class Dashboard:
    """What there is to show, and how it is laid out for somebody who sees it for the first time.

    Attributes:
        numbers: How many values each path of numbers has.
        pictures: Paths with something two-dimensional.
        scenes: Paths with something three-dimensional.
        bars: Paths of histograms.
        documents: Paths of texts and tables.
    """

    numbers: Counter[str] = field(default_factory=Counter)
    pictures: set[str] = field(default_factory=set)
    scenes: set[str] = field(default_factory=set)
    bars: set[str] = field(default_factory=set)
    documents: set[str] = field(default_factory=set)

    def outline(self) -> tuple[int, ...]:
        """A summary that differs once the blueprint would: what is seen never leaves it again."""
        seen = (self.numbers, self.pictures, self.scenes, self.bars, self.documents)
        return (*map(len, seen), sum(count > _FEW for count in self.numbers.values()))

    def add(self, path: str, part: str, archetype: str) -> None:
        """Find a place for a visual.

        Args:
            path: Of the visual.
            part: The name of the entity below it, "" for the path itself.
            archetype: Name of the Rerun class that was logged there.
        """
        name = archetype if not part else ""
        if name.endswith("3D"):
            self.scenes.add(path)
        elif name.endswith(("2D", "Image")):
            self.pictures.add(path)
        elif name == "BarChart":
            self.bars.add(path)
        elif name == "TextDocument":
            self.documents.add(path)

    def blueprint(self) -> rrb.Blueprint:
        """Losses and other numbers left, pictures right, words and configuration below."""
        import rerun.blueprint as rrb

        left = [*self._losses(), *self._others()]
        right = [*self._pictures(), *self._tables()]
        columns: list[rrb.Container | rrb.View] = []
        if left:
            columns.append(rrb.Vertical(*left, row_shares=[3, 2][: len(left)], name="Numbers"))
        if right:
            columns.append(rrb.Vertical(*right, row_shares=[2, 1][: len(right)], name="Pictures"))
        words = rrb.Horizontal(
            _words(),
            rrb.TextDocumentView(name="Config", origin=f"/{CONFIG}"),
            column_shares=[2, 1],
            name="Words and config",
        )
        rows = (
            [rrb.Horizontal(*columns, name="Numbers and pictures"), words] if columns else [words]
        )
        return rrb.Blueprint(
            rrb.Vertical(*rows, row_shares=[5, 2][: len(rows)], name="Triptych"),
            rrb.TimePanel(timeline="step", state="collapsed", play_state="following"),
            rrb.SelectionPanel(state="collapsed"),
            rrb.BlueprintPanel(state="collapsed"),
            auto_views=False,
            auto_layout=False,
        )

    def _losses(self) -> list[rrb.View]:
        paths = [path for path in self.numbers if _is_loss(path)]
        import rerun.blueprint as rrb

        # losses fall, so that the corner on the upper right is free
        return [self._curves("Loss", paths, rrb.Corner2D.RightTop)] if paths else []

    def _others(self) -> list[rrb.Container | rrb.View]:
        """One tab for train/acc and val/acc, one for all that begins with time/."""
        import rerun.blueprint as rrb

        groups: dict[str, list[str]] = {}
        for path in sorted(self.numbers):
            if not _is_loss(path):
                groups.setdefault(_subject(path), []).append(path)
        # what is measured in several phases is what a newcomer wants to compare
        ranked = sorted(
            groups.items(),
            key=lambda group: (not _has_phase(group[1][0]), -len(group[1]), group[0]),
        )
        corner = rrb.Corner2D.LeftTop
        views = []
        for name, paths in ranked:
            alone = len(paths) == 1 and not _has_phase(paths[0])
            views.append(self._curves(paths[0] if alone else name, paths, corner))
        return _tabs(views, "Other numbers")

    def _curves(self, name: str, paths: list[str], legend: rrb.Corner2D) -> rrb.View:
        import rerun as rr
        import rerun.blueprint as rrb

        ordered = sorted(paths, key=lambda path: (not path.startswith("train/"), path))
        overrides: dict[Any, Any] = {}
        for place, path in enumerate(ordered):
            colour = _COLOURS[place % len(_COLOURS)]
            line = rr.SeriesLines(names=path, colors=[colour], widths=2)
            points = rr.SeriesPoints(names=path, colors=[colour], marker_sizes=3)
            few = self.numbers[path] <= _FEW
            overrides[_entity(path)] = [line, points] if few else [line]
        return rrb.TimeSeriesView(
            name=name,
            origin="/",
            contents=[_entity(path) for path in ordered],
            axis_y=rrb.ScalarAxis(zoom_lock=False),
            plot_legend=rrb.PlotLegend(legend),
            overrides=overrides,
        )

    def _pictures(self) -> list[rrb.Container | rrb.View]:
        import rerun.blueprint as rrb

        flat = sorted(self.pictures, key=_unseen_first)[:_MOST_PICTURES]
        deep = sorted(self.scenes, key=_unseen_first)[:_MOST_PICTURES]
        views: list[rrb.View] = [
            *(rrb.Spatial2DView(name=path, origin=_entity(path)) for path in flat),
            *(rrb.Spatial3DView(name=path, origin=_entity(path)) for path in deep),
        ]
        if len(views) > 1:
            # two columns are the best use of a tall half, for as long as their cells stay large
            columns = 2 if len(views) <= 4 else 3  # noqa: PLR2004
            return [rrb.Grid(*views, grid_columns=columns, name="Pictures")]
        return [*views]

    def _tables(self) -> list[rrb.Container | rrb.View]:
        import rerun.blueprint as rrb

        views: list[rrb.View] = [
            *(rrb.TextDocumentView(name=at, origin=_entity(at)) for at in sorted(self.documents)),
            *(rrb.BarChartView(name=at, origin=_entity(at)) for at in sorted(self.bars)),
        ]
        return _tabs(views, "Tables and histograms")


def _words() -> rrb.View:
    import rerun.blueprint as rrb

    # The viewer gives all columns but the last hardly any room, and cuts off what does not fit.
    columns = [rrb.encodings.TextLogColumn(kind) for kind in ("LogLevel", "Body", "EntityPath")]
    return rrb.TextLogView(
        name="Words",
        origin="/",
        contents=[f"/{LOGS}/**", f"/{EVENTS}/**", f"/{ERRORS}/**"],
        columns=rrb.TextLogColumns(text_log_columns=columns),
    )


def _tabs(views: list[rrb.View], name: str) -> list[rrb.Container | rrb.View]:
    import rerun.blueprint as rrb

    return [rrb.Tabs(*views, active_tab=0, name=name)] if len(views) > 1 else [*views]


def _has_phase(path: str) -> bool:
    return path.partition("/")[0] in _PHASES


def _subject(path: str) -> str:
    """What a number is about: its last name, or the first where that is no phase."""
    first, _, rest = path.partition("/")
    return rest.rpartition("/")[2] if rest and first in _PHASES else first


def _unseen_first(path: str) -> tuple[bool, str]:
    """Pictures that the model was not trained on say more of it."""
    return path.startswith("train/"), path


def _is_loss(path: str) -> bool:
    return "loss" in path.rpartition("/")[2].lower()


def _entity(path: str) -> str:
    import rerun as rr

    return str(rr.new_entity_path(path.split("/")))
