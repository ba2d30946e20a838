"""`remove`: a run leaves the disk, and nothing else does."""

from __future__ import annotations

import shutil

from triptych.archive.alive import is_alive
from triptych.archive.folder import RunFolder
from triptych.archive.repair import StillRunning


def check_removable(folder: RunFolder) -> None:
    """Refuse what may not be removed.

    Raises:
        StillRunning: The run goes on.
        ValueError: It is not certain to be the folder of a run: run.json is damaged or that of
            another run, or the folder or its project's is a link.
        OSError: run.json cannot be read.
    """
    for path in (folder.path, folder.path.parent):  # the root may well be a link
        if path.is_symlink():
            raise ValueError(f"{str(path)!r} is a link; name the folder that it leads to")
    try:
        told = folder.read_json()
    except ValueError:
        told, what = {}, "damaged"
    else:
        what = f"that of {told.get('id')!r}"
    if told.get("id") != folder.id or "status" not in told:
        raise ValueError(
            f"{str(folder.path)!r} is not certain to be the folder of a run, for its run.json is "
            f"{what}; delete it by hand if it may go"
        )
    if is_alive(folder, told):
        raise StillRunning(f"the run {folder.id!r} is still going on; end it first")


def remove(folder: RunFolder) -> None:
    """Delete the folder of a run with all that is in it; what links in it lead to stays.

    run.json goes last: a removal that is cut off leaves a run that can be removed again.

    Raises:
        StillRunning, ValueError: As `check_removable`.
        OSError: Something in it cannot be deleted.
    """
    check_removable(folder)
    for path in folder.path.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path != folder.run_json:
            path.unlink()
    folder.run_json.unlink()
    folder.path.rmdir()
