"""Nothing that draws or encodes gets in the way of the training by its priority."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.support import environment
from triptych.rendering.priority import ordinary

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="capabilities and SCHED_FIFO are Linux's"
)


def try_real_time() -> bool:
    """Whether this thread may have real-time priority; it does not keep it."""
    before = os.sched_getscheduler(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        return False
    os.sched_setscheduler(0, before, os.sched_param(0))
    return True


def test_real_time_priority_is_not_to_be_had_within_the_block_and_as_before_behind_it() -> None:
    """The capability comes back, also after an exception."""
    before = try_real_time()
    with ordinary():
        assert not try_real_time()
    assert try_real_time() == before
    with pytest.raises(RuntimeError), ordinary():
        raise RuntimeError
    assert try_real_time() == before


ENCODING = """
    import os
    import numpy as np
    from triptych.rendering.clips import mp4
    from triptych.visuals import Video

    film = Video(np.zeros((5, 16, 16, 3), np.uint8), fps=5)
    assert mp4(film, "libsvtav1")
    print(os.sched_getscheduler(0) == os.SCHED_OTHER)
"""


def test_encoding_a_film_leaves_the_priority_of_its_thread_as_it_was(tmp_path: Path) -> None:
    """SVT-AV1 gives the thread that calls it, and its own, 99 of SCHED_FIFO where it may."""
    pytest.importorskip("av")
    out = environment.run(ENCODING, environment.isolated(tmp_path), cwd=tmp_path, timeout=60)
    assert out.strip() == "True"
