"""The machine that a run is on: processor, memory, accelerators, scheduler, container."""

from __future__ import annotations

import os
import platform
import re
import sys
from pathlib import Path
from typing import Any

from triptych.archive.plain import JSON

_SCHEDULER = re.compile(
    r"SLURM_(?:JOB_ID|ARRAY_JOB_ID|ARRAY_TASK_ID|JOB_NAME|JOB_NODELIST|JOB_PARTITION|NNODES|NTASKS)"
    r"|PBS_JOBID|LSB_JOBID|JOB_ID|KUBERNETES_POD_NAME|POD_NAME|CUDA_VISIBLE_DEVICES"
)
_CONTAINER = re.compile(r"[0-9a-f]{64}")


def processor() -> dict[str, JSON]:
    """The model of the processor, its cores and its threads."""
    import psutil

    return {
        "model": _model(),
        "cores": psutil.cpu_count(logical=False),
        "threads": psutil.cpu_count(),
    }


def memory() -> int:
    """Bytes of memory."""
    import psutil

    return int(psutil.virtual_memory().total)


def accelerators() -> dict[str, JSON]:
    """Names of the GPUs, the driver and the CUDA version, as far as somebody here knows them.

    NVIDIA's own library is asked where it is installed. torch is asked for the CUDA version that
    it was built for, which starts no CUDA context.
    """
    found: dict[str, JSON] = {}
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.version.cuda:
        found["cuda"] = str(torch.version.cuda)
    try:
        import pynvml
    except ImportError:
        return found
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:  # no driver, no GPU
        return found
    try:
        handles = [
            pynvml.nvmlDeviceGetHandleByIndex(place) for place in range(pynvml.nvmlDeviceGetCount())
        ]
        found["gpus"] = [_text(pynvml.nvmlDeviceGetName(handle)) for handle in handles]
        found["driver"] = _text(pynvml.nvmlSystemGetDriverVersion())
    finally:
        pynvml.nvmlShutdown()
    return found


def scheduler() -> dict[str, JSON]:
    """The variables by which a scheduler says which job this is."""
    return {name: value for name, value in os.environ.items() if _SCHEDULER.fullmatch(name)}


def container() -> str | None:
    """The id of the container, or its image where only that is told; None outside of one."""
    image = os.environ.get("APPTAINER_CONTAINER") or os.environ.get("SINGULARITY_CONTAINER")
    if image:
        return image
    mounts = Path("/proc/self/mountinfo")
    inside = Path("/.dockerenv").exists() or Path("/run/.containerenv").exists()
    found = _CONTAINER.search(mounts.read_text()) if inside and mounts.exists() else None
    return found[0] if found else platform.node() if inside else None


def _model() -> str:
    info = Path("/proc/cpuinfo")  # Linux tells it nowhere else
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value  # bytes before version 12
