"""`run` and `setup_logging`: from arguments to an open `Run`."""

from __future__ import annotations

import copyreg
import logging as stdlib_logging
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from triptych.archive.info import dashboard_of
from triptych.archive.opening import Resume, open_folder
from triptych.archive.plain import plain
from triptych.archive.provenance import collect
from triptych.archive.secrets import mask
from triptych.dashboard import Dashboard
from triptych.panel import Panel
from triptych.pipeline.budget import Budget, Disk, check_overhead, read_size
from triptych.pipeline.cadence import Route
from triptych.pipeline.clock import StepClock
from triptych.pipeline.deliveries import Deliveries
from triptych.pipeline.intake import Intake
from triptych.pipeline.ledger import Ledger
from triptych.pipeline.records import RunInfo
from triptych.pipeline.sink import Sink
from triptych.printable import all_encodable
from triptych.rank import global_rank, is_writer
from triptych.terminal import Bar
from triptych.training import lifetime
from triptych.training.loop import Loop
from triptych.training.routes import check_live, make_routes, text_route, wandb_routes
from triptych.training.run import Run
from triptych.training.story import Story
from triptych.words import logging_config

log = stdlib_logging.getLogger("triptych")


def run(
    project: str,
    name: str | None = None,
    *,
    config: Mapping[str, Any] | None = None,
    tags: Iterable[str] = (),
    notes: str | None = None,
    group: str | None = None,
    root: str | os.PathLike[str] = "runs",
    sinks: Iterable[Sink | Route] | None = None,
    wandb: Any = "auto",
    live: bool | str = False,
    console: bool | Literal["json"] = True,
    resume: Resume | None = None,
    logging: dict[str, Any] | None = None,
    strict: bool | None = None,
    dashboard: Dashboard | None = None,
    snapshot: bool = False,
    upload_recording: Literal["end", "on_failure", False] = False,
    max_overhead: float | None = None,
    max_disk: float | str | None = None,
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
        group: The larger whole that it is a part of, such as a search; W&B groups by it.
        root: Folder of all runs; this one gets `<root>/<project>/<run id>/`, readable by its owner.
        sinks: Where everything goes, in place of the default: a Rerun recording, W&B, and text.
            A sink alone gets every value; a `Route` says how often.
        wandb: "auto": WANDB_MODE if set, else online if a key is there, else offline, and never a
            prompt. "online", "offline", False, or an open `wandb.Run` to join as a guest. Numbers
            come at most five times a second there, each row with the mean of its window, and eight
            pictures per path and epoch; the recording has everything.
        live: Show the recording while it is made. True serves it on 127.0.0.1 to viewers that come
            and go, and says how to connect, through ssh too; "spawn" opens a viewer as well. An
            IPv4 address, such as "0.0.0.0", serves there to anybody: Rerun asks for no password.
            "rerun+http://…" sends to one viewer, which may come late, go, and come back.
        console: True: lines and a progress bar on standard error, "json" for machines; or False.
        resume: Continue a run: its id, its folder, "latest" in this project, or what
            `run.state_dict()` gave to a checkpoint. It keeps its id and gets a new attempt with a
            recording of its own. It goes on at the step of the checkpoint, or else at the last one
            known; `run.restore(step)` says otherwise. What is left out here stays as it was.
        logging: A dictionary for the text panel, as `triptych.logging_config` makes it.
        strict: Raise where `run.log` cannot take a value, rather than warn; by default what the
            environment variable TRIPTYCH_STRICT says.
        dashboard: How the recording opens in the viewer, where the default is not what you want.
        snapshot: Whether to put a picture of the dashboard into W&B when the run has finished, as
            `run.snapshot` does; the end then takes some seconds more.
        upload_recording: Whether the recording becomes an artifact in W&B when the run has closed:
            "end", "on_failure" for a run that an exception has ended, or False.
        max_overhead: The share of the run's time, such as 0.01, that logging may take: the calling
            threads' time, and the processor time of the workers. Pictures that would cost more are
            left out, and counted; then the windows of W&B's numbers grow. None only measures: the
            figure is `triptych/overhead`, every ten seconds.
        max_disk: What recording and W&B files may take up, such as "20GB"; by default half of what
            is free. The nearer, the fewer pictures; numbers and words go on.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If there is no run to resume, `wandb="online"` finds no key, or an argument has
            a value that makes no sense.
        OSError: If the run folder cannot be made.
    """
    _check(project, name, tags, config)
    if not (dashboard is None or isinstance(dashboard, Dashboard)):
        raise TypeError(f"dashboard= is a triptych.Dashboard(...) or None, not {dashboard!r}.")
    if upload_recording not in ("end", "on_failure", False):
        raise ValueError(
            f'upload_recording= is "end", "on_failure" or False, not {upload_recording!r}.'
        )
    check_live(live)
    check_overhead(max_overhead)
    most = None if max_disk is None else read_size(max_disk)
    strict = os.environ.get("TRIPTYCH_STRICT", "") not in ("", "0") if strict is None else strict
    clock = StepClock(rank=global_rank())
    state = resume if isinstance(resume, Mapping) else None
    if not is_writer():
        if state is not None:
            clock.restore(state.get("step", 0))
        return _silent(project, name, clock)

    described = mask(plain(dict(config or {})))
    settings = logging or logging_config(console=bool(console), json_lines=console == "json")
    routes = make_routes(sinks, settings, wandb, live)
    folder, level, news = open_folder(root, project, name, resume)
    attempt = folder.next_attempt()
    known: dict[str, Any] = dict(folder.read_json()) if folder.run_json.exists() else {}
    opens_with: dict[str, str] = {}  # filled once the sinks are open
    about = RunInfo(
        id=folder.id,
        project=project,
        name=name or known.get("name") or folder.id,
        attempt=attempt,
        dir=folder.path,
        recording=folder.recording(attempt),
        config={**(known.get("config") or {}), **described},
        provenance=collect(folder.path / f"code-{attempt}"),
        tags=tuple(tags) or tuple(known.get("tags") or ()),
        notes=notes or known.get("notes"),
        group=group or known.get("group"),
        dashboard=dashboard or dashboard_of(known),
        opens_with=opens_with,
    )
    info: RunInfo = all_encodable(about)  # names of files need not be UTF-8
    story = Story(folder, info, table=bool(console))
    story.begin()
    clock.restore(story.earlier_step if state is None else state.get("step", 0))
    deliveries, ledger = Deliveries.along(routes, clock, folder.journal(attempt))
    ledger.journal.name_attempt(attempt, info.began)
    budget = Budget(max_overhead, Disk(folder.path, most))
    intake = Intake(clock, ledger, deliveries, strict=strict, budget=budget)
    panel = Panel(clock, settings, lambda record, words: intake.put(record, local=words.local))
    panel.connect()  # what the sinks say while they open is part of the record
    deliveries.open(info, intake.settle)
    if level:
        log.log(level, news)
    problems = deliveries.unspoken
    if problems or (console and problems is not None):  # what Python does where nobody listens
        panel.speak_directly(stdlib_logging.WARNING)
        for sink, problem in problems.items():
            log.error("The %s sink could not be opened: %s", sink, problem)
    intake.begin()
    bar = Bar(clock, shown=console is True)
    made = Run(
        info,
        clock=clock,
        loop=Loop(clock, bar),
        deliveries=deliveries,
        intake=intake,
        panel=panel,
        story=story,
        snapshot=snapshot,
        upload_recording=upload_recording,
    )
    opens_with.update(made.hints)
    bar.numbers = lambda: made.latest
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
        options["sinks"] = [text_route(settings), *wandb_routes(options.pop("wandb", "auto"))]
    return run(project or script, run_name, **options)


def _check(project: str, name: str | None, tags: object, config: object) -> None:
    if not isinstance(project, str) or not project.strip():
        raise TypeError(f'The project is a text such as "digits", not {project!r}.')
    if not (name is None or isinstance(name, str)):
        raise TypeError(f"The name of a run is a text or None, not {name!r}.")
    if isinstance(tags, str):
        raise TypeError(f"The tags are several texts, such as ({tags!r},), not one: {tags!r}.")
    if not (config is None or isinstance(config, Mapping)):
        raise TypeError(
            f"The config is a mapping such as a dict, not a {type(config).__name__}; "
            f"vars(...) or dataclasses.asdict(...) makes one."
        )


def _reduced(run: Run) -> tuple[Any, ...]:
    """How a run is copied and pickled."""
    return _counterpart, (run.id, run.info.project, run.info.name)


def _counterpart(run_id: str, project: str, name: str) -> Run:
    """The run itself; in another process, a spawned worker, say, one that writes nothing."""
    here = (run for run in lifetime.watched() if isinstance(run, Run) and run.id == run_id)
    return next(here, None) or _silent(project, name, StepClock(rank=global_rank()))


copyreg.pickle(Run, _reduced)


def _silent(project: str, name: str | None, clock: StepClock) -> Run:
    """A run on a rank, or in a process, that does not write: no folder, no sink, no hook."""
    info = RunInfo("", project, name or project, 1, Path(), Path())
    intake = Intake(clock, Ledger(), {}, strict=False)
    loop = Loop(clock, Bar(clock, shown=False))
    return Run(
        info,
        clock=clock,
        loop=loop,
        deliveries=Deliveries(),
        intake=intake,
        panel=None,
        story=None,
    )
