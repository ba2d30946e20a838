"""What process and machine use."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

from tests.monitors.small import open_run
from tests.support.threads import wait_until
from triptych.monitors import Monitors, watch
from triptych.monitors.gpus import Gpus
from triptych.sinks.memory import MemorySink

OFTEN = Monitors(system=0.01)


def _sampling() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "triptych-system"]


def test_numbers_of_process_and_machine_are_sane_and_end_with_the_run(tmp_path: Path) -> None:
    """At the step at which they were taken, until the run closes, which ends the thread."""
    sink = MemorySink()
    with open_run(tmp_path, sink) as run:
        watch(run, monitors=OFTEN)
        run.restore(7)
        wait_until(lambda: "memory/process" in run.latest)
        assert len(_sampling()) == 1

    assert _sampling() == []
    assert set(sink.numbers) == {
        "memory/process",
        "system/cpu",
        "system/memory",
        "system/process",
    }
    assert {step for values in sink.numbers.values() for step, _ in values} <= {0, 7}
    own = psutil.Process().memory_info().rss / 2**30
    assert sink.numbers["memory/process"][-1][1] == pytest.approx(own, rel=0.5)
    for path in ("system/cpu", "system/memory"):
        assert all(0 <= value <= 100 for _, value in sink.numbers[path])
    assert all(value >= 0 for _, value in sink.numbers["system/process"])


def test_closing_the_monitors_ends_the_thread(tmp_path: Path) -> None:
    """The run goes on."""
    with open_run(tmp_path, MemorySink()) as run:
        with watch(run, monitors=OFTEN):
            assert len(_sampling()) == 1
        assert _sampling() == []
        assert run.active


def test_a_gpu_is_found_by_its_uuid(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch may see the third of the machine as its first; what a GPU lacks is left out."""

    class NVMLError(Exception):
        pass

    def lacking(_handle: str) -> None:
        raise NVMLError

    library = SimpleNamespace(
        NVMLError=NVMLError,
        NVML_TEMPERATURE_GPU=0,
        nvmlInit=lambda: None,
        nvmlShutdown=lambda: None,
        nvmlDeviceGetHandleByUUID=lambda uuid: uuid,
        nvmlDeviceGetUtilizationRates=lacking,
        nvmlDeviceGetMemoryInfo=lambda uuid: SimpleNamespace(used=len(uuid) * 2**30),
        nvmlDeviceGetPowerUsage=lambda _: 70_500,
        nvmlDeviceGetTemperature=lambda _handle, _sensor: 41,
    )
    monkeypatch.setitem(sys.modules, "pynvml", library)
    gpus = Gpus()
    assert gpus.sample() == {}  # torch has not begun to use it

    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda _: SimpleNamespace(uuid="third")
    )
    assert gpus.sample() == {
        "memory/gpu-0": len("GPU-third"),
        "power/gpu-0": 70.5,
        "temperature/gpu-0": 41.0,
    }
    gpus.close()
    assert gpus.sample() == {}


def test_without_the_library_there_are_no_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is that said: most machines have none."""
    monkeypatch.setitem(sys.modules, "pynvml", None)
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    assert Gpus().sample() == {}
