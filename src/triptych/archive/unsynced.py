"""`unsynced`: the files of W&B that a run keeps, and that no server has."""

from __future__ import annotations

from pathlib import Path

from triptych.archive.folder import RunFolder


def unsynced(folder: RunFolder) -> list[Path]:
    """W&B's transaction logs that wait to be sent, in the order of the attempts.

    Those of offline attempts, and of a last attempt that was online and could not send everything
    before it ended.

    Raises:
        ValueError: run.json is damaged.
        OSError: It cannot be read.
    """
    logs = logs_of(folder)
    opens_with = folder.read_json().get("opens_with")
    hint = opens_with.get("wandb") if isinstance(opens_with, dict) else None
    unfinished = bool(hint) and "://" not in str(hint)  # else it is the address of the page
    return [
        log
        for log in logs
        if not synced_mark(log).exists()
        and (log.parent.name.startswith("offline-") or (unfinished and log == logs[-1]))
    ]


def logs_of(folder: RunFolder) -> list[Path]:
    """W&B's transaction logs, in the order of the attempts."""
    logs = [*(folder.path / "wandb").glob("*run-*/*.wandb")]
    return sorted(logs, key=lambda log: log.parent.name.removeprefix("offline-"))  # then the time


def synced_mark(log: Path) -> Path:
    """The empty file that W&B puts beside a log which it has sent (0.31)."""
    return log.with_suffix(".wandb.synced")
