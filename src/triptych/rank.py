"""Which process of a distributed training this is, and whether it may write.

The answer is right before a process group exists and after, and asking never changes anything:
nothing is imported, constructed or initialised here. It can change while a program starts, so ask
when you need it and do not keep the answer.
"""

from __future__ import annotations

import os
import sys

OVERRIDE = "TRIPTYCH_RANK"
"""Environment variable that outranks every other source but `set_rank`."""

_INDICATORS = (
    "LOCAL_RANK",
    "NODE_RANK",
    "GROUP_RANK",
    "SLURM_PROCID",
    "OMPI_COMM_WORLD_RANK",
    "PMI_RANK",
    "PMIX_RANK",
    "MV2_COMM_WORLD_RANK",
    "JSM_NAMESPACE_RANK",
)

_rank: int | None = None


def set_rank(rank: int | None) -> None:
    """Decide the rank of this process, for launchers that Triptych does not know.

    The decision is not inherited by spawned processes; the variable `TRIPTYCH_RANK` is.

    Args:
        rank: Global rank, 0 or more; None goes back to finding it out.

    Raises:
        ValueError: The rank is negative.
    """
    global _rank  # noqa: PLW0603  # a process has one rank
    if rank is not None and rank < 0:
        raise ValueError(f"rank {rank!r} is negative; pass 0 for the process that writes, or None")
    _rank = rank


def global_rank() -> int:
    """The rank of this process among all processes of the training.

    Asked in this order: `set_rank`, `TRIPTYCH_RANK`, an initialised `torch.distributed`, an
    existing accelerate state, `RANK`, Lightning's `rank_zero_only`, and the variables of other
    launchers (Lightning, SLURM, Open MPI, PMI, PMIx, MVAPICH2, LSF).

    Returns:
        0 on exactly one process. Elsewhere the rank as far as it is known: a launcher that has
        told only the local or the node rank so far gives the larger of the two, and the exact
        number follows with the process group.

    Raises:
        ValueError: A variable that was read does not hold a whole number.
    """
    if _rank is not None:
        return _rank
    for known in (_from_override, _from_torch, _from_accelerate, _from_torchrun, _from_lightning):
        rank = known()
        if rank is not None:
            return rank
    # Global ranks are never smaller than local or node ranks, so the largest is the closest. One
    # that says 0 proves nothing: an interactive SLURM shell has SLURM_PROCID=0 in all processes.
    return max(0, *(read_variable(name) or 0 for name in _INDICATORS))


def is_writer() -> bool:
    """Whether this process may open sinks: rank 0, and not a worker of a DataLoader.

    Raises:
        ValueError: See `global_rank`.
    """
    # A DataLoader worker inherits the environment of its rank, and believes to be that rank.
    worker_info = getattr(sys.modules.get("torch.utils.data"), "get_worker_info", None)
    if worker_info is not None and worker_info() is not None:
        return False
    return global_rank() == 0


def _from_override() -> int | None:
    rank = read_variable(OVERRIDE)
    if rank is not None and rank < 0:
        raise ValueError(f"{OVERRIDE}={rank} is negative; set it to 0 on the process that writes")
    return rank


def _from_torch() -> int | None:
    distributed = sys.modules.get("torch.distributed")
    # Builds without distributed support, and a half-finished import, lack the function.
    is_initialized = getattr(distributed, "is_initialized", None)
    if distributed is None or is_initialized is None or not is_initialized():
        return None
    return int(distributed.get_rank())


def _from_accelerate() -> int | None:
    # Making a PartialState starts the process group as a side effect, so it is only looked at.
    state = getattr(sys.modules.get("accelerate.state"), "PartialState", None)
    rank = getattr(state, "_shared_state", {}).get("process_index")
    return None if rank is None else int(rank)


def _from_torchrun() -> int | None:
    rank = read_variable("RANK")
    # Some launchers write -1 for "not distributed".
    return None if rank is None or rank < 0 else rank


def _from_lightning() -> int | None:
    module = sys.modules.get("lightning_utilities.core.rank_zero")
    # Zero is also its value on all ranks of an MPI job, so only another number tells something.
    rank: int | None = getattr(getattr(module, "rank_zero_only", None), "rank", None)
    return rank or None


def read_variable(name: str) -> int | None:
    """The whole number in an environment variable; None where it is not set.

    Raises:
        ValueError: It holds something else.
    """
    text = os.environ.get(name, "").strip()
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise ValueError(
            f"the environment variable {name} is {text!r}, which is no rank; "
            f"correct or unset it, or set {OVERRIDE} to this process's rank"
        ) from None
