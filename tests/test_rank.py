"""Which process believes to be which rank, under the launchers of the trade."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from triptych import rank

_VARIABLES = ("RANK", "WORLD_SIZE", rank.OVERRIDE, *rank._INDICATORS)


@pytest.fixture(autouse=True)
def _no_launcher(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    yield
    rank.set_rank(None)


@pytest.mark.parametrize(
    ("launcher", "expected"),
    [
        ("", 0),
        ("RANK=0 LOCAL_RANK=0 GROUP_RANK=0", 0),
        ("RANK=5 LOCAL_RANK=1 GROUP_RANK=2", 5),
        ("RANK=0 SLURM_PROCID=7", 0),
        ("LOCAL_RANK=1", 1),
        ("NODE_RANK=1", 1),
        ("SLURM_PROCID=6 SLURM_LOCALID=2", 6),
        ("SLURM_PROCID=0 LOCAL_RANK=3", 3),
        ("OMPI_COMM_WORLD_RANK=3", 3),
        ("PMI_RANK=2", 2),
        ("PMIX_RANK=2", 2),
        ("MV2_COMM_WORLD_RANK=4", 4),
        ("JSM_NAMESPACE_RANK=9", 9),
        ("RANK=-1 LOCAL_RANK=-1", 0),
        ("RANK=", 0),
        ("RANK=1 TRIPTYCH_RANK=0", 0),
        ("SLURM_PROCID=0 TRIPTYCH_RANK=4", 4),
    ],
)
def test_environment_of_each_launcher_gives_its_rank(
    monkeypatch: pytest.MonkeyPatch, launcher: str, expected: int
) -> None:
    """torchrun, Lightning, SLURM, MPI, LSF and our own variable, each as it sets the variables."""
    for name, value in (variable.split("=") for variable in launcher.split()):
        monkeypatch.setenv(name, value)
    assert (rank.global_rank(), rank.is_writer()) == (expected, expected == 0)


def test_set_rank_outranks_the_environment_until_it_is_taken_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The answer is made anew at each call."""
    monkeypatch.setenv(rank.OVERRIDE, "3")
    before = rank.global_rank()
    rank.set_rank(8)
    during = rank.global_rank()
    rank.set_rank(None)
    assert (before, during, rank.global_rank()) == (3, 8, 3)


def test_negative_rank_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """By `set_rank` and by our own variable."""
    with pytest.raises(ValueError, match="rank -1 is negative; pass 0 for the process that writes"):
        rank.set_rank(-1)
    monkeypatch.setenv(rank.OVERRIDE, "-2")
    with pytest.raises(ValueError, match="TRIPTYCH_RANK=-2 is negative; set it to 0"):
        rank.global_rank()


@pytest.mark.parametrize("name", ["RANK", "SLURM_PROCID", "TRIPTYCH_RANK"])
def test_malformed_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A guess would make two writers, or none."""
    monkeypatch.setenv(name, "abc")
    with pytest.raises(ValueError, match=f"the environment variable {name} is 'abc', which is no"):
        rank.global_rank()


def _start(program: str, **variables: str) -> subprocess.Popen[str]:
    """Start a Python program that finds `triptych`, with these variables of a launcher."""
    inherited = {name: value for name, value in os.environ.items() if name not in _VARIABLES}
    source = str(Path(rank.__file__).parents[1])
    return subprocess.Popen(
        [sys.executable, "-c", program],
        env={**inherited, "PYTHONPATH": source, "GLOO_SOCKET_IFNAME": "lo", **variables},
        stdout=subprocess.PIPE,
        text=True,
    )


def _output(process: subprocess.Popen[str]) -> str:
    with process:
        try:
            output, _ = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 0
    return output.strip()


def test_asking_imports_nothing() -> None:
    """In a fresh interpreter, only what Python itself needs is there afterwards."""
    program = (
        "import sys; from triptych.rank import is_writer; before = set(sys.modules)\n"
        "print(is_writer(), sorted(set(sys.modules) - before), 'torch' in sys.modules)"
    )
    assert _output(_start(program)) == "True [] False"


def test_initialised_process_group_outranks_the_environment(tmp_path: Path) -> None:
    """Two processes, both told to be rank 7, meet in a group as 0 and 1, and differ afterwards."""
    program = """
import sys
import torch.distributed as dist
from triptych.rank import global_rank, is_writer
before = global_rank()
dist.init_process_group("gloo", init_method=sys.argv[1], rank=int(sys.argv[2]), world_size=2)
print(before, global_rank(), is_writer())
dist.destroy_process_group()
"""
    store = f"file://{tmp_path / 'store'}"
    programs = [
        f"import sys; sys.argv = ['', {store!r}, '{number}']\n{program}" for number in (0, 1)
    ]
    processes = [_start(text, RANK="7") for text in programs]
    assert [_output(process) for process in processes] == ["7 0 True", "7 1 False"]


def test_existing_accelerate_state_is_read_and_none_is_made() -> None:
    """PartialState starts a process group when it is made, so asking must not make one."""
    program = """
from accelerate.state import PartialState
from triptych.rank import global_rank
before = global_rank()
untouched = PartialState._shared_state == {}
PartialState(cpu=True)
print(before, untouched, global_rank())
"""
    assert _output(_start(program, SLURM_PROCID="3")) == "3 True 0"


def test_rank_that_lightning_knows_counts_when_it_is_not_zero() -> None:
    """Lightning's guard says 0 on all ranks of an MPI job, so 0 is not believed."""
    program = """
import os
import lightning.fabric.utilities.rank_zero as guard
from triptych.rank import global_rank
mpi = guard.rank_zero_only.rank, global_rank()
del os.environ["OMPI_COMM_WORLD_RANK"]
guard.rank_zero_only.rank = 2
print(*mpi, global_rank())
"""
    assert _output(_start(program, OMPI_COMM_WORLD_RANK="3")) == "0 3 2"


def test_data_loader_worker_of_rank_zero_is_no_writer() -> None:
    """It has its rank's environment, and would open the run a second time."""
    program = """
from torch.utils.data import DataLoader
from triptych.rank import global_rank, is_writer
class Guards:
    def __len__(self):
        return 1
    def __getitem__(self, index):
        return f"{global_rank()} {is_writer()}"
loader = DataLoader(Guards(), num_workers=1, batch_size=None, multiprocessing_context="fork")
print(*loader, is_writer())
"""
    assert _output(_start(program, RANK="0")) == "0 False True"


def test_spawned_child_may_be_the_writer() -> None:
    """Launchers in notebooks train in children, and rank 0 is one of them."""
    program = """
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from triptych.rank import is_writer
with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
    print(pool.submit(is_writer).result())
"""
    assert _output(_start(program)) == "True"
