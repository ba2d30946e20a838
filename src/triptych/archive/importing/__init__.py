"""Logs of other tools become runs of Triptych, which open in Rerun beside new ones."""

from __future__ import annotations

from triptych.archive.importing.find import import_runs
from triptych.archive.importing.write import Imported

__all__ = ["Imported", "import_runs"]
