"""The hyperparameters that Lightning puts beside its logs."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def hyperparameters(folder: Path) -> dict[str, Any]:
    """What `hparams.yaml` in a folder says; nothing where there is none that is plain data."""
    file = folder / "hparams.yaml"
    if not file.is_file():
        return {}
    import yaml

    try:
        found = yaml.safe_load(file.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        return {}  # it may hold Python objects, which nobody should build from a file
    return found if isinstance(found, dict) else {}
