"""How a training ends in a child process: what it leaves, and its exit code."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.support import environment

OPEN = """
import logging, os, signal, sys, threading, time
import triptych
from triptych.pipeline.sink import Sink
from triptych.sinks.memory import MemorySink
from triptych.sinks.text import TextSink

def open_run(*sinks, name="run"):
    words = TextSink(triptych.logging_config(console=False))
    return triptych.run("p", name, root="runs", sinks=[words, *sinks], console=False)

run = open_run()
run.advance()
"""


class Ended:
    """What a child has left behind."""

    def __init__(self, home: Path, child: subprocess.Popen[str]) -> None:
        self.out, self.err = child.communicate(timeout=60)
        self.code = child.returncode
        folders = sorted((home / "runs" / "p").iterdir(), key=lambda one: one.stat().st_ctime)
        self.runs: list[dict[str, Any]] = [
            json.loads((folder / "run.json").read_text()) for folder in folders
        ]
        self.log = (folders[0] / "train.log").read_text()

    @property
    def status(self) -> tuple[str, int, int]:
        """Status and exit code by run.json, and the exit code of the process."""
        return self.runs[0]["status"], self.runs[0]["exit_code"], self.code


def run(home: Path, program: str) -> Ended:
    """A child that opens a run at step 1, and does what the program says."""
    with environment.start(OPEN + program, environment.isolated(home), cwd=home) as child:
        return Ended(home, child)
