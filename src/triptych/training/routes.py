"""Where a run goes by default, and how often: a recording, the text panel, W&B, live viewers."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any, Literal

from triptych.pipeline.cadence import Every, Limit, Route
from triptych.pipeline.records import WandbHost
from triptych.pipeline.sink import Sink

_ADDRESSES = ("rerun+http://", "rerun+https://")
"""How the addresses of viewers begin."""


def make_routes(
    sinks: Iterable[Sink | Route] | None, settings: dict[str, Any], wandb: Any, live: bool | str
) -> list[Route]:
    """The routes of a run.

    Args:
        sinks: What the user wants in place of the default; a sink alone gets every value.
        settings: The logging configuration of the text panel.
        wandb: As for `triptych.run`.
        live: As for `triptych.run`.

    Raises:
        TypeError: If something in `sinks` is no sink.
        ValueError: If W&B cannot be used as wanted.
    """
    if sinks is None:
        routes = [rerun_route(), text_route(settings), *wandb_routes(wandb)]
    else:
        routes = [sink if isinstance(sink, Route) else Route(sink) for sink in sinks]
    if live:
        routes.append(rerun_route(live=live))
    return [_apart(route) if getattr(route.sink, "apart", False) else route for route in routes]


def _apart(route: Route) -> Route:
    from triptych.sinks.apart import Apart

    return replace(route, sink=Apart(route.sink))


def rerun_route(*, live: bool | str = False) -> Route:
    """Everything, in a file or live."""
    from triptych.sinks.rerun import RemoteSink, RerunSink

    if isinstance(live, str) and live.startswith(_ADDRESSES):
        return Route(RemoteSink(live))
    return Route(RerunSink(live=live))


def text_route(settings: dict[str, Any]) -> Route:
    """Every word, and a line of numbers every two seconds."""
    from triptych.sinks.text import TextSink

    return Route(TextSink(settings), numbers=Every(seconds=2, keep="first"), visuals=False)


def wandb_routes(wandb: Any) -> list[Route]:
    """What a worker can feed W&B beside a busy trainer: few pictures, and windows of numbers.

    They grow, since a chart is no finer at the end of a long run than at that of a short one.
    """
    if wandb is False or (wandb == "auto" and os.environ.get("WANDB_MODE") == "disabled"):
        return []
    from triptych.sinks.wandb import WandbSink

    numbers: Every | Literal[False] = Every(seconds=0.2, grows_to=2.0)
    if isinstance(wandb, WandbHost):
        numbers = False
    return [Route(WandbSink(wandb), numbers=numbers, visuals=Limit(per_epoch=8))]


def check_live(live: object) -> None:
    """Refuse what is no way to viewers.

    Raises:
        ValueError: If `live` is not False, True, "spawn", an IPv4 address of this machine, or the
            address of a viewer.
    """
    if isinstance(live, bool) or live == "spawn":
        return
    text = live if isinstance(live, str) else ""
    with suppress(ValueError):
        IPv4Address(text)
        return
    if not text.startswith(_ADDRESSES):
        raise ValueError(
            f'live= is False, True to serve, "spawn", an address of this machine to serve at such '
            f'as "0.0.0.0", or that of a viewer such as "rerun+http://127.0.0.1:9876/proxy", '
            f"not {live!r}."
        )
