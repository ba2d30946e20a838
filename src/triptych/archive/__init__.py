"""The run on disk: its folder, where it came from, and what must not be written down."""

from __future__ import annotations
