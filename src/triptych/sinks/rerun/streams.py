"""Recording streams: made, given a layout, let go by a deadline, and rid of their threads.

A stream has two native threads, which outlive it (0.41). Rerun ends those of streams that nobody
refers to when it is asked to, and meanwhile waits for all other streams of the process, without a
time-out. So it is asked when the last stream of ours has come to a good end.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rerun.blueprint import Blueprint

_lock = threading.Lock()
_in_use = 0  # streams of ours that have not come to a good end


def new_stream(application: str, name: str, *, properties: bool = True) -> Any:
    """Make a stream, to be given to `let_go` in the end.

    Args:
        application: Its application id.
        name: Its recording id.
        properties: Whether it says by itself when the recording was started.
    """
    import rerun as rr

    global _in_use  # noqa: PLW0603  # as Rerun's own list, it belongs to the process
    with _lock:
        _in_use += 1
    return rr.RecordingStream(application, recording_id=name, send_properties=properties)


def send_layout(stream: Any, layout: Blueprint, *, make_active: bool) -> None:
    """Send a layout as the default one.

    As `stream.send_blueprint`, which leaves a stream of its own behind that nothing ends (0.41).

    Args:
        stream: Where it goes.
        layout: A whole one.
        make_active: Whether it also takes the place of what a viewer shows at present.
    """
    import rerun as rr
    import rerun_bindings

    own = rr.RecordingStream._from_native(  # noqa: SLF001
        rerun_bindings.new_blueprint(
            application_id=stream.get_application_id(),
            make_default=False,
            make_thread_default=False,
        )
    )
    own.set_time("blueprint", sequence=0)
    layout._log_to_stream(own)  # noqa: SLF001
    rerun_bindings.send_blueprint(
        own.memory_recording().storage, make_active, True, recording=stream.to_native()
    )
    own.disconnect()


def let_go(streams: Sequence[Any], deadline: float) -> bool:
    """Disconnect streams, and say whether Rerun was done by the deadline.

    Its `disconnect` has no time-out, and its exit hook waits for it (0.41): with a viewer that
    hangs both would hold up the exit of the process for ever.
    """
    global _in_use  # noqa: PLW0603
    threads = [threading.Thread(target=stream.disconnect, daemon=True) for stream in streams]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.1, deadline - time.monotonic()))
    if any(thread.is_alive() for thread in threads):
        return False
    with _lock:
        _in_use -= len(streams)
    return True


def end_threads(deadline: float) -> bool:
    """End the threads of streams that nobody refers to any more; False if that takes too long.

    Does nothing while a stream of ours is in use, or hangs, or the user has one by `rerun.init`:
    Rerun would forget which.
    """
    thread = threading.Thread(target=_end_threads, daemon=True)
    thread.start()
    thread.join(max(0.1, deadline - time.monotonic()))
    return not thread.is_alive()


def _end_threads() -> None:
    import rerun as rr
    import rerun_bindings

    with _lock:
        if _in_use == 0 and rr.get_global_data_recording() is None:
            rerun_bindings.flush_and_cleanup_orphaned_recordings()
