"""`Sink`: what a destination must offer."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from triptych.pipeline.records import Batch, Failure, RunInfo, Status


class NotShown(Exception):  # noqa: N818  # it says what happened to the value
    """A sink raises this for a value that it has no way to show: counted, told once, no failure."""


class NotKept(Exception):  # noqa: N818  # likewise
    """A sink raises this, from what went wrong, for a value that it has shown but could not write.

    It counts as lost. The sink is not left alone for it, as after other failures.
    """


@runtime_checkable
class Sink(Protocol):
    """A destination of records.

    One worker thread calls all four methods, always the same one, and never two at a time. Each
    may raise: the delivery counts what was lost, tells once for each kind of error, and goes on.

    Attributes:
        name: A short word for totals and messages, such as "rerun".

    More attributes are looked for, and may be missing: `hint`, the command that opens what the
    sink has written; `takes_local_words`, true if lines that sinks and their SDKs log may come here
    because nothing of this sink logs; `next_attempt(info, deadline)`, called when training starts
    again within the run; `family`, the package whose own values it takes as they are, by default
    its name; `place`, the folder that it writes to: while its disk is full, everything waits in
    memory; `takes_files`, true if it wants an `Upload`; `longest_pause`, the most seconds between
    two tries after many failures; `durable`, true if what has been flushed survives the process,
    and the journal can let go of it;
    `apart`, true if the sink is to work in a process of its own, see `triptych.sinks.apart.Apart`;
    `write_each(records)`, which takes in several records as if each came alone, and says of each
    what went wrong, an exception or None; `sum_up(totals)`, called right before `close` with the
    `Totals` of the run, those of this sink final; and `abandon()`, called on the thread that closes
    the run when the worker has missed the deadline: keep what hangs from holding up the exit of the
    process.
    """

    name: str

    def open(self, info: RunInfo) -> None:
        """Get ready, imports and warm-up included: training has not begun."""
        ...

    def write(self, batch: Batch) -> None:
        """Take in a batch. If this raises, the batch counts as lost."""
        ...

    def flush(self, deadline: float) -> None:
        """Hand everything to the operating system by `deadline`, in `time.monotonic` seconds."""
        ...

    def close(self, status: Status, error: Failure | None, deadline: float) -> None:
        """Finish with the run's status by `deadline`; nothing is called afterwards."""
        ...
