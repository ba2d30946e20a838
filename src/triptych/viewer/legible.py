"""Recordings that the viewer without a window can draw.

That viewer ends itself at the first letter which its one font lacks, such as an emoji (0.41); the
one with a window takes such letters from the fonts of the system.
"""

from __future__ import annotations

import re
import subprocess
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rerun import RecordingStream
    from rerun.chunk import Chunk

BOX = "\u25a1"

_ESCAPED = re.compile(r"\\u\{([0-9A-Fa-f]+)\}")  # in the names of entities
_PATHS = {"ViewBlueprint:space_origin", "ViewContents:query"}

# What "Inter" has without a gap, and what never is drawn: control and joining characters. Read
# from the font in the viewer of 0.41.
_MISSING = re.compile(
    "[^\x00-\x9f\xa0-\u0148\u014a-\u01c3\u01c5-\u02af\u0300-\u031e\u0391-\u03a1\u03a3-\u03c9"
    "\u0400-\u045f\u1e00-\u1eff\u2000-\u200f\u2010-\u2027\u2030-\u205e\u2070\u2071\u2074-\u208e"
    "\u2090-\u209c\u20a0-\u20bf\u2190-\u2199\u21b5\u2202\u2206\u220f\u2211\u2212\u221a\u221e\u222b"
    "\u2248\u2260\u2264\u2265\u23ce\u25a1\u26a0\u2713\u2764\ufe0f\ufeff]"
)


def boxed(text: str) -> str:
    """The text with a box for each letter that the viewer lacks."""
    return _MISSING.sub(BOX, text)


def spelled(path: str) -> str:
    """The name of an entity with such letters by their numbers: two names stay two."""

    def plain(match: re.Match[str]) -> str:
        letter = chr(int(match[1], 16))
        return letter if _MISSING.match(letter) else match[0]

    return _MISSING.sub(lambda match: f"{ord(match[0]):x}", _ESCAPED.sub(plain, path))


def legible(recording: Path, folder: Path, program: Path) -> list[Path]:
    """Put a box for each letter that the viewer would end itself at.

    Args:
        recording: An .rrd file, with or without a footer.
        folder: Where copies may lie for as long as they are looked at.
        program: The `rerun` command.

    Returns:
        The recording itself if nothing is to be replaced; else several files which together are
        the same, to be opened one after the other. In names of entities a letter is its number.
    """
    from rerun.chunk import RrdReader
    from rerun.error_utils import RerunWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RerunWarning)  # a killed writer leaves no footer
        reader = RrdReader(recording)
        stores = reader.recordings()
        odd: set[str] = set()

        def note(chunk: Chunk) -> list[Chunk]:
            odd.update([chunk.entity_path] if _is_odd(chunk) else [])
            return []

        for store in stores:
            reader.stream(store=store).flat_map(note).to_chunks()
        layouts = {one: reader.stream(store=one).to_chunks() for one in reader.blueprints()}
        strange = any(_is_odd(chunk) for chunks in layouts.values() for chunk in chunks)
        if not odd and not strange:
            return [recording]
        gone, files = set(odd), []
        if strange:
            gone |= {chunk.entity_path for chunks in layouts.values() for chunk in chunks}
            newest = max(layouts, key=lambda one: max(map(_age, layouts[one]), default=b""))
            files.append(folder / "layout.rbl")
            _save_layout(newest.application_id, layouts[newest], files[-1])
        files.append(folder / "without.rrd")
        _copy_without(gone, recording, files[-1], program)
        for store in stores if odd else []:
            files.append(folder / f"replaced-{len(files)}.rrd")
            chunks = reader.stream(store=store).filter(content=sorted(odd)).flat_map(_replaced)
            chunks.write_rrd(
                files[-1], application_id=store.application_id, recording_id=store.recording_id
            )
    return files


def _copy_without(entities: Iterable[str], recording: Path, copy: Path, program: Path) -> None:
    drops = [f"--drop-entity={name}" for name in sorted(entities)]
    command = [str(program), "rrd", "filter", "--continue-on-error", *drops]
    subprocess.run(  # noqa: S603
        [*command, "-o", str(copy), str(recording)], check=True, capture_output=True
    )


def _save_layout(application: str, chunks: Iterable[Chunk], file: Path) -> None:
    """Rerun writes those layouts to a file that it has made itself (0.41): this passes for one."""
    import rerun.blueprint as rrb

    class Layout(rrb.Blueprint):
        def __init__(self) -> None:
            pass

        def _log_to_stream(self, stream: RecordingStream) -> None:
            for chunk in chunks:
                stream.send_chunks(_replaced(chunk))

    Layout().save(application, file)


def _age(chunk: Chunk) -> bytes:
    """The newest row: their ids rise."""
    batch = chunk.to_record_batch()
    rows = batch.column(batch.schema.names.index("rerun.controls.RowId"))
    newest: bytes = max(rows.to_pylist())
    return newest


def _is_odd(chunk: Chunk) -> bool:
    return spelled(chunk.entity_path) != chunk.entity_path or bool(_columns(chunk))


def _columns(chunk: Chunk) -> dict[int, list[Any]]:
    """The columns of texts in which a letter is missing, with other letters in their place."""
    batch = chunk.to_record_batch()
    found = {}
    for place, field in enumerate(batch.schema):
        if str(field.type) == "list<item: string>":
            rows = batch.column(place).to_pylist()
            replace = spelled if field.name in _PATHS else boxed
            replaced = [row and [replace(text or "") for text in row] for row in rows]
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
    name = spelled(chunk.entity_path)
    return [one.with_entity_path(name) for one in Chunk.from_record_batch(batch)]
