"""Recordings that the viewer without a window can draw.

That viewer ends itself at the first letter which its one font lacks, such as an emoji (0.41); the
one with a window takes such letters from the fonts of the system.
"""

from __future__ import annotations

import re
import subprocess
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rerun.chunk import Chunk

BOX = "\u25a1"

# What "Inter" has without a gap, and what never is drawn: control and joining characters. Read
# from the font in the viewer of 0.41.
_MISSING = re.compile(
    "[^\x00-\x9f\xa0-\u0148\u014a-\u01c3\u01c5-\u02af\u0300-\u031e\u0391-\u03a1\u03a3-\u03c9"
    "\u0400-\u045f\u1e00-\u1eff\u2000-\u200f\u2010-\u2027\u2030-\u205e\u2070\u2071\u2074-\u208e"
    "\u2090-\u209c\u20a0-\u20bf\u2190-\u2199\u21b5\u2202\u2206\u220f\u2211\u2212\u221a\u221e\u222b"
    "\u2248\u2260\u2264\u2265\u23ce\u25a1\u26a0\u2713\u2764\ufe0f\ufeff]"
)


def legible(recording: Path, folder: Path, program: Path) -> list[Path]:
    """Put a box for each letter that the viewer would end itself at.

    Args:
        recording: An .rrd file, with or without a footer.
        folder: Where copies may lie for as long as they are looked at.
        program: The `rerun` command.

    Returns:
        The recording itself if nothing is to be replaced; else two files which together are the
        same, layout included. Names of entities are left as they are.
    """
    from rerun.chunk import RrdReader
    from rerun.error_utils import RerunWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RerunWarning)  # a killed writer leaves no footer
        reader = RrdReader(recording)
        stores = reader.recordings()
        odd: set[str] = set()

        def note(chunk: Chunk) -> list[Chunk]:
            odd.update([chunk.entity_path] if _columns(chunk) else [])
            return []

        for store in stores:
            reader.stream(store=store).flat_map(note).to_chunks()
        if not odd:
            return [recording]
        files = [folder / "without.rrd"]
        drops = [f"--drop-entity={name}" for name in sorted(odd)]
        command = [str(program), "rrd", "filter", "--continue-on-error", *drops]
        subprocess.run(  # noqa: S603
            [*command, "-o", str(files[0]), str(recording)], check=True, capture_output=True
        )
        for store in stores:
            files.append(folder / f"replaced-{len(files)}.rrd")
            chunks = reader.stream(store=store).filter(content=sorted(odd)).flat_map(_replaced)
            chunks.write_rrd(
                files[-1], application_id=store.application_id, recording_id=store.recording_id
            )
    return files


def _columns(chunk: Chunk) -> dict[int, list[Any]]:
    """The columns of texts in which a letter is missing, with boxes in place of such letters."""
    batch = chunk.to_record_batch()
    found = {}
    for place, field in enumerate(batch.schema):
        if str(field.type) == "list<item: string>":
            rows = batch.column(place).to_pylist()
            replaced = [row and [_MISSING.sub(BOX, text or "") for text in row] for row in rows]
            if replaced != rows:
                found[place] = replaced
    return found


def _replaced(chunk: Chunk) -> list[Chunk]:
    import pyarrow as pa
    from rerun.chunk import Chunk

    batch = chunk.to_record_batch()
    for place, rows in _columns(chunk).items():
        field = batch.schema.field(place)
        batch = batch.set_column(place, field, pa.array(rows, field.type))
    return list(Chunk.from_record_batch(batch))
