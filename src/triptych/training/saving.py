"""`Saving`: what a run keeps of files: models, data, pictures of itself, its recording.

Files are linked on the calling thread, and copied, read and written down by the run's clerk.
"""

from __future__ import annotations

import logging
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from triptych.archive.digests import digest
from triptych.archive.kept import Kept
from triptych.archive.plain import plain
from triptych.pipeline.records import Artifact, Record, RunInfo, Stamp, Upload
from triptych.printable import all_encodable
from triptych.training.describing import Describing
from triptych.viewer.snapshots import take_snapshot

log = logging.getLogger("triptych")


class Saving(Describing, ABC):
    """The part of `Run` that deals in files."""

    @abstractmethod
    def flush(self, timeout: float = 10.0) -> bool:
        """Hand everything logged so far to the back ends; say whether all of it arrived."""

    def checkpoint(
        self,
        path: str | os.PathLike[str],
        *,
        metrics: Mapping[str, float] | None = None,
        aliases: Iterable[str] = (),
        name: str | None = None,
        upload: bool = False,
    ) -> None:
        """Note that a model was saved, at the present step, in all places.

        `run.json` also gets its SHA-256, which a thread of its own computes.

        Args:
            path: The file or folder.
            metrics: The score it was saved with.
            aliases: Names of this version, such as "best"; "latest" and `step-<k>` are added.
            name: Under which its versions belong together; by default "model-<run id>".
            upload: Whether it becomes an artifact in W&B; offline that waits for the later sync.
                The files are linked into the run folder here and now, so that they stay when the
                framework deletes its own, and copied there a moment later.

        Raises:
            OSError: If `upload` is asked for and the files are not there, or the run folder takes
                no more.
        """
        known = {key: float(value) for key, value in (metrics or {}).items()}
        score = ", ".join(f"{key} {value:.6g}" for key, value in known.items())
        text = f"checkpoint {Path(path).name}" + (f" ({score})" if score else "")
        name = name or f"model-{self.id}"
        saved = Artifact(Path(path).absolute(), text, name, "model", tuple(aliases), known)
        self._save("checkpoints", saved, upload=upload)

    def artifact(
        self,
        path: str | os.PathLike[str],
        name: str | None = None,
        type: str = "data",  # noqa: A002  # as W&B calls it
        *,
        aliases: Iterable[str] = (),
        upload: bool = True,
    ) -> None:
        """Note that the run has made files, at the present step, in all places, and keep them.

        As `checkpoint`, for what is no model: predictions, a data set, a report.

        Args:
            path: The file or folder.
            name: Under which its versions belong together; by default its name and the run id.
            type: What it is; W&B lists artifacts by it.
            aliases: Names of this version; "latest" and `step-<k>` are added.
            upload: Whether it becomes an artifact in W&B.

        Raises:
            OSError: As for `checkpoint`.
        """
        place = Path(path).absolute()
        text = f"artifact {place.name} ({type})"
        saved = Artifact(place, text, name or f"{place.name}-{self.id}", type, tuple(aliases))
        self._save("artifacts", saved, upload=upload)

    def snapshot(
        self, view: str | None = None, step: int | None = None, timeout: float = 30.0
    ) -> Path | None:
        """Put a picture of the recording, as the Rerun viewer shows it, into W&B.

        A shared W&B page then shows a 3-D scene or the whole dashboard. The viewer runs without a
        window, in a process of its own, and needs a Vulkan driver, such as Debian's
        mesa-vulkan-drivers, but neither a display nor a GPU. This call waits for it, some seconds.

        Args:
            view: The name of one view, or the path that it shows; None for the whole window.
            step: Which step to show; None for the last.
            timeout: Seconds that each of starting the viewer, loading and settling may take.

        Returns:
            The PNG file, below `snapshots` in the run folder. None if there is none; the log says
            why, and nothing is raised.
        """
        if not self._intake.takes("snapshot"):
            return None
        self.flush(timeout)
        taken = take_snapshot(
            self.info.recording, self.dir / "snapshots", view=view, step=step, timeout=timeout
        )
        if taken is None:
            return None
        file, picture = taken
        record = Record(f"snapshot/{view or 'dashboard'}", self.clock.stamp(), picture)
        self._intake.show(record, except_to=("rerun", "live"))
        return file

    # ---- how it is done

    def _save(self, kind: str, saved: Artifact, *, upload: bool) -> None:
        if not self._intake.takes(kind.removesuffix("s")):
            return
        stamp = self.clock.stamp()
        names = tuple(dict.fromkeys((*saved.aliases, "latest", f"step-{stamp.step}")))
        saved = all_encodable(replace(saved, aliases=names))
        kept = None
        if upload and self._intake.takes_files:
            kept = Kept(saved.path, self.dir, name=saved.name, step=stamp.step)
        self._intake.put(Record(kind, stamp, saved))
        self._clerk.do(partial(self._file, kind, saved, stamp, self.info, kept))

    def _file(
        self, kind: str, saved: Artifact, stamp: Stamp, info: RunInfo, kept: Kept | None
    ) -> None:
        if self._story is None:
            return
        entry = self._story.keep(kind, saved, stamp.step)
        try:
            if kept is not None:
                kept.own()
            found = digest(saved.path if kept is None else kept.path)
        except OSError as why:
            what = "There is no digest" if kept is None else "There will be no upload"
            log.warning("%s of %s: %s", what, saved.path, why)
            self._story.complete(entry, {})
            return
        told = {"sha256": found.sha256, "bytes": found.bytes}
        if kept is not None:
            scores = {name: plain(score) for name, score in saved.metrics.items()}
            metadata = {**scores, **_origin(info, stamp), "sha256": found.sha256}
            upload = Upload(kept.path, saved.name, saved.type, saved.aliases, metadata, ours=True)
            self._intake.upload(Record(kind, stamp, upload))
        self._story.complete(entry, told)

    def _finish_files(self, deadline: float) -> bool:
        finished = self._clerk.finish(deadline)
        if not finished:
            log.error(
                "The files that were saved last could not be copied and read in time: run.json "
                "has no digest of them, and they will not be uploaded."
            )
        return finished

    def _recording(self) -> Record:
        """The recording as an artifact, to be sent when it is whole."""
        info, stamp = self.info, self.clock.stamp()
        aliases = ("latest", f"attempt-{info.attempt}")
        name, origin = f"recording-{info.id}", _origin(info, stamp)
        upload = Upload(info.recording, name, "recording", aliases, origin)
        return Record("recording", stamp, upload)


def _origin(info: RunInfo, stamp: Stamp) -> dict[str, str | int]:
    """The way back from an artifact to the recording."""
    return {
        "run_id": info.id,
        "attempt": info.attempt,
        "step": stamp.step,
        "recording": str(info.recording),
    }
