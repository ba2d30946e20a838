"""Recording streams leave nothing behind, and those of others alone."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support import environment, rrd

MANY_RUNS = """
    import json, os
    import numpy as np
    import triptych
    from triptych.sinks.rerun import RerunSink

    def left():
        files = [os.readlink(f"/proc/self/fd/{one}") for one in os.listdir("/proc/self/fd")
                 if os.path.lexists(f"/proc/self/fd/{one}")]
        return len(os.listdir("/proc/self/task")), sum("runs" in file for file in files)

    found = []
    kept = []
    for number in range(8):
        with triptych.run("search", root="runs", sinks=[RerunSink()], console=False) as run:
            kept.append(run)
            for _ in run.steps(range(3)):
                run.log({"loss": 1.0, "picture": triptych.Image(np.zeros((8, 8), np.uint8))})
            run.begin_attempt()
            run.log({"acc": 1.0})
        found.append(left())
    print(json.dumps(found))
"""

NO_VIEWER = """
    import json, os
    import triptych
    from triptych.sinks.rerun.remote import RemoteSink

    sink = RemoteSink("rerun+http://127.0.0.1:1/proxy")
    found = []
    with triptych.run("away", root="runs", sinks=[sink], console=False) as run:
        for number in range(8):
            run.log({"loss": 1.0})
            run.flush()
            found.append(len(os.listdir("/proc/self/task")))
    print(json.dumps(found))
"""

BESIDE_ANOTHER = """
    import rerun as rr
    import triptych
    from triptych.sinks.rerun import RerunSink

    rr.init("theirs", recording_id="mine")
    rr.save("theirs.rrd")
    with triptych.run("ours", root="runs", sinks=[RerunSink()], console=False) as run:
        run.log({"loss": 1.0})
    rr.log("words", rr.TextLog("still here"))
    assert rr.get_recording_id() == "mine"
"""


def test_runs_leave_no_threads_and_no_files(tmp_path: Path) -> None:
    """However many there are in one process, as in a search; two attempts each."""
    found = json.loads(environment.run(MANY_RUNS, environment.isolated(tmp_path), cwd=tmp_path))
    threads, files = zip(*found, strict=True)
    assert len(set(threads)) == 1, threads
    assert set(files) == {0}


def test_looking_for_a_viewer_leaves_no_threads(tmp_path: Path) -> None:
    """However often nobody answers."""
    env = environment.isolated(tmp_path)
    threads = json.loads(environment.run(NO_VIEWER, env, cwd=tmp_path))
    assert len(set(threads)) == 1, threads


def test_a_recording_of_the_user_goes_on(tmp_path: Path) -> None:
    """It is still that of the process, and takes what comes afterwards."""
    environment.run(BESIDE_ANOTHER, environment.isolated(tmp_path), cwd=tmp_path)
    ((_, _, _, text),) = rrd.text_log(tmp_path / "theirs.rrd")
    assert text == "still here"
