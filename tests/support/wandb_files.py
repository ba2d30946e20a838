"""Reads the folder of a W&B run, offline or online, through W&B's own `wandb-core leet inspect`.

A log whose writer was killed reads like any other, up to its last whole record.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_NON_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


@dataclass(frozen=True, slots=True)
class WandbRun:
    """What one `run-<id>.wandb` says.

    Attributes:
        history: one dict a row, in the order of logging. A nested key is joined by dots, so a
            picture at "val/pred" is "val/pred._type", "val/pred.filenames", …: see `media`. NaN and
            the infinities are floats again (and so is a string that spells one).
        config: nested as given, W&B's own `_wandb` left out.
        summary: nested as given.
        metrics: the `define_metric` records: `{"glob_name": "*", "step_metric": …, "options": …}`.
        console: whole lines from stdout, stderr and `write_logs`, without their line ends.
        files: names below `files/` which the run announced, in order, repeated if repeated.
        artifacts: the artifact records: name, type, aliases, metadata (JSON), manifest, …
        records: the names of all records, in order: "alert", "preempting", "exit", …
        exit_code: None while the run goes on, and for ever if it was killed.
    """

    folder: Path
    id: str
    name: str
    project: str
    notes: str
    tags: list[str]
    config: dict[str, Any]
    summary: dict[str, Any]
    exit_code: int | None
    history: list[dict[str, Any]]
    metrics: list[dict[str, Any]]
    console: list[str]
    files: list[str]
    artifacts: list[dict[str, Any]]
    records: list[str]

    def curve(self, key: str, step: str = "trainer/global_step") -> list[tuple[Any, Any]]:
        """Returns (step, value) of each row that has the key; a row may lack the step: None."""
        return [(row.get(step), row[key]) for row in self.history if key in row]

    def media(self, key: str) -> list[dict[str, Any]]:
        """Returns each row's dict under a key: `{"_type": "images/separated", "count": 1, …}`."""
        prefix = f"{key}."
        found = [
            {name.removeprefix(prefix): row[name] for name in row if name.startswith(prefix)}
            for row in self.history
        ]
        return [fields for fields in found if fields]


def read(run_dir: Path) -> WandbRun:
    """Reads what has reached the disk so far.

    Args:
        run_dir: W&B's folder of the run, `…/wandb/offline-run-<time>-<id>` or `…/wandb/run-…`.

    Raises:
        FileNotFoundError: it holds no `.wandb` file.
        subprocess.CalledProcessError: the file is no transaction log.
    """
    log = next(iter(run_dir.glob("*.wandb")), None)
    if log is None:
        raise FileNotFoundError(f"No .wandb file in {run_dir}: pass the folder of one run.")
    # not splitlines: a text may hold other line ends than that of JSON lines
    records = [json.loads(line) for line in _inspect(log).split("\n") if line]
    told = json.loads(_inspect(log, "-summary"))
    return WandbRun(
        folder=run_dir,
        id=told["run_id"],
        **{key: told[key] for key in ("name", "project", "notes", "tags", "exit_code")},
        config={key: value for key, value in told["config"].items() if key != "_wandb"},
        summary=_revived(told["summary"]),
        history=[_revived(record.get("item", {})) for record in _of(records, "history")],
        metrics=_of(records, "metric"),
        console=_lines(records),
        files=[
            file["path"] for record in _of(records, "files") for file in record.get("files", [])
        ],
        artifacts=_of(records, "artifact"),
        records=[record["type"] for record in records],
    )


def wait(run_dir: Path, timeout: float = 10) -> WandbRun:
    """Reads a run as soon as its exit record is on disk, which is shortly after `finish()` returns.

    Raises:
        TimeoutError: there is none within `timeout` seconds.
    """
    return wait_for(run_dir, lambda run: run.exit_code is not None, timeout)


def wait_for(run_dir: Path, fact: Callable[[WandbRun], bool], timeout: float = 10) -> WandbRun:
    """Reads a run again and again until a fact about it is true.

    Raises:
        TimeoutError: it is still false after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while not fact(run := read(run_dir)):
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"{run_dir} has {len(run.history)} rows and exit code {run.exit_code} after "
                f"{timeout} s: did it finish?"
            )
        time.sleep(0.02)
    return run


def folders(root: Path) -> list[Path]:
    """Lists W&B's run folders directly below `root`, oldest first by name, offline ones first."""
    return sorted(root.glob("offline-run-*")) + sorted(root.glob("run-*"))


def _inspect(log: Path, *flags: str) -> str:
    from wandb.util import get_core_path

    command = [
        get_core_path(),
        "leet",
        "inspect",
        "-json",
        *flags,
        "-no-observability",
        "-run-file",
    ]
    for last in (False, True):
        try:
            done = subprocess.run(
                [*command, str(log)], capture_output=True, text=True, check=True, timeout=30
            )
        except subprocess.TimeoutExpired:  # it has been seen to spin, and not at the next try
            if last:
                raise
        else:
            break
    return done.stdout


def _of(records: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    # As in protobuf's JSON, what is empty or zero is not there.
    return [record.get(kind, {}) for record in records if record["type"] == kind]


def _lines(records: list[dict[str, Any]]) -> list[str]:
    lines: list[str] = []
    rest: dict[str, str] = {}
    for record in records:
        if record["type"] not in {"output_raw", "output_logger"}:
            continue
        output = record[record["type"]]
        source = output.get("output_type", record["type"])
        *whole, rest[source] = (rest.get(source, "") + output.get("line", "")).split("\n")
        lines += whole
    return lines + [line for line in rest.values() if line]


def _revived(value: Any) -> Any:
    """Turns the strings that stand for NaN and the infinities in JSON back into numbers."""
    if isinstance(value, dict):
        return {key: _revived(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_revived(item) for item in value]
    return _NON_FINITE.get(value, value) if isinstance(value, str) else value
