"""Artifacts: files that go up to W&B, now or, offline, at the later sync."""

from __future__ import annotations

import logging
import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from triptych.pipeline.clerk import Clerk
from triptych.pipeline.records import Upload

log = logging.getLogger("triptych")

_NOT_IN_A_NAME = re.compile(r"[^\w.-]+", re.ASCII)
_LONGEST_NAME = 128
_FINISHING = 2.0  # seconds that W&B gets for its own end when artifacts were slow

_staging = threading.Lock()


class Artifacts:
    """Hands files over to a W&B run.

    Args:
        run: The `wandb.Run`.
    """

    def __init__(self, run: Any) -> None:
        self._run = run
        self._clerk = Clerk()

    def send(self, upload: Upload) -> None:
        """Make an artifact of files, straight from where they lie."""
        import wandb

        name = _NOT_IN_A_NAME.sub("-", upload.name)[:_LONGEST_NAME]
        artifact = wandb.Artifact(name, upload.type, metadata=dict(upload.metadata))
        add = artifact.add_dir if upload.files.is_dir() else artifact.add_file
        add(str(upload.files), policy="immutable", skip_cache=True)
        self._run.log_artifact(artifact, aliases=list(upload.aliases))
        if upload.ours and not self._run.offline:
            self._clerk.do(partial(_remove_when_there, artifact, upload.files))

    def finish(self, deadline: float) -> None:
        """Wait until W&B has what was sent, but leave it some time for the rest of its end.

        Args:
            deadline: Of both, in `time.monotonic` seconds.
        """
        self._clerk.finish(deadline - _FINISHING)


@contextmanager
def staging_in(folder: Path) -> Iterator[None]:
    """Have W&B put files that wait for an upload, such as those of tables, below a folder.

    Offline they would stay outside of the run folder, and be missing where that is moved. W&B asks
    the environment each time (0.31); other threads that use W&B at this moment stage there too.
    """
    with _staging:
        before = os.environ.get("WANDB_DATA_DIR")
        os.environ["WANDB_DATA_DIR"] = str(folder)
        try:
            yield
        finally:
            if before is None:
                del os.environ["WANDB_DATA_DIR"]
            else:
                os.environ["WANDB_DATA_DIR"] = before


def _remove_when_there(artifact: Any, files: Path) -> None:
    """Remove our copy once W&B has an artifact: a disk would fill up with models.

    Without a deadline: a wait that gives up takes the artifact back (0.31).
    """
    try:
        artifact.wait()
    except Exception as why:  # noqa: BLE001  # of the network, of the server, of an end in between
        log.warning("W&B may not have %s; its files stay at %s: %s", artifact.name, files, why)
        return
    shutil.rmtree(files) if files.is_dir() else files.unlink()
    files.parent.rmdir()
