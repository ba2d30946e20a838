"""Small pieces of a blueprint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import rerun.blueprint as rrb


def entity(path: str, below: str = "") -> str:
    """The name of a path in Rerun, escaped; below another one if that is given."""
    import rerun as rr

    parts = path.split("/")
    return str(rr.new_entity_path([below, *parts] if below else parts))


def tabs(views: Sequence[rrb.Container | rrb.View], name: str) -> list[rrb.Container | rrb.View]:
    """Views behind each other, the first in front; one or none needs no tabs."""
    import rerun.blueprint as rrb

    return [rrb.Tabs(*views, active_tab=0, name=name)] if len(views) > 1 else [*views]


def row(views: Sequence[rrb.Container | rrb.View], name: str) -> list[rrb.Container | rrb.View]:
    """Views side by side; one or none needs no row."""
    import rerun.blueprint as rrb

    return [rrb.Horizontal(*views, name=name)] if len(views) > 1 else [*views]


def grid(views: Sequence[rrb.Container | rrb.View], name: str) -> list[rrb.Container | rrb.View]:
    """Views in as many columns as keep their cells large; one or none needs no grid."""
    import rerun.blueprint as rrb

    if len(views) < 2:  # noqa: PLR2004
        return [*views]
    columns = 2 if len(views) <= 4 else 3 if len(views) <= 9 else 4  # noqa: PLR2004
    return [rrb.Grid(*views, grid_columns=columns, name=name)]
