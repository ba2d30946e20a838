"""What paths say by their names, and the names of our own entities."""

from __future__ import annotations

import re

CONFIG = "run/config"
SUMMARY = "run/summary"
LOGS = "logs"
EVENTS = "events"
ERRORS = "errors"
PHASE = "phase"
LOG10 = "log10"
"""Below it the Rerun sink writes log10 of each loss: the viewer has no logarithmic axis (0.41)."""

ROLES = (
    *("input", "inputs", "image", "source", "condition"),
    *("target", "label", "truth", "ground_truth", "reference"),
    *("prediction", "pred", "output", "reconstruction", "generated", "sample"),
    *("error", "difference", "diff", "residual"),
)
"""Last names of pictures that belong side by side, in this order."""

Colour = tuple[int, int, int]

# Apart from each other also for most people who do not tell red from green.
COLOURS: tuple[Colour, ...] = (
    (90, 160, 240),
    (245, 160, 60),
    (95, 200, 150),
    (225, 110, 160),
    (165, 135, 235),
    (225, 205, 95),
    (110, 205, 225),
    (170, 170, 170),
)

_VALIDATION = ("val", "valid", "validation", "eval", "evaluate", "dev")
PHASE_COLOURS: dict[str, Colour] = {
    **dict.fromkeys(("train", "training"), COLOURS[0]),
    **dict.fromkeys(_VALIDATION, COLOURS[1]),
    "test": COLOURS[2],
    "predict": COLOURS[4],
    "sanity": COLOURS[7],
}
"""A phase has the same colour in every plot and in the strip of phases."""

_MACHINE = re.compile(
    r"(?:time|timing|system|throughput|perf|gpu\d*|cpu|memory|power|temperature|disk|network"
    r"|process|triptych)/.*"
    r"|throughput.*|.*(?:^|[/_])(?:runtime|(?:samples|steps|tokens|batches|it)_per_(?:second|sec|s))",
    re.IGNORECASE,
)
_PROGRESS = re.compile(
    r".*(?:^|/)(?:epoch|samples_seen|num_tokens|total_flos|global_step)", re.IGNORECASE
)
_RATE = re.compile(r"(?:.*[/_])?(?:lr|learning[_ ]?rate)(?:[-_/].*)?", re.IGNORECASE)
_GRADIENT = re.compile(r".*(?:^|[/_])grad(?:ient)?s?(?:$|[/_]).*", re.IGNORECASE)
_LOSS = re.compile(r"loss[^/]*$|(?:^|[/_-])loss(?:es)?/", re.IGNORECASE)
_WEIGHT = re.compile(r".*(?:weight|param|update)s?_(?:norm|ratio|decay)s?.*", re.IGNORECASE)


def is_loss(path: str) -> bool:
    """Whether a number is one that falls when training goes well, over orders of magnitude.

    "val/kl_loss", "train_loss_epoch" and, as TensorBoard's users have it, "Loss/train"; neither
    "time/loss", which is what it takes, nor the gradients of a layer of that name.
    """
    return _LOSS.search(path) is not None and not (machine(path) or layer(path))


def machine(path: str) -> str | None:
    """The title of what says how fast and how far it goes, such as "time"; None if it does not."""
    if _PROGRESS.fullmatch(path):
        return last(path)
    if not _MACHINE.fullmatch(path):
        return None
    first, _, rest = path.partition("/")
    return subject(path) if not rest or phase(path) else first


def layer(path: str) -> str | None:
    """The title of what is measured in each layer, such as "grad_norm"; None if it is not."""
    first, _, rest = path.partition("/")
    return first if rest and (_GRADIENT.fullmatch(first) or _WEIGHT.fullmatch(first)) else None


def is_minor(path: str) -> bool:
    """Whether a number says little of how the training goes: each layer's, and the machine's."""
    return machine(path) is not None or layer(path) is not None


def optimizer(path: str) -> str | None:
    """The title of what the optimizer does, such as "Learning rate"; None if it is another."""
    if _RATE.fullmatch(path):
        return "Learning rate"
    if _GRADIENT.fullmatch(path):
        return "Gradients"
    return "Weights" if _WEIGHT.fullmatch(path) else None


def place(path: str) -> tuple[int, str]:
    """Where a number stands in a list: losses, what is measured, the optimizer, the machine."""
    if is_loss(path):
        return 0, path
    rank = 4 if machine(path) else 3 if layer(path) else 2 if optimizer(path) else 1
    return rank, path


def phase(path: str) -> str | None:
    """The phase that a path begins with, in small letters, or None."""
    first, _, rest = path.lower().partition("/")
    return first if rest and first in PHASE_COLOURS else None


def told_phase(path: str) -> str | None:
    """The phase of a number by any custom: "val/loss", "Loss/val", "val_loss"; or None."""
    name = last(path).lower()
    words = (phase(path), name, name.partition("_")[0])
    return next((word for word in words if word in PHASE_COLOURS), None)


def subject(path: str) -> str:
    """What a number is about: its last name, or the first where that is no phase.

    "acc" for "val/acc" and "val_acc", "accuracy" for "accuracy/val".
    """
    if phase(path):
        return last(path)
    first = path.partition("/")[0]
    word, _, rest = path.partition("_")
    return rest if word.lower() in PHASE_COLOURS and rest and first == path else first


def natural(path: str) -> list[tuple[int, str]]:
    """To sort by: "block2" comes before "block10"."""
    parts = re.split(r"([0-9]+)", path)
    return [(int(part) if number % 2 else 0, part) for number, part in enumerate(parts)]


def log_level(name: str) -> str:
    """The level of a line as Rerun calls it, by its name in logging."""
    return "WARN" if name == "WARNING" else name


def parent(path: str) -> str:
    """All but the last name."""
    return path.rpartition("/")[0]


def last(path: str) -> str:
    """The last name."""
    return path.rpartition("/")[2]
