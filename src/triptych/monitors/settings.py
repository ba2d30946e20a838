"""`Monitors`: how often each monitor looks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Monitors:
    """How often each monitor looks; what it costs is bounded by that.

    Args:
        gradients: Updates between two looks at the gradients. None: each, as long as that takes
            less than a thousandth of the time of an update, else as often as it does. Learning
            rates are logged with them, and whenever they change.
        modules: Updates between two looks at single modules and at the weights.
        pace: Updates between two measurements of time and throughput.
        system: Seconds between two looks at processor, memory and GPUs; 0 for none.

    Raises:
        ValueError: If a number is out of range.
    """

    gradients: int | None = None
    modules: int = 50
    pace: int = 50
    system: float = 10.0

    def __post_init__(self) -> None:
        for name in ("gradients", "modules", "pace"):
            updates = getattr(self, name)
            if updates is not None and updates < 1:
                raise ValueError(f"{name} is a number of updates, at least 1, not {updates!r}.")
        if not self.system >= 0:  # NaN is none either
            raise ValueError(f"system is a number of seconds, 0 for none, not {self.system!r}.")
