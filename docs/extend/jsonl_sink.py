"""A sink that writes a line of JSON for each row of numbers and each line of text."""

import json
from typing import IO

import triptych
from triptych.pipeline.records import Batch, Failure, RunInfo, Status, Words


class JsonLines:
    """One file, `numbers.jsonl`, in the run folder."""

    name = "jsonl"
    hint = ""

    def open(self, info: RunInfo) -> None:
        """Runs on the worker before training begins; slow imports belong here."""
        file = info.dir / "numbers.jsonl"
        self._file: IO[str] = file.open("a", encoding="utf-8")
        self.hint = f"less {file}"  # the closing table shows it

    def write(self, batch: Batch) -> None:
        """If this raises, the batch counts as lost, and is told once for each kind of error."""
        for block in batch.columns:
            for step, row in zip(block.steps.tolist(), block.values.tolist(), strict=True):
                self._say({"step": step, **dict(zip(block.paths, row, strict=True))})
        for record in batch.records:
            if isinstance(record.value, Words):
                self._say({"step": record.stamp.step, "text": record.value.text})

    def flush(self, deadline: float) -> None:
        """Everything to the operating system, by `deadline` (`time.monotonic`)."""
        self._file.flush()

    def close(self, status: Status, error: Failure | None, deadline: float) -> None:
        """The last call."""
        self._say({"status": str(status), "error": error.message if error else None})
        self._file.close()

    def _say(self, row: dict[str, object]) -> None:
        self._file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    with triptych.run("demo", sinks=[JsonLines()]) as run:
        for number in range(3):
            run.advance()
            run.log({"train/loss": 1 / (number + 1)})
