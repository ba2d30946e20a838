"""The default Rerun blueprint, built from the paths seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import rerun.blueprint as rrb

CONFIG = "run/config"
LOGS = "logs"
EVENTS = "events"
ERRORS = "errors"

_MOST_PICTURES = 6  # views side by side; more would be stamps, and the tree has them all


@dataclass
class Dashboard:
    """What there is to show, and how it is laid out for somebody who sees it for the first time.

    Attributes:
        numbers: Paths of numbers.
        pictures: Paths with something two-dimensional.
        bars: Paths of histograms.
        documents: Paths of texts and tables.
    """

    numbers: set[str] = field(default_factory=set)
    pictures: set[str] = field(default_factory=set)
    bars: set[str] = field(default_factory=set)
    documents: set[str] = field(default_factory=set)

    def size(self) -> int:
        """How many paths it knows: a larger number means that it has changed."""
        return len(self.numbers) + len(self.pictures) + len(self.bars) + len(self.documents)

    def blueprint(self) -> rrb.Blueprint:
        """Losses and other numbers left, pictures right, words and configuration below."""
        import rerun.blueprint as rrb

        left = [view for view in (self._losses(), self._others()) if view is not None]
        right = [*self._pictures(), *self._bars(), *self._documents()]
        columns: list[rrb.Container | rrb.View] = []
        if left:
            columns.append(rrb.Vertical(*left, name="Numbers"))
        if right:
            columns.append(rrb.Grid(*right, name="Pictures"))
        words = rrb.Horizontal(
            rrb.TextLogView(
                name="Words",
                origin="/",
                contents=[f"/{LOGS}/**", f"/{EVENTS}/**", f"/{ERRORS}/**"],
            ),
            rrb.TextDocumentView(name="Config", origin=f"/{CONFIG}"),
            column_shares=[3, 1],
            name="Words",
        )
        rows = (
            [rrb.Horizontal(*columns, name="Numbers and pictures"), words] if columns else [words]
        )
        return rrb.Blueprint(
            rrb.Vertical(*rows, row_shares=[7, 3] if columns else None, name="Triptych"),
            rrb.TimePanel(timeline="step", state="collapsed", play_state="following"),
            rrb.SelectionPanel(state="collapsed"),
            rrb.BlueprintPanel(state="collapsed"),
            auto_views=False,
            auto_layout=False,
        )

    def _losses(self) -> rrb.View | None:
        paths = sorted(path for path in self.numbers if _is_loss(path))
        return _curves("Loss", paths) if paths else None

    def _others(self) -> rrb.Container | rrb.View | None:
        """One tab for each last name, so that train/acc and val/acc share a picture."""
        import rerun.blueprint as rrb

        groups: dict[str, list[str]] = {}
        for path in sorted(self.numbers):
            if not _is_loss(path):
                groups.setdefault(path.rpartition("/")[2], []).append(path)
        views = [_curves(name, paths) for name, paths in groups.items()]
        if len(views) > 1:
            return rrb.Tabs(*views, active_tab=0, name="Other numbers")
        return views[0] if views else None

    def _pictures(self) -> list[rrb.View]:
        import rerun.blueprint as rrb

        return [
            rrb.Spatial2DView(name=path, origin=_entity(path))
            for path in sorted(self.pictures)[:_MOST_PICTURES]
        ]

    def _bars(self) -> list[rrb.View]:
        import rerun.blueprint as rrb

        return [rrb.BarChartView(name=path, origin=_entity(path)) for path in sorted(self.bars)]

    def _documents(self) -> list[rrb.View]:
        import rerun.blueprint as rrb

        return [
            rrb.TextDocumentView(name=path, origin=_entity(path)) for path in sorted(self.documents)
        ]


def _is_loss(path: str) -> bool:
    return "loss" in path.rpartition("/")[2].lower()


def _curves(name: str, paths: list[str]) -> rrb.View:
    import rerun as rr
    import rerun.blueprint as rrb

    # A number that comes once an epoch is a few points: without markers it would hardly be seen.
    sparse = [path for path in paths if not path.startswith("train/")]
    return rrb.TimeSeriesView(
        name=name,
        origin="/",
        contents=[_entity(path) for path in paths],
        axis_y=rrb.ScalarAxis(zoom_lock=False),
        plot_legend=rrb.PlotLegend(visible=True),
        overrides={
            **{_entity(path): rr.SeriesLines(names=path) for path in paths},
            **{
                _entity(path): [rr.SeriesLines(names=path), rr.SeriesPoints(marker_sizes=3)]
                for path in sparse
            },
        },
    )


def _entity(path: str) -> str:
    import rerun as rr

    return str(rr.new_entity_path(path.split("/")))
