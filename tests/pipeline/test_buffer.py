"""Pictures that come faster than a sink takes them: that it begins is told, and that it is over."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.faults import Fault
from tests.support.pipe import Pipe
from tests.support.sinks import GatedSink
from tests.support.threads import wait_until
from triptych.pipeline.cadence import Route
from triptych.sinks.memory import MemorySink
from triptych.visuals import Image

_PICTURE = Image(np.zeros((10, 100), np.uint8))


def test_what_is_shed_is_told_when_it_begins_and_when_it_is_over(
    caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    """Once each, by the worker of another sink if its own hangs; then it may begin again."""
    gated = GatedSink()
    other = Route(MemorySink(), visuals=False)
    with Pipe(gated, other, limit=4 * _PICTURE.nbytes) as pipe:
        for rounds in (1, 2):
            gated.gate.clear()
            gated.waits.clear()
            pipe.event("first")
            assert gated.waits.wait(10)
            for number in range(12):
                pipe.log({"picture": _PICTURE, "a": number})
            wait_until(lambda count=2 * rounds - 1: len(caplog.messages) == count)
            gated.gate.set()
            wait_until(lambda count=2 * rounds: len(caplog.messages) == count)
    begins = (
        "Pictures come faster than the gated sink takes them: the oldest of those that wait are "
        "shed, and counted. Numbers and words are all kept."
    )
    assert caplog.messages == [begins, "The gated sink keeps up again; 8 were shed."] * 2
    totals = pipe.deliveries["gated"].snapshot()
    assert totals.shed == {"full": {"picture": 16}}
    assert [value for _, value in gated.numbers["a"]] == [float(n) for n in range(12)] * 2
    fault("slow", case="for a while", kept="numbers and words", shed="pictures, the oldest first")
