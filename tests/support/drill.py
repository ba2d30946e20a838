"""A training in a child process to which something bad happens, and what it says afterwards."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

from tests.support import environment
from tests.support.held import Held
from triptych import Run

_PRELUDE = """
import json, logging, os, signal, sys, threading, time
import numpy as np
import triptych
from tests.support.drill import account, watch

watch()
"""

_held = Held()


def watch() -> None:
    """In the child: begin to time the calls that log."""
    _held.watch()


def account(run: Run, **more: Any) -> None:
    """In the child: print what became of everything that `run` has taken in."""
    sinks = {
        name: {"accepted": one.accepted, "delivered": one.delivered, "shed": one.by_reason()}
        for name, one in run.totals.sinks.items()
    }
    print(json.dumps({"sinks": sinks, "held": _held.longest, **more}), flush=True)  # noqa: T201


@dataclass(frozen=True, slots=True)
class Drilled:
    """How the child has ended, and what it said.

    Attributes:
        code: Its exit code; minus the signal that ended it.
        seconds: From its start to its end.
        err: What it wrote to standard error.
        told: What it gave to `account`, the last time; {} if it did not get that far.
    """

    code: int
    seconds: float
    err: str
    told: Mapping[str, Any]

    @property
    def held(self) -> float:
        """The longest call that logs, in seconds."""
        return float(self.told["held"])

    @property
    def sinks(self) -> dict[str, dict[str, Any]]:
        """For each sink what was accepted, delivered and shed; each adds up."""
        sinks: dict[str, dict[str, Any]] = self.told["sinks"]
        for name, one in sinks.items():
            assert one["accepted"] == one["delivered"] + sum(one["shed"].values()), (name, one)
        return sinks


def drill(
    program: str, home: Path, *, env: Mapping[str, str] | None = None, timeout: float = 60
) -> Drilled:
    """Run a program in a child; `triptych`, `np`, `account` and the usual modules are imported.

    Args:
        program: What it does; it calls `account(run)` in the end, if it can.
        home: An empty folder, where it runs.
        env: More of its environment.
        timeout: Seconds that it may take.

    Raises:
        subprocess.TimeoutExpired: It took longer, and was killed.
    """
    began = time.monotonic()
    surroundings = environment.isolated(home) | dict(env or {})
    with environment.start(_PRELUDE + dedent(program), surroundings, cwd=home) as child:
        try:
            out, err = child.communicate(timeout=timeout)
        finally:
            child.kill()
    told = [json.loads(line) for line in out.splitlines() if line.startswith('{"sinks"')]
    return Drilled(child.returncode, time.monotonic() - began, err, told[-1] if told else {})
