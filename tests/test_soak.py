"""A soak: a million calls, ten thousand paths, eight threads; flat memory, and nothing lost.

By default a tenth of the calls; `SOAK_CALLS=1000000` makes all of them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

import triptych
from tests.support import environment, rrd, run_folder

_CALLS = int(os.environ.get("SOAK_CALLS", "100000"))
_THREADS, _PATHS, _ROUNDS = 8, 10_000, 20
_GROWTH = 64  # megabytes after the first half; a record that is kept by mistake has a few hundred

PROGRAM = f"""
    import json
    import psutil
    import triptych
    from tests.support.threads import run_all
    from triptych.sinks.rerun import RerunSink

    EACH = {_CALLS} // {_THREADS} // {_ROUNDS}
    paths = [f"group-{{number % 100}}/metric-{{number}}" for number in range({_PATHS})]
    megabytes = []

    def work(thread, begin):
        for number in range(begin, begin + EACH):
            value = number * {_THREADS} + thread
            run.log({{paths[number % {_PATHS}]: value}})

    with triptych.run("soak", root="runs", sinks=[RerunSink()], console=False) as run:
        for round in range({_ROUNDS}):
            run.advance()
            begin = round * EACH
            run_all(*[lambda thread=thread: work(thread, begin) for thread in range({_THREADS})])
            megabytes.append(psutil.Process().memory_info().rss / 2**20)
        assert run.close(timeout=120)
    print(json.dumps(megabytes))
"""


def test_nothing_is_lost_and_memory_stays_flat(tmp_path: Path) -> None:
    """Every number of every thread is in the recording once, in its thread's order."""
    out = environment.run(PROGRAM, environment.isolated(tmp_path), cwd=tmp_path, timeout=170)
    megabytes = json.loads(out)
    assert megabytes[-1] - megabytes[_ROUNDS // 2] < _GROWTH, megabytes

    panels = run_folder.find(tmp_path / "runs")
    calls = _CALLS // _THREADS // _ROUNDS * _THREADS * _ROUNDS
    totals = panels.story["totals"]["sinks"]["rerun"]
    assert (totals["accepted"], totals["delivered"], totals["shed"]) == (calls, calls, {})
    assert rrd.verify(panels.recording) == 0
    curves = triptych.open_run(panels.folder).curves
    assert len(curves) == min(_PATHS, calls // _THREADS)
    values = np.concatenate([curve.values for curve in curves.values()])
    assert np.array_equal(np.sort(values), np.arange(calls))
    for curve in curves.values():
        for thread in range(_THREADS):
            own = curve.values[curve.values % _THREADS == thread]
            assert (np.diff(own) > 0).all()
