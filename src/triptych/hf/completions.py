"""`Completions`: what a TRL trainer has generated, read from the file that it writes.

Trainers with `log_completions=True` write prompts, completions and rewards to
`<output_dir>/completions/completions_<step>.parquet` right after they have logged their numbers
(TRL 1.16); W&B and trackio are the only back ends that they hand them to.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from triptych.training.run import Run

log = logging.getLogger("triptych")

PATH = "train/completions"


class Completions:
    """Waits for the file of a step, and logs it as a table and as a text to read."""

    def __init__(self) -> None:
        self._awaited: Path | None = None

    def expect(self, args: Any, step: int) -> None:
        """Numbers were logged at this step: if the trainer writes a file, it does so next."""
        if getattr(args, "log_completions", False):
            name = f"completions_{step:05d}.parquet"
            self._awaited = Path(args.output_dir) / "completions" / name

    def log(self, run: Run) -> None:
        """Log the file that was expected, if it is there; before the clock moves on."""
        path, self._awaited = self._awaited, None
        if path is None or not path.is_file():
            return
        try:
            columns, rows = _read(path)
        except (OSError, ValueError):
            log.exception("%s cannot be read; training goes on.", path)
            return
        from triptych.visuals import Markdown, Table

        run.log({PATH: Table(columns, rows)})
        run.log({f"{PATH}/text": Markdown(_page(columns, rows))})


def _read(path: Path) -> tuple[list[str], list[list[Any]]]:
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path)
    columns = [name for name in table.column_names if not name.startswith("__")]
    rows = table.select(columns).to_pylist()
    return columns, [[_cell(row[name]) for name in columns] for row in rows]


def _cell(value: Any) -> Any:
    """A conversation, a list of messages with role and content, becomes text."""
    if isinstance(value, list):
        return "\n".join(
            f"{part.get('role', '')}: {part.get('content', '')}"
            if isinstance(part, dict)
            else str(part)
            for part in value
        )
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _page(columns: list[str], rows: list[list[Any]]) -> str:
    parts = []
    for row in rows:
        cells = dict(zip(columns, row, strict=True))
        prompt, completion = cells.pop("prompt", ""), cells.pop("completion", "")
        cells.pop("step", None)
        scores = ", ".join(
            f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in cells.items()
        )
        parts.append(f"**{scores}**\n\n{_quoted(prompt)}\n\n```\n{completion}\n```")
    return "\n\n---\n\n".join(parts)


def _quoted(text: Any) -> str:
    return "\n".join(f"> {line}" for line in str(text).splitlines())
