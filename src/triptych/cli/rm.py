"""`triptych rm`: runs leave the disk."""

from __future__ import annotations

from triptych.cli.failing import told
from triptych.cli.options import ROOT, AsJson, Root, SeveralRuns, Yes
from triptych.cli.removing import carry_out


def rm(
    runs: SeveralRuns,
    yes: Yes = False,
    root: Root = ROOT,
    as_json: AsJson = False,
) -> None:
    """Show what removing runs would take away; with --yes, remove them.

    Whole run folders go, with the checkpoints in them. If one may not go, none does: it is still
    going on, or the folder is not certain to be a run's.
    """
    with told():
        from triptych.archive.find import find_runs
        from triptych.archive.removal import check_removable

        going = find_runs(runs, root)
        for folder in going:
            check_removable(folder)
    carry_out(going, yes=yes, as_json=as_json)
