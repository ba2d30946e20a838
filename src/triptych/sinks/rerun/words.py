"""Texts and tables in Rerun: documents."""

from __future__ import annotations

from triptych.sinks.rerun.parts import Parts
from triptych.visuals import Table, Text


def show_text(text: Text) -> Parts:
    """A document."""
    import rerun as rr

    media = rr.MediaType.MARKDOWN if text.markdown else rr.MediaType.TEXT
    yield "", rr.TextDocument(text.text, media_type=media)


def show_table(table: Table) -> Parts:
    """A document too: Rerun has no view for a table that is logged (0.41)."""
    import rerun as rr

    yield "", rr.TextDocument(table.to_markdown(), media_type=rr.MediaType.MARKDOWN)
