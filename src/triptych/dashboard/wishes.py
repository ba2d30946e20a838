"""`Dashboard`: what the user wants of the layout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Dashboard:
    """How a recording opens in the Rerun viewer, where the default is not what you want.

    `triptych.run(..., dashboard=Dashboard(pin=["val/worst"], hide=["debug/*"]))`. Everything is
    said with patterns of paths: `*` stands for any text, slashes included, `?` for one letter and
    `[ab]` for one of several. A pattern that fits nothing yet waits for what comes. Only the
    layout changes: what is hidden is recorded like the rest.

    Args:
        pin: Comes in a row of its own above everything else, in this order.
        order: Comes first among its like, in this order: numbers among numbers, pictures among
            pictures.
        group: Title to patterns: the numbers that fit share one plot, the pictures and scenes one
            row. The first title that fits takes a path.
        hide: Has no view. Stronger than all others.

    Raises:
        TypeError: If patterns are no list of texts, or `group` is no mapping.
        ValueError: If a pattern or a title is empty.
    """

    pin: Iterable[str] = ()
    order: Iterable[str] = ()
    group: Mapping[str, Iterable[str]] = field(default_factory=dict)
    hide: Iterable[str] = ()

    def __post_init__(self) -> None:
        for name in ("pin", "order", "hide"):
            object.__setattr__(self, name, _patterns(name, getattr(self, name)))
        if not isinstance(self.group, Mapping):
            raise TypeError(
                f'Dashboard(group=...) is a dict such as {{"Generator": ["g/*"]}}, '
                f"not {self.group!r}."
            )
        groups = {}
        for title, patterns in self.group.items():
            if not isinstance(title, str) or not title.strip():
                raise ValueError(f"A group of the dashboard needs a title, not {title!r}.")
            groups[title] = _patterns(f"group[{title!r}]", patterns)
        object.__setattr__(self, "group", groups)

    def pinned(self, path: str) -> int | None:
        """The place of a path among what is pinned, or None."""
        return _place(path, self.pin)

    def rank(self, path: str) -> int:
        """The place of a path by `order`; those that it does not name come last."""
        place = _place(path, self.order)
        return len(tuple(self.order)) if place is None else place

    def title(self, path: str) -> str | None:
        """The group of a path, or None."""
        fits = (title for title, some in self.group.items() if _place(path, some) is not None)
        return next(fits, None)

    def hidden(self, path: str) -> bool:
        """Whether a path has no view."""
        return _place(path, self.hide) is not None


def _patterns(name: str, given: object) -> tuple[str, ...]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise TypeError(
            f'Dashboard({name}=...) is a list of patterns such as ["val/*"], not {given!r}.'
        )
    found = []
    for pattern in given:
        if not isinstance(pattern, str):
            raise TypeError(
                f'A pattern of Dashboard({name}=...) is a text such as "val/*", not {pattern!r}.'
            )
        if not pattern.strip("/ "):
            raise ValueError(
                f'A pattern of Dashboard({name}=...) is empty; "*" stands for every path.'
            )
        found.append(pattern.strip("/"))
    return tuple(found)


def _place(path: str, patterns: Iterable[str]) -> int | None:
    fits = (place for place, pattern in enumerate(patterns) if fnmatchcase(path, pattern))
    return next(fits, None)
