"""Texts and tables in W&B."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from triptych.sinks.wandb.pictures import show_image
from triptych.visuals import Image, Table, Text


def show_text(text: Text, _place: Path) -> Any:
    """A page."""
    import wandb

    return wandb.Html(f"<pre style='white-space: pre-wrap'>{escape(text.text)}</pre>")


def show_table(table: Table, place: Path) -> Any:
    """W&B's own, with pictures in its cells."""
    import wandb

    rows = [
        [show_image(cell, place) if isinstance(cell, Image) else cell for cell in row]
        for row in table.rows
    ]
    return wandb.Table(columns=list(table.columns), data=rows)
