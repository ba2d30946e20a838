"""`Describing`: what a run says of itself: its settings, what went into it, what happened."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from triptych.archive.digests import digest as digest_of
from triptych.archive.plain import plain
from triptych.archive.secrets import mask, mask_text
from triptych.archive.seeds import known_seeds
from triptych.pipeline.clerk import Clerk
from triptych.pipeline.clock import StepClock
from triptych.pipeline.intake import Intake
from triptych.pipeline.records import Config, Event, Record, RunInfo
from triptych.printable import encodable
from triptych.training.story import Story

log = logging.getLogger("triptych")


class Describing:
    """The part of `Run` that knows who the run is.

    Args:
        info: What the sinks are told.
        clock: The step.
        intake: Takes records.
        story: Writes down how the run goes; None on ranks that do not write.

    Attributes:
        info: What the sinks were told.
        clock: The step; adapters move it.
    """

    def __init__(
        self, info: RunInfo, clock: StepClock, intake: Intake, story: Story | None
    ) -> None:
        self.info = info
        self.clock = clock
        self._intake = intake
        self._story = story
        self._clerk = Clerk()
        self._learning = threading.RLock()  # a signal handler may configure

    @property
    def id(self) -> str:
        """Folder name, W&B run id, and with the attempt Rerun recording id."""
        return self.info.id

    @property
    def dir(self) -> Path:
        """The run folder."""
        return self.info.dir

    @property
    def step(self) -> int:
        """Optimizer updates begun so far: everything logged now carries it."""
        return self.clock.step

    def event(self, text: str, *, level: str = "INFO") -> None:
        """Leave a marker at the present step in all places: `run.event("unfroze the backbone")`.

        Args:
            text: What happened.
            level: As in logging. "WARNING" and worse is an incident: `triptych ls` counts those.
        """
        if self._intake.takes("event"):
            event = Event(encodable(str(text)), str(level))
            self._intake.put(Record("events", self.clock.stamp(), event))
            if self._story is not None and event.is_incident:
                self._story.mark(event, self.step)

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Add settings that were not known when the run opened; later ones win.

        Secrets are masked. A W&B run that is somebody else's keeps the settings it has.
        """
        if self._intake.takes("configure"):
            self._learn(config=mask(plain(dict(settings))))

    def uses(
        self,
        name: str,
        *,
        version: str | None = None,
        path: str | os.PathLike[str] | None = None,
        digest: str | bool = False,
    ) -> None:
        """Say what went into the run: `run.uses("digits", version="1.2", path="data/digits")`.

        It stands in `run.json`, among the recording's properties and in W&B's configuration, below
        "uses", and is an event at the present step.

        Args:
            name: What it is, such as a data set or a model that training starts from.
            version: Which one.
            path: Where it lies: a file, a folder or a URL.
            digest: Its checksum if you know it. True: the SHA-256 of the files at `path`, which a
                thread of its own computes from now on; it reads all of them, a gigabyte in a
                second or two.

        Raises:
            ValueError: If a digest is asked for, and there is no path.
        """
        if digest is True and path is None:
            raise ValueError(f"The digest of {name!r} is that of its files: pass path= as well.")
        if not self._intake.takes("uses"):
            return
        name = mask_text(encodable(str(name)))
        told = {"version": version, "path": None if path is None else os.fspath(path)}
        told |= {"digest": digest if isinstance(digest, str) else None}
        known = {key: value for key, value in mask(plain(told)).items() if value is not None}
        self._learn(uses={name: known})
        version = "" if version is None else f" {known['version']}"
        self._intake.put(Record("events", self.clock.stamp(), Event(f"uses {name}{version}")))
        if digest is True and path is not None:
            self._clerk.do(partial(self._digest_input, name, Path(path).absolute()))

    def state_dict(self) -> dict[str, str | int]:
        """What a checkpoint keeps, so that a later process continues this run from there.

        Plain texts and numbers, for `torch.save` and JSON alike: later
        `triptych.run(project, resume=checkpoint["run"])`.

        Returns:
            `run_id`, "" on ranks that do not write; `step`; `root`, the folder of all runs.
        """
        return {"run_id": self.id, "step": self.step, "root": str(self.dir.parent.parent)}

    # ---- how it is done

    def _learn(
        self, config: Mapping[str, Any] | None = None, **provenance: Mapping[str, Any]
    ) -> None:
        """Tell the sinks and run.json more; under a lock, since the clerk learns digests."""
        with self._learning:
            known = dict(self.info.provenance)
            for name, more in provenance.items():
                known[name] = {**known.get(name, {}), **more}
            self.info = replace(
                self.info, config={**self.info.config, **(config or {})}, provenance=known
            )
            self._intake.put(Record("config", self.clock.stamp(), Config(self.info)))
            if self._story is not None:
                self._clerk.do(partial(self._story.learned, self.info))

    def _learn_seeds(self) -> None:
        """What is seeded after the run has opened is known at its end."""
        seeds = known_seeds()
        if seeds != self.info.provenance.get("seeds"):
            self._learn(seeds_at_end=seeds)

    def _next_attempt(self) -> None:
        with self._learning:
            attempt = self.info.attempt + 1
            recording = self.dir / f"recording-{attempt}.rrd"
            self.info = replace(self.info, attempt=attempt, recording=recording, began=time.time())

    def _digest_input(self, name: str, path: Path) -> None:
        try:
            found = digest_of(path)
        except OSError as why:
            log.warning("The digest of %s is not known: %s", name, why)
            return
        known = {**self.info.provenance["uses"][name], "digest": f"sha256:{found.sha256}"}
        self._learn(uses={name: {**known, "bytes": found.bytes}})
