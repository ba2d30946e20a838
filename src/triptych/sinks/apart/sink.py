"""`Apart`: a sink that does its work in a process of its own."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from triptych.pipeline.records import Batch, Failure, Record, RunInfo, Status
from triptych.pipeline.sink import Sink
from triptych.sinks.apart.calls import Answer, call
from triptych.sinks.apart.helper import Helper
from triptych.sinks.apart.wire import Unsendable

if TYPE_CHECKING:
    from triptych.pipeline.totals import Totals

log = logging.getLogger("triptych")


_TRAITS = ("durable", "longest_pause", "takes_files", "takes_local_words")


class Apart:
    """Any sink, in a process of its own: what it does takes no interpreter lock from training.

    A worker of this process hands everything over, by pickle. What the sink raises is raised here,
    what it logs is logged here. If the process dies, every call raises ConnectionError. Where no
    process can be started the sink does its work here.

    Args:
        sink: One that can be pickled before it is opened, of a class that can be imported.
    """

    def __init__(self, sink: Sink) -> None:
        self.name = sink.name
        self.family = getattr(sink, "family", sink.name)
        for trait in _TRAITS:
            if hasattr(sink, trait):
                setattr(self, trait, getattr(sink, trait))
        self.hint = ""
        self.place: Path | None = None
        self._sink = sink
        self._helper: Helper | None = None
        self._info: RunInfo | None = None
        self._told: dict[str, str] = {}

    def open(self, info: RunInfo) -> None:
        """Start the process, and open the sink in it."""
        self._info = info
        try:
            self._helper = Helper.take(type(self._sink))
            self._ask("begin", self._sink, str(Path.cwd()), dict(os.environ))
            answer = self._ask("open", info)
        except (OSError, Unsendable) as why:
            log.info("The %s sink works in the process that trains: %s.", self.name, why)
            self._drop()
            answer = self._ask("open", info)
        if answer.problems != [None]:
            self._drop()
        _raise(answer)

    def write(self, batch: Batch) -> None:
        """Hand over a batch."""
        self._do("write", Batch(batch.columns, tuple(self._portable(batch.records))))

    def write_each(self, records: Sequence[Record]) -> list[BaseException | None]:
        """Hand over records in one message; what went wrong with each, or None."""
        try:
            return self._ask("write_each", self._portable(records)).errors
        except Unsendable as problem:
            if len(records) == 1:
                return [problem]
            return [error for record in records for error in self.write_each([record])]

    def flush(self, deadline: float) -> None:
        """As that of the sink."""
        self._do("flush", deadline)

    def sum_up(self, totals: Totals) -> None:
        """As that of the sink, if it has one."""
        self._do("sum_up", totals)

    def next_attempt(self, info: RunInfo, deadline: float) -> None:
        """As that of the sink, if it has one."""
        self._info = info
        self._do("next_attempt", info, deadline)

    def close(self, status: Status, error: Failure | None, deadline: float) -> None:
        """Close the sink; the process waits for the next run."""
        try:
            self._do("close", status, error, deadline)
        except BaseException:
            self.abandon()
            raise
        if self._helper is not None:
            self._helper.give_back()
            self._helper = None

    def abandon(self) -> None:
        """End the process, whatever it is doing."""
        if self._helper is not None:
            self._helper.kill()
        elif hasattr(self._sink, "abandon"):
            self._sink.abandon()

    def _drop(self) -> None:
        if self._helper is not None:
            self._helper.kill()
            self._helper = None

    def _ask(self, what: str, *given: Any) -> Answer:
        if self._helper is None:
            answer = call(self._sink, what, given)
        else:
            answer = self._helper.ask(what, given, self._news())
        for line in answer.lines:
            logger = logging.getLogger(line.name)
            if logger.isEnabledFor(line.levelno):
                logger.handle(line)
        self.hint, self.place = answer.hint, answer.place
        return answer

    def _do(self, what: str, *given: Any) -> None:
        _raise(self._ask(what, *given))

    def _portable(self, records: Sequence[Record]) -> Sequence[Record]:
        """Records in a form that another process can read, if the sink knows one."""
        portable = getattr(self._sink, "portable", None)
        if portable is None or self._helper is None:
            return records
        return [portable(record) for record in records]

    def _news(self) -> dict[str, str]:
        """What opens the other sinks, if that has become known since the last call."""
        known = dict(self._info.opens_with) if self._info is not None else {}
        if known == self._told:
            return {}
        self._told = known
        return known


def _raise(answer: Answer) -> None:
    (error,) = answer.errors
    if error is not None:
        raise error
