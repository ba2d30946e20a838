"""A sink in a process of its own."""

from triptych.sinks.apart.sink import Apart

__all__ = ["Apart"]
