"""Tables of numbers: Lightning's CSV logs, and the CSV and Parquet that an export writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from triptych.archive.importing.hparams import hyperparameters
from triptych.archive.importing.items import About, Item
from triptych.pipeline.records import Columns

if TYPE_CHECKING:
    import pyarrow as pa

_OURS = {"path", "step", "epoch", "log_time", "value"}


class NumberTable:
    """A file with a row for each number, as an export writes it, or for each step.

    The second kind is what Lightning's `CSVLogger` writes: columns "step" and "epoch", and one for
    each metric, empty where there is no value. It has no times: all rows get that of the file.

    Args:
        path: The .csv or .parquet file, or a folder with a `metrics.csv`.

    Raises:
        ValueError: It is no such table.
    """

    def __init__(self, path: Path) -> None:
        self._file = path / "metrics.csv" if path.is_dir() else path
        self._table = _read(self._file)
        self.left_out: Counter[str] = Counter()
        if "step" not in self._table.column_names:
            raise ValueError(
                f"{str(self._file)!r} has no column 'step', but {self._table.column_names}; pass "
                f"a file that Lightning's CSVLogger or `triptych export` has written"
            )
        home = self._file.parent
        self._ours = set(self._table.column_names) >= _OURS
        self._time = self._file.stat().st_mtime
        self.about = About(
            kind="triptych export" if self._ours else "Lightning's CSVLogger",
            origin=path,
            project=home.parent.name or "tables" if not self._ours else "exports",
            name=self._file.stem if self._ours else home.name,
            started=self._started(),
            config=hyperparameters(home),
        )

    def items(self) -> Iterator[Item]:
        """Read the columns."""
        return self._long() if self._ours else self._wide()

    def _long(self) -> Iterator[Item]:
        paths = np.asarray(self._table.column("path").to_pylist(), dtype=object)
        steps, epochs = self._whole("step", 0), self._whole("epoch", -1)
        times, values = self._times(), self._floats("value")
        for path in dict.fromkeys(paths.tolist()):
            rows = np.flatnonzero(paths == path)
            yield _column(path, steps[rows], epochs[rows], times[rows], values[rows])

    def _wide(self) -> Iterator[Item]:
        steps, epochs = self._whole("step", 0), self._whole("epoch", -1)
        for name in self._table.column_names:
            if name in ("step", "epoch"):
                continue
            column = self._table.column(name)
            try:
                values = self._floats(name)
            except ValueError:
                self.left_out[f"column {name!r}, which is no number"] += 1
                continue
            rows = np.flatnonzero(column.is_valid().to_numpy())
            times = np.full(len(rows), self._time)
            yield _column(name, steps[rows], epochs[rows], times, values[rows])

    def _started(self) -> float:
        times = self._times() if self._ours else []
        return float(min(times)) if len(times) else self._time

    def _times(self) -> Any:
        import pyarrow as pa

        whole = self._table.column("log_time").cast(pa.timestamp("ns", "UTC")).cast(pa.int64())
        return whole.to_numpy() / 1e9

    def _whole(self, name: str, absent: int) -> Any:
        if name not in self._table.column_names:
            return np.full(len(self._table), absent, dtype=np.int64)
        column = self._table.column(name).cast("float64").fill_null(absent)
        return column.to_numpy().astype(np.int64)

    def _floats(self, name: str) -> Any:
        return self._table.column(name).cast("float64").to_numpy()


def _column(path: str, steps: Any, epochs: Any, times: Any, values: Any) -> Columns:
    phases = ("",) * len(steps)
    return Columns((path,), steps, epochs, times, values[:, None], phases, len(steps))


def _read(file: Path) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv, parquet

    try:
        if file.suffix == ".parquet":
            return parquet.read_table(file)
        # an empty cell is no number; "nan" is one
        return csv.read_csv(file, convert_options=csv.ConvertOptions(null_values=[""]))
    except pa.ArrowInvalid as error:
        raise ValueError(f"{str(file)!r} cannot be read as a table: {error}") from error
