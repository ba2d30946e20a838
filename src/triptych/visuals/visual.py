"""The one thing every visual can do: become a copy that training cannot change."""

from __future__ import annotations

from typing import Any, Protocol, Self, TypeVar, runtime_checkable

Kind = TypeVar("Kind")


@runtime_checkable
class Visual(Protocol):
    """Something to look at: plain, frozen data that knows no back end.

    The life of a visual:
      * The constructor checks what it can check without waiting for a device, and raises
        TypeError or ValueError.
      * `own` runs on the training thread.
      * Everything else (`Image.to_uint8`, `Histogram.counts`, ...) runs on a worker thread, on the
        copy.
    """

    def own(self) -> Self:
        """Copy what training could still change into host memory.

        Called on the training thread, so it only copies: no conversion, no encoding. May wait for
        the device which holds a tensor.

        Returns:
            A visual that shares no memory with what the user passed, or the visual itself where it
            never did.
        """
        ...

    @property
    def nbytes(self) -> int:
        """Bytes held by the data, for a buffer which is bounded by bytes."""
        ...


def set_fields(visual: object, **fields: object) -> None:
    """Fill the fields of a frozen visual, in its constructor or in a copy nobody has seen yet."""
    for name, value in fields.items():
        object.__setattr__(visual, name, value)


def changed(visual: Kind, **fields: object) -> Kind:
    """A copy with other values in some fields, unchecked; three times as fast as `copy.copy`."""
    copied: Any = object.__new__(type(visual))
    known: Any = visual
    for name in known.__dataclass_fields__:
        object.__setattr__(copied, name, fields[name] if name in fields else getattr(known, name))
    return copied  # type: ignore[no-any-return]
