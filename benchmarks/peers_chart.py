"""The picture of the comparison with peers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from one_way import Measured
from rigs import Triptych

OURS, OTHERS, INK = "#d9480f", "#8a94a6", "#1f2933"


def draw(results: dict[str, list[Measured]], file: Path) -> None:
    """Draw the time of a call, processor time and memory, side by side, as a PNG."""
    figure = Figure(figsize=(9.6, 0.9 + 0.36 * len(results)), dpi=140, layout="constrained")
    FigureCanvasAgg(figure)
    calls, processor, memory = figure.subplots(1, 3, sharey=True, width_ratios=(2, 1, 1))
    ways = list(results)
    colours = [OURS if way.startswith(Triptych.name) else OTHERS for way in ways]
    draw_calls(calls, list(results.values()), colours)
    for axes, name, unit, title in (
        (processor, "processor", 1.0, "processor time, s"),
        (memory, "memory", 1e6, "peak memory, MB"),
    ):
        figures = [
            np.median([getattr(one, name) for one in runs]) / unit for runs in results.values()
        ]
        bars = axes.barh(range(len(ways)), figures, color=colours, height=0.6)
        axes.bar_label(bars, fmt="{:.3g}", padding=3)
        axes.margins(x=0.25)
        axes.set_title(title, fontsize=11, loc="left")
        axes.set_xticks([])
    calls.set_yticks(range(len(ways)), ways, fontsize=11)
    calls.invert_yaxis()
    for axes in (calls, processor, memory):
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0, colors=INK)
    figure.savefig(file)


def draw_calls(axes: Axes, results: list[list[Measured]], colours: list[str]) -> None:
    """Median and 99th percentile of steps with numbers, and of those with a picture."""
    for place, (runs, colour) in enumerate(zip(results, colours, strict=True)):
        for kind, offset, marker in (("numbers", -0.14, "o"), ("pictures", 0.2, "s")):
            if kind == "pictures" and not runs[0].shows_pictures:
                continue
            spent = np.concatenate([getattr(one, kind) for one in runs]) / 1e3
            low, high = np.median(spent), np.percentile(spent, 99)
            filled = colour if kind == "numbers" else "white"
            axes.plot([low, high], [place + offset] * 2, color=colour, lw=2)
            axes.plot(low, place + offset, marker, color=colour, mfc=filled, ms=6)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(_time))
    axes.minorticks_off()
    axes.grid(axis="x", color="#e4e7eb")
    axes.set_axisbelow(True)
    axes.set_title(
        "time a step's calls take: ● 10 numbers  □ and a picture\n"
        "(median; the line ends at the 99th percentile)",
        fontsize=11,
        loc="left",
    )


def _time(microseconds: float, _place: int | None) -> str:
    if microseconds >= 1000:  # noqa: PLR2004
        return f"{microseconds / 1000:g} ms"
    return f"{microseconds:g} µs"
