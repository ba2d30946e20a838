"""What is added to a recording that was cut off knows what the recording holds."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.support.pipe import INFO
from triptych.archive.folder import RunFolder
from triptych.archive.gap import missing
from triptych.archive.tail import Tail
from triptych.pipeline.clock import StepClock
from triptych.pipeline.ledger import Ledger
from triptych.pipeline.records import Batch, Event, Record, Status, Words
from triptych.sinks.rerun import RerunSink
from triptych.sinks.rerun.supplement import Supplement
from triptych.visuals import Histogram, Image, Text


def test_layout_of_the_whole_is_that_of_the_sink_itself(tmp_path: Path) -> None:
    """Parts of a picture or a chart are no views of their own, and phases keep their order."""
    file = RunFolder(tmp_path).recording(1)
    clock, ledger, records = StepClock(step=3), Ledger(), []
    image = Image(np.zeros((8, 9, 3), np.uint8), caption="nine", boxes=[[0, 0, 4, 4]])
    line = logging.LogRecord("some", logging.INFO, "", 0, "said", None, None)
    for phase in ("val", "train"):
        clock.enter(epoch=0, phase=phase)
        when = clock.stamp()
        ledger.append_floats(
            (f"{phase}/loss", "lr"), (0.5, 0.1), context=clock.context, step=3, when=when.time
        )
        values = {"pred": image, "spread": Histogram(np.arange(20.0)), "note": Text("a note")}
        records += [Record(f"{phase}/{name}", when, value) for name, value in values.items()]
        records.append(Record("logs/some", when, Words(line)))
    records.append(Record("events", clock.stamp(), Event("over")))

    sink = RerunSink(file)
    sink.open(replace(INFO, recording=file))
    sink.write(Batch(tuple(ledger.reader(clock).read()), tuple(records)))
    sink.close(Status.FINISHED, None, time.monotonic() + 30)
    (gap,) = missing(RunFolder(tmp_path), Tail(((1, 0.0),), (), ())).values()
    assert gap.known is not None
    supplement = Supplement(tmp_path / "more.rrd")
    supplement.remember(gap.known.numbers, gap.known.archetypes, gap.known.phases)

    assert supplement._seen.numbers == sink._seen.numbers
    assert supplement._seen.shown == sink._seen.shown
    assert supplement._seen.bands == sink._seen.bands
    assert supplement._seen.phases == sink._seen.phases
    assert (supplement._seen.words, sink._seen.words) == (True, True)
