"""The command line: `triptych …`. One file for each command or family of commands."""

from __future__ import annotations

from triptych.cli.app import main

__all__ = ["main"]
