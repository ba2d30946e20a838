"""From an accelerator to the host, without making the training thread wait.

By the rules of CUDA's streams and of torch's caching allocator, as torch's documentation states
them (`torch.cuda.Stream`, `Tensor.record_stream`): work on one stream happens in its order, other
streams wait for events, and memory is used again by its own stream only.

Written from that documentation and tested on the CPU; not yet run on a GPU.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any

_READY = "_triptych_ready"


@lru_cache
def side_stream(device: Any) -> Any:
    """The stream of a device on which our copies go, beside the training; of CUDA, or the CPU."""
    return getattr(sys.modules["torch"], device.type).Stream(device)


def stage(tensor: Any) -> Any:
    """Copy a tensor within its device, on the training thread, which does not wait.

    The copy is made in the order of the stream in use: what training writes afterwards, on that
    stream, does not show in it. `fetch` brings it to the host.
    """
    copy = tensor.detach().clone()
    if copy.is_cuda:
        cuda = sys.modules["torch"].cuda
        ready = cuda.Event()
        ready.record(cuda.current_stream(copy.device))
        setattr(copy, _READY, ready)
    return copy


def fetch(tensor: Any) -> Any:
    """Bring a tensor to the host, on a worker thread, which waits without the interpreter lock.

    A staged one comes beside the training.
    """
    ready = getattr(tensor, _READY, None)
    if ready is None:
        return tensor.detach().cpu()
    ready.synchronize()
    # Complete, it can be read on any stream; on the training's it would wait for what is queued.
    with sys.modules["torch"].cuda.stream(side_stream(tensor.device)):
        return tensor.cpu()
