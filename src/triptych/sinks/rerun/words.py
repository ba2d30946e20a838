"""Words in Rerun: documents, and a picture where words have colours or pictures beside them."""

from __future__ import annotations

from triptych.rendering.tables import draw_table
from triptych.rendering.tokens import draw_tokens
from triptych.sinks.rerun.parts import Parts
from triptych.visuals import Image, Markdown, Table, Text, Tokens


def show_text(text: Text) -> Parts:
    """A document."""
    import rerun as rr

    yield "", rr.TextDocument(text.text, media_type=rr.MediaType.TEXT)


def show_markdown(markdown: Markdown) -> Parts:
    """A document in Markdown; the viewer shows HTML as it is written."""
    import rerun as rr

    yield "", rr.TextDocument(markdown.text, media_type=rr.MediaType.MARKDOWN)


def show_table(table: Table) -> Parts:
    """A document, or a picture if there are pictures in it.

    Rerun has no view for a table that is logged, and no pictures in documents (0.41).
    """
    import rerun as rr

    if any(isinstance(cell, Image) for row in table.rows for cell in row):
        encoded = draw_table(table)
        yield "", rr.EncodedImage(contents=encoded.data, media_type=encoded.media_type)
    else:
        yield "", rr.TextDocument(table.to_markdown(), media_type=rr.MediaType.MARKDOWN)


def show_tokens(tokens: Tokens) -> Parts:
    """A picture: documents have no colours."""
    import rerun as rr

    encoded = draw_tokens(tokens)
    yield "", rr.EncodedImage(contents=encoded.data, media_type=encoded.media_type)
