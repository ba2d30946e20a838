"""`Gpus`: what NVIDIA's own library says of the GPUs that torch uses here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

_GIB = 2**30
_MILLI = 1000


class Gpus:
    """Asks NVML, by way of the package `nvidia-ml-py`; without it, or without a driver, nobody.

    A figure that a GPU does not have (utilisation of a MIG slice, say) is left out.
    """

    def __init__(self) -> None:
        self._nvml: Any = None
        self._handles: dict[int, Any] | None = None  # None: not looked for yet

    def sample(self) -> dict[str, float]:
        """One reading of each GPU; empty until torch has begun to use them."""
        if self._handles is None:
            cuda = getattr(sys.modules.get("torch"), "cuda", None)
            if cuda is None or not cuda.is_initialized():
                return {}
            self._handles = self._find(cuda)
        found: dict[str, float] = {}
        for place, handle in self._handles.items():
            for path, read in self._readings().items():
                try:
                    found[f"{path}/gpu-{place}"] = read(handle)
                except self._nvml.NVMLError:
                    continue
        return found

    def close(self) -> None:
        """Let go of the library."""
        if self._nvml is not None:
            self._nvml.nvmlShutdown()
            self._nvml, self._handles = None, {}

    def _find(self, cuda: Any) -> dict[int, Any]:
        """NVML counts all GPUs of the machine, torch those it may use: the UUID tells which."""
        try:
            nvml = import_module("pynvml")
        except ImportError:
            return {}
        try:
            nvml.nvmlInit()
            self._nvml = nvml
            places = range(cuda.device_count())
            return {
                place: nvml.nvmlDeviceGetHandleByUUID(
                    f"GPU-{cuda.get_device_properties(place).uuid}"
                )
                for place in places
            }
        except nvml.NVMLError:
            return {}

    def _readings(self) -> dict[str, Callable[[Any], float]]:
        nvml = self._nvml
        return {
            "system": lambda one: float(nvml.nvmlDeviceGetUtilizationRates(one).gpu),
            "memory": lambda one: nvml.nvmlDeviceGetMemoryInfo(one).used / _GIB,
            "power": lambda one: nvml.nvmlDeviceGetPowerUsage(one) / _MILLI,
            "temperature": lambda one: float(
                nvml.nvmlDeviceGetTemperature(one, nvml.NVML_TEMPERATURE_GPU)
            ),
        }
