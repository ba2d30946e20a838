"""`Comparison`: in what several runs differ, and what came of it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

from triptych.archive.course import Course, Point, courses
from triptych.archive.curve import Curve
from triptych.archive.folder import RunFolder
from triptych.archive.overview import Overview, overview
from triptych.archive.plain import JSON
from triptych.archive.reader import RunReader
from triptych.dashboard.naming import is_loss, last, place
from triptych.nested import flatten

T = TypeVar("T")

End: TypeAlias = Literal["least", "greatest"]
"""Which end of a curve is the good one."""

_ORIGIN = ("command", "folder", "git", "host", "python", "packages", "accelerators", "seeds")
_STAMP = re.compile(r"\d{8}-\d{6}-")  # that a run id begins with
_WORD = re.compile(r"[A-Za-z]+\d*")
_FALLS = {"bpc", "cer", "err", "error", "fid", "mae", "mse", "nll", "perplexity", "ppl", "regret"}
_FALLS |= {"rmse", "wer"}
_RISES = {
    "acc",
    "accuracy",
    "ap",
    "auc",
    "auroc",
    "bleu",
    "dice",
    "em",
    "f1",
    "iou",
    "kappa",
    "map",
}
_RISES |= {"miou", "ndcg", "precision", "psnr", "r2", "recall", "return", "reward", "rewards"}
_RISES |= {"rouge", "score", "ssim", "top1", "top5"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Several runs side by side. What a run does not have is absent from the inner mappings.

    Attributes:
        runs: By the label that stands for each; in the order asked for.
        settings: Those of the configuration that differ: by name, and by label.
        shared: How many settings are the same in all runs.
        origin: In what command, sources, packages and machine differ: by name, and by label.
        curves: By path, and by label; losses first.
        courses: What they came to.
    """

    runs: Mapping[str, Overview]
    settings: Mapping[str, Mapping[str, JSON]]
    shared: int
    origin: Mapping[str, Mapping[str, JSON]]
    curves: Mapping[str, Mapping[str, Curve]]
    courses: Mapping[str, Mapping[str, Course]]

    def best(self, path: str) -> dict[str, Point]:
        """For each label the best number of its curve; empty where no end is the good one."""
        end = good_end(path)
        found = {label: getattr(course, end) for label, course in self.courses[path].items() if end}
        return {label: point for label, point in found.items() if point is not None}

    def winner(self, path: str) -> str | None:
        """Whose best number is better than that of all others; None where nobody's is."""
        best = sorted(self.best(path).items(), key=lambda one: one[1].value)
        if good_end(path) == "greatest":
            best.reverse()
        if len(best) < 2 or best[0][1].value == best[1][1].value:  # noqa: PLR2004
            return None
        return best[0][0]


def compare(folders: Sequence[RunFolder]) -> Comparison:
    """Read several runs.

    Raises:
        ValueError: There is only one, or a run.json or a recording is damaged.
        OSError: A file cannot be read.
    """
    if len(folders) < 2:  # noqa: PLR2004
        raise ValueError("one run has nothing to be compared with; name another")
    names = labels(folders)
    readers = {name: RunReader(folder) for name, folder in zip(names, folders, strict=True)}
    settings = _by_key({name: dict(flatten(one.config)) for name, one in readers.items()})
    origin = _by_key({name: _origin(one) for name, one in readers.items()})
    curves = _by_key({name: one.curves for name, one in readers.items()})
    found = _by_key({name: courses(one.curves) for name, one in readers.items()})
    differing = _differing(settings, len(names))
    return Comparison(
        runs={name: overview(one.folder) for name, one in readers.items()},
        settings=differing,
        shared=len(settings) - len(differing),
        origin=_differing(origin, len(names)),
        curves={path: curves[path] for path in sorted(curves, key=place)},
        courses={path: found[path] for path in sorted(found, key=place)},
    )


def labels(folders: Sequence[RunFolder]) -> list[str]:
    """What to call each run: its id without the time, or whole where that is not enough."""
    short = [_STAMP.sub("", folder.id, count=1) for folder in folders]
    return short if len(set(short)) == len(short) else [folder.id for folder in folders]


def good_end(path: str) -> End | None:
    """Whether the least or the greatest number at a path is the best one, by its last name.

    Returns:
        None where the name does not tell: then neither is.
    """
    words = {word.lower() for word in _WORD.findall(last(path))}
    if is_loss(path) or words & _FALLS:
        return "least"
    return "greatest" if words & _RISES else None


def _by_key(values: Mapping[str, Mapping[str, T]]) -> dict[str, dict[str, T]]:
    """By name and then by label, what was by label and then by name."""
    found: dict[str, dict[str, T]] = {}
    for label, pairs in values.items():
        for key, value in pairs.items():
            found.setdefault(key, {})[label] = value
    return found


def _differing(
    table: Mapping[str, Mapping[str, JSON]], count: int
) -> dict[str, Mapping[str, JSON]]:
    """The rows in which not all of `count` runs have the same."""
    return {
        key: row
        for key, row in table.items()
        if len(row) < count or any(value != next(iter(row.values())) for value in row.values())
    }


def _origin(reader: RunReader) -> dict[str, JSON]:
    told = {name: reader.provenance[name] for name in _ORIGIN if name in reader.provenance}
    command, git = told.get("command"), told.get("git")
    if isinstance(command, list):
        told["command"] = shlex.join(map(str, command))
    if isinstance(git, dict):
        told["git"] = {name: git.get(name) for name in ("commit", "branch", "dirty")}
    return dict(flatten(told))
