"""Words in W&B: pages and tables."""

from __future__ import annotations

import math
from html import escape
from pathlib import Path
from typing import Any

from triptych.rendering.tokens import token_colour
from triptych.sinks.wandb.pictures import show_image
from triptych.visuals import Image, Markdown, Table, Text, Tokens

_PAGE = "font-family: sans-serif; line-height: 1.5; margin: 8px"
_TABLE = (
    "<style>table {border-collapse: collapse} td, th {border: 1px solid #ccc; padding: 4px 8px}\
</style>"
)


def show_text(text: Text, _place: Path) -> Any:
    """A page."""
    import wandb

    return wandb.Html(f"<pre style='white-space: pre-wrap'>{escape(text.text)}</pre>")


def show_markdown(markdown: Markdown, _place: Path) -> Any:
    """A page, with HTML in the text shown as it is written."""
    import wandb
    from markdown_it import MarkdownIt

    # "js-default" is the preset that takes no HTML and knows tables
    body = MarkdownIt("js-default").render(markdown.text)
    return wandb.Html(f"{_TABLE}<div style='{_PAGE}'>{body}</div>")


def show_table(table: Table, place: Path) -> Any:
    """W&B's own, with pictures in its cells."""
    import wandb

    rows = [
        [show_image(cell, place) if isinstance(cell, Image) else cell for cell in row]
        for row in table.rows
    ]
    # else a column that begins with numbers refuses a word
    return wandb.Table(columns=list(table.columns), data=rows, allow_mixed_types=True)


def show_tokens(tokens: Tokens, _place: Path) -> Any:
    """A page of coloured words; the number of each appears under the pointer."""
    import wandb

    pairs = zip(tokens.words, tokens.numbers(), tokens.shares(), strict=True)
    body = "".join(_span(word, value, share) for word, value, share in pairs)
    low, high = tokens.span()
    ends = [f"rgb{token_colour(share)}" for share in (0.0, 1.0)]
    scale = (
        f"{low:.3g} <span style='display: inline-block; width: 120px; height: 12px; "
        f"background: linear-gradient(to right, {', '.join(ends)})'></span> {high:.3g}"
    )
    caption = f" &emsp; {escape(tokens.caption)}" if tokens.caption else ""
    return wandb.Html(
        f"<div style='{_PAGE}; color: #141414; background: white; white-space: pre-wrap'>{body}"
        f"<p style='color: #6e6e6e'>{scale}{caption}</p></div>"
    )


def _span(word: str, value: float | None, share: float | None) -> str:
    told = "none" if value is None else f"{value:.4g}" if math.isfinite(value) else str(value)
    style = f"background: rgb{token_colour(share)}; border-radius: 2px"
    return f"<span title='{told}' style='{style}'>{escape(word)}</span>"
