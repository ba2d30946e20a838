"""`Portable`: an archetype as plain columns, for another process."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from triptych.pipeline.records import Foreign, Record

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class _Column:
    """One component; it quacks as Rerun's own do.

    Attributes:
        names: Of archetype, component and component type.
        array: Its values.
    """

    names: tuple[str | None, str, str | None]
    array: pa.Array

    def __reduce__(self) -> tuple[Any, ...]:
        # pyarrow's own pickles forget that an element cannot be null (26), and the viewer draws
        # nothing then
        import pyarrow as pa

        table = pa.RecordBatch.from_arrays([self.array], names=["values"])
        memory = pa.BufferOutputStream()
        with pa.ipc.new_stream(memory, table.schema) as stream:
            stream.write_batch(table)
        return _read, (self.names, pickle.PickleBuffer(memory.getvalue()))

    def component_descriptor(self) -> Any:
        import rerun as rr

        archetype, component, kind = self.names
        return rr.ComponentDescriptor(component, archetype=archetype, component_type=kind)

    def as_arrow_array(self) -> pa.Array:
        return self.array


def _read(names: tuple[str | None, str, str | None], memory: Any) -> _Column:
    import pyarrow as pa

    with pa.ipc.open_stream(memory) as stream:
        return _Column(names, stream.read_next_batch().column(0))


@dataclass(frozen=True, slots=True)
class Portable:
    """An archetype that can be pickled, whatever its class.

    Attributes:
        name: Of the class.
        columns: The components.
    """

    name: str
    columns: tuple[_Column, ...]

    def as_component_batches(self) -> tuple[_Column, ...]:
        """The components, as every archetype gives them."""
        return self.columns


def portable(record: Record) -> Record:
    """The record, with an archetype as columns."""
    value = record.value
    if not isinstance(value, Foreign):
        return record
    columns = []
    for batch in value.value.as_component_batches():
        known = batch.component_descriptor()
        names = known.archetype, known.component, known.component_type
        columns.append(_Column(names, batch.as_arrow_array()))
    shown = Portable(type(value.value).__name__, tuple(columns))
    return replace(record, value=replace(value, value=shown, visual=None))
