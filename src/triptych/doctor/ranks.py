"""Whether the variables of launchers agree on which process this is, and so on who writes."""

from __future__ import annotations

from triptych.doctor.finding import Finding, green, red, yellow
from triptych.rank import OVERRIDE, global_rank, read_variable

_SIZES = {
    "RANK": "WORLD_SIZE",
    "LOCAL_RANK": "LOCAL_WORLD_SIZE",
    "GROUP_RANK": "GROUP_WORLD_SIZE",
    # SLURM_NTASKS also stands in shells that are no task of the step
    "SLURM_PROCID": "SLURM_STEP_NUM_TASKS",
    "OMPI_COMM_WORLD_RANK": "OMPI_COMM_WORLD_SIZE",
    "PMI_RANK": "PMI_SIZE",
    "MV2_COMM_WORLD_RANK": "MV2_COMM_WORLD_SIZE",
}
"""Ranks and how many of their kind there are, of torchrun, SLURM, Open MPI, PMI and MVAPICH2."""

_OF_THE_SAME = ("LOCAL_RANK", "GROUP_RANK", "NODE_RANK")
"""Parts of the rank that `RANK` tells: none is larger."""


def check_ranks() -> list[Finding]:
    """Look for a process that would take itself for another one.

    Then either several write to W&B, or none.
    """
    try:
        rank = global_rank()
        known = {name: read_variable(name) for name in (OVERRIDE, *_OF_THE_SAME, *_SIZES)}
        sizes = {name: read_variable(size) for name, size in _SIZES.items()}
    except ValueError as why:
        what, _, fix = str(why).partition("; ")
        return [red("ranks", what, fix)]
    told = {name: value for name, value in known.items() if value is not None and value >= 0}
    return [_contradiction(told, sizes) or green("ranks", _who(rank, told, sizes))]


def _contradiction(told: dict[str, int], sizes: dict[str, int | None]) -> Finding | None:
    override, rank = told.get(OVERRIDE), told.get("RANK")
    if override is not None and rank is not None and override != rank:
        what = f"{OVERRIDE}={override}, but RANK={rank}, by which everything else goes"
        return red("ranks", what, f"unset {OVERRIDE}")
    for name, value in told.items():
        size = sizes.get(name)
        if size is not None and value >= size:
            what = f"{name}={value}, but {_SIZES[name]}={size}: ranks count from 0 to {size - 1}"
            return red("ranks", what, f"unset {name} and {_SIZES[name]}: the launcher sets both")
    if rank is not None:
        for name in _OF_THE_SAME:
            if told.get(name, 0) > rank:
                what = f"RANK={rank}, but {name}={told[name]}, which is never the larger one"
                return red("ranks", what, "unset RANK: the launcher sets it for each process")
        if told.get("SLURM_PROCID", 0) > rank:
            what = f"RANK={rank}, but SLURM_PROCID={told['SLURM_PROCID']}: several tasks may write"
            return yellow("ranks", what, "unset RANK, if the tasks are one training")
    world = sizes["RANK"] or 1
    if world > 1 and not told:
        what = f"WORLD_SIZE={world}, but no variable says which process this is: each would write"
        return red("ranks", what, "start training with torchrun, or unset WORLD_SIZE")
    return None


def _who(rank: int, told: dict[str, int], sizes: dict[str, int | None]) -> str:
    if not told:
        return "no launcher has set one: a single process"
    by = OVERRIDE if OVERRIDE in told else "RANK" if "RANK" in told else "its launcher"
    size = sizes["RANK"]
    many = f" of {size}" if size else ""
    return f"this is process {rank}{many} by {by}; 0 writes, the others do not"
