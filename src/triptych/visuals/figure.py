"""Figures of matplotlib and of plotly."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from triptych.visuals.image import Image
from triptych.visuals.visual import changed, set_fields


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Figure:
    """A figure that another package has drawn.

    One of matplotlib becomes a picture in `own`, on the training thread (tens of milliseconds),
    because it may change or be closed before a worker comes to it. One of plotly becomes JSON
    there, and stays interactive where a back end can show that.

    Attributes:
        source: What was passed; None after `own`.
        caption: One line below the picture, or None.
        picture: After `own`, a figure of matplotlib as it was drawn; else None.
        plotly: After `own`, a figure of plotly as its JSON; else None.
    """

    source: Any = field(repr=False)
    caption: str | None
    picture: Image | None
    plotly: str | None = field(repr=False)

    def __init__(self, source: Any, caption: str | None = None) -> None:
        """Look at the type; nothing is drawn yet.

        Args:
            source: A `matplotlib.figure.Figure`, or a figure of plotly.
            caption: One line of text; W&B shows none with a figure of plotly.

        Raises:
            TypeError: Another kind of figure, or a caption which is not a string.
        """
        if not is_figure(source):
            raise TypeError(
                f"figure must be one of matplotlib or plotly, not {type(source).__name__}: pass "
                f"its picture, triptych.Image(...)."
            )
        if not (caption is None or isinstance(caption, str)):
            raise TypeError(f"caption must be a string, not {caption!r}: pass str(caption).")
        set_fields(self, source=source, caption=caption, picture=None, plotly=None)

    @property
    def nbytes(self) -> int:
        """Bytes of the picture, or of the JSON; before `own`, as many as a picture may have."""
        if self.picture is not None:
            return self.picture.nbytes
        if self.plotly is not None:
            return len(self.plotly)
        if not _is_matplotlib(self.source):
            return 0
        width, height = self.source.get_size_inches() * self.source.dpi
        return int(width * height * 4)

    def own(self) -> Self:
        """Draw a figure of matplotlib, and leave it as it was; write down one of plotly."""
        if self.source is None:
            return self
        owned = changed(self, source=None)
        if _is_matplotlib(self.source):
            set_fields(owned, picture=Image(_draw(self.source), caption=self.caption))
        else:
            set_fields(owned, plotly=self.source.to_json())
        return owned


def is_figure(value: object) -> bool:
    """Whether the value is a figure; neither package is imported to find out."""
    return _is_matplotlib(value) or _is_a("plotly.basedatatypes", "BaseFigure", value)


def _is_matplotlib(value: object) -> bool:
    return _is_a("matplotlib.figure", "Figure", value)


def _is_a(module: str, name: str, value: object) -> bool:
    # Nobody can hold a figure unless its package is imported.
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(value, kind)


def _draw(figure: Any) -> npt.NDArray[np.uint8]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    # A canvas without pixels (PDF, SVG, none at all) steps aside for one drawing.
    canvas: Any = figure.canvas
    agg: Any = canvas if isinstance(canvas, FigureCanvasAgg) else FigureCanvasAgg(figure)
    try:
        agg.draw()
        return np.array(agg.buffer_rgba())
    finally:
        figure.set_canvas(canvas)
