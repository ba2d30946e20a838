"""Which versions there are, and whether they are those that Triptych is made for."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING

from triptych.doctor.finding import Finding, green, red, yellow

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_BACK_ENDS = ("rerun-sdk", "wandb", "numpy")
_FRAMEWORKS = ("torch", "lightning", "transformers", "accelerate")
_FOR_DEVELOPERS = "dev"


def check_packages() -> list[Finding]:
    """Compare what is installed with what the metadata of Triptych asks for."""
    found = [green("python", f"{platform.python_version()} on {platform.platform(terse=True)}")]
    ours = _version("triptych")
    if ours is None:
        fix = "install it with pip, from the folder of its sources if need be"
        return [*found, yellow("triptych", "runs from its sources, with no list of packages", fix)]
    problems = list(_problems())
    if not problems:
        found.append(green("triptych", f"{ours} with {_listed(_BACK_ENDS)}"))
    frameworks = _listed(_FRAMEWORKS) or "none is installed, which loops of your own do not need"
    return [*found, *problems, green("frameworks", frameworks)]


def _problems() -> Iterator[Finding]:
    """Packages that are missing, or of a version that nobody has tried."""
    from packaging.requirements import Requirement

    for requirement in map(Requirement, requires("triptych") or ()):
        extra = _extra(requirement)
        installed = _version(requirement.name)
        fix = f"pip install '{requirement.name}{requirement.specifier}'"
        if requirement.name == "triptych" or extra == _FOR_DEVELOPERS:
            continue
        if installed is None:
            if not extra:
                yield red(requirement.name, "is not installed", fix)
        elif not requirement.specifier.contains(installed, prereleases=True):
            told = f"is {installed}, and Triptych is made for {requirement.specifier}"
            yield (yellow if extra else red)(requirement.name, told, fix)


def _extra(requirement: Requirement) -> str:
    """The extra that asks for a package; "" where Triptych itself does."""
    marker = requirement.marker
    if marker is None or marker.evaluate({"extra": ""}):
        return ""
    # the metadata names no extra but in the condition: extra == "video"
    return str(marker).rpartition("extra == ")[2].strip("\"'")


def _listed(names: tuple[str, ...]) -> str:
    versions = {name: _version(name) for name in names}
    return ", ".join(f"{name} {found}" for name, found in versions.items() if found)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
