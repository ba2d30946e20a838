"""`run` and `setup_logging`: from arguments to an open `Run`."""

from __future__ import annotations

import logging as stdlib_logging
import os
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from triptych import lifetime
from triptych.archive.folder import RunFolder
from triptych.archive.plain import plain
from triptych.archive.provenance import collect
from triptych.archive.secrets import mask
from triptych.loop import Loop
from triptych.pipeline.cadence import Every, Limit, Route
from triptych.pipeline.clock import StepClock
from triptych.pipeline.delivery import Delivery
from triptych.pipeline.intake import Intake
from triptych.pipeline.ledger import Ledger
from triptych.pipeline.records import RunInfo
from triptych.pipeline.sink import Sink
from triptych.rank import global_rank, is_writer
from triptych.run import Run
from triptych.story import Story
from triptych.terminal import Bar
from triptych.words import Panel, logging_config

log = stdlib_logging.getLogger("triptych")

OPENING = 60.0  # seconds that the sinks may take to open before training starts without them


def run(
    project: str,
    name: str | None = None,
    *,
    config: Mapping[str, Any] | None = None,
    tags: Iterable[str] = (),
    notes: str | None = None,
    root: str | os.PathLike[str] = "runs",
    sinks: Iterable[Sink | Route] | None = None,
    wandb: Any = "auto",
    live: Literal[False] = False,
    console: bool | Literal["json"] = True,
    resume: str | os.PathLike[str] | None = None,
    logging: dict[str, Any] | None = None,
    strict: bool | None = None,
) -> Run:
    """Open a run: `with triptych.run("digits", config=cfg) as run: ...`.

    Works without `with` too; then `run.close()` or the end of the process ends it. On ranks other
    than 0 and in DataLoader workers it gives a run that takes everything and writes nothing.

    Args:
        project: What is trained; groups runs. Any text.
        name: Which training this is; any text, need not be unique. By default the run id.
        config: Settings of this training. Secrets are masked before anything leaves the process.
        tags: Short labels.
        notes: A longer description.
        root: Folder of all runs; this one gets `<root>/<project>/<run id>/`, readable by its owner.
        sinks: Where everything goes, in place of the default: a Rerun recording, W&B, and text.
            A sink alone gets every value; a `Route` says how often and on which ranks.
        wandb: "auto": WANDB_MODE if set, else online if a key is there, else offline, and never a
            prompt. "online", "offline", False, or an open `wandb.Run` to join as a guest. Numbers
            come at most ten times a second there, each row with the mean of its window, and eight
            pictures per path and epoch; the recording has everything.
        live: Reserved; a recording can be opened with `rerun` while it is written.
        console: True: lines and a progress bar on standard error, "json" for machines; or False.
        resume: Continue a run: its id, its folder, or "latest" in this project. It keeps its id and
            gets a new attempt with a recording of its own; `run.restore(step)` sets the step.
        logging: A dictionary for the text panel, as `triptych.logging_config` makes it.
        strict: Raise where `run.log` cannot take a value, rather than warn; by default what the
            environment variable TRIPTYCH_STRICT says.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If there is no run to resume, or `wandb="online"` finds no key.
        OSError: If the run folder cannot be made.
    """
    _check(project, name, live)
    strict = os.environ.get("TRIPTYCH_STRICT", "") not in ("", "0") if strict is None else strict
    rank = global_rank()
    clock = StepClock(rank=rank)
    routes = [_as_route(sink) for sink in sinks] if sinks is not None else []
    if not (is_writer() if sinks is None else any(rank in route.ranks for route in routes)):
        return _silent(project, name, clock)

    folder = (
        RunFolder.find(root, project, resume) if resume else RunFolder.create(root, project, name)
    )
    settings = logging or logging_config(console=bool(console), json_lines=console == "json")
    if sinks is None:
        routes = _default_routes(settings, wandb)
    info = RunInfo(
        id=folder.id,
        project=project,
        name=name or folder.id,
        attempt=folder.next_attempt(),
        dir=folder.path,
        recording=folder.recording(folder.next_attempt()),
        config=mask(plain(dict(config or {}))),
        provenance=collect(),
        tags=tuple(tags),
        notes=notes,
    )
    story = Story(folder, info, table=bool(console))
    story.begin()
    opened = _open(info, clock, [one for one in routes if rank in one.ranks], strict=strict)
    deliveries, intake, bar = opened
    panel = Panel(clock, settings, lambda record, words: intake.put(record, local=words.local))
    bar.shown = console is True
    made = Run(
        info,
        clock=clock,
        loop=Loop(clock, bar),
        deliveries=deliveries,
        intake=intake,
        panel=panel,
        on_close=story.end,
    )
    panel.connect()
    lifetime.watch(made)
    return made


def setup_logging(
    run_name: str,
    use_rerun: bool = True,
    use_wandb: bool = True,
    *,
    project: str | None = None,
    **options: Any,
) -> Run:
    """Open a run in one call, for a script that cannot be indented under a `with`.

    The run ends with the process, or with `run.close()`; an exception that ends the process is
    recorded all the same.

    Args:
        run_name: Which training this is.
        use_rerun: Whether to write a Rerun recording.
        use_wandb: Whether to write to W&B, by the rules of `run`'s `wandb="auto"`.
        project: What is trained; by default the name of the script.
        **options: Further arguments of `triptych.run`.
    """
    script = Path(sys.argv[0] or "training").stem if sys.argv else "training"
    if not use_wandb:
        options.setdefault("wandb", False)
    if not use_rerun:
        console = options.get("console", True)
        settings = options.get("logging") or logging_config(
            console=bool(console), json_lines=console == "json"
        )
        routes = _default_routes(settings, options.get("wandb", "auto"))
        options["sinks"] = [route for route in routes if route.sink.name != "rerun"]
    return run(project or script, run_name, **options)


def _check(project: str, name: str | None, live: object) -> None:
    if not isinstance(project, str) or not project.strip():
        raise TypeError(f'The project is a text such as "digits", not {project!r}.')
    if not (name is None or isinstance(name, str)):
        raise TypeError(f"The name of a run is a text or None, not {name!r}.")
    if live is not False:
        raise ValueError(f"live={live!r} is not there yet; leave it out, and open the recording.")


def _as_route(sink: Sink | Route) -> Route:
    return sink if isinstance(sink, Route) else Route(sink)


def _default_routes(settings: dict[str, Any], wandb: Any) -> list[Route]:
    from triptych.sinks.rerun import RerunSink
    from triptych.sinks.text import TextSink

    text = Route(TextSink(settings), numbers=Every(seconds=5, keep="last"), visuals=False)
    routes = [Route(RerunSink()), text]
    switched_off = wandb == "auto" and os.environ.get("WANDB_MODE") == "disabled"
    if wandb is not False and not switched_off:
        from triptych.sinks.wandb import WandbSink

        routes.append(
            Route(WandbSink(wandb), numbers=Every(seconds=0.1), visuals=Limit(per_epoch=8))
        )
    return routes


def _open(
    info: RunInfo, clock: StepClock, routes: list[Route], *, strict: bool
) -> tuple[dict[str, Delivery], Intake, Bar]:
    """Start the workers and wait until their sinks are open: not at step 1, but before it."""
    readers = [route for route in routes if route.numbers is not False]
    ledger = Ledger(len(readers))
    deliveries: dict[str, Delivery] = {}
    for route in routes:
        reader = ledger.reader(readers.index(route), clock) if route in readers else None
        name, count = route.sink.name, 2
        while name in deliveries:
            name, count = f"{route.sink.name}-{count}", count + 1
        deliveries[name] = Delivery(route, reader)
    intake = Intake(clock, ledger, deliveries, strict=strict)
    for delivery in deliveries.values():
        delivery.before_read = intake.settle
        delivery.start(info)
    deadline = time.monotonic() + OPENING
    for name, delivery in deliveries.items():
        if not delivery.wait_open(max(0.0, deadline - time.monotonic())):
            log.error("The %s sink takes more than %.0f s to open; training starts.", name, OPENING)
    return deliveries, intake, Bar(clock, shown=False)


def _silent(project: str, name: str | None, clock: StepClock) -> Run:
    """A run on a rank that does not write: no folder, no sink, no hook."""
    info = RunInfo("", project, name or project, 1, Path(), Path())
    intake = Intake(clock, Ledger(0), {}, strict=False)
    loop = Loop(clock, Bar(clock, shown=False))
    return Run(
        info,
        clock=clock,
        loop=loop,
        deliveries={},
        intake=intake,
        panel=None,
        on_close=lambda _run: None,
    )
