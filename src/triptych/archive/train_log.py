"""The lines that a killed process could not write to `train.log`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from triptych.pipeline.records import Record


def append_missing(file: Path, records: Iterable[Record]) -> int:
    """Append to train.log the lines that are not there; say how many.

    Numbers are no lines here: the text panel shows only one now and then.
    """
    lost = missing_lines(file, records)
    if lost:
        begun = "" if file.read_bytes()[-1:] in (b"", b"\n") else "\n"
        with file.open("a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(begun)
            log.writelines(f"{line}\n" for line in lost)
    return len(lost)


def missing_lines(file: Path, records: Iterable[Record]) -> list[str]:
    """The lines that are not in train.log, as they would stand there; none without the file."""
    if not file.is_file():
        return []
    from triptych.sinks.text import line_of
    from triptych.words import JsonFormatter, LineFormatter

    text = file.read_text("utf-8", errors="surrogateescape")
    formatter = JsonFormatter() if text.startswith("{") else LineFormatter()
    counted: dict[str, int] = {}
    lost = []
    for record in records:
        line = line_of(record)
        if line is None:
            continue
        written = formatter.format(line)
        # A formatter of the user's own has written it another way: then the message must do.
        sought = written if written in text or line.getMessage() not in text else line.getMessage()
        counted[sought] = counted.get(sought, 0) + 1
        if counted[sought] > text.count(sought):
            lost.append(written)
    return lost
