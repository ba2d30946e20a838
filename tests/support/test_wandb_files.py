"""The reader of W&B's folders gives back what raw wandb wrote."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support import environment, wandb_files
from tests.support.wandb_files import WandbRun

_PROGRAM = """
    import numpy as np
    import wandb

    run = wandb.init(
        mode="offline", project="digits", name="cnn", id="one", tags=["a", "b"], notes="a note",
        config={"lr": 1e-3, "model": {"width": 8}},
    )
    run.define_metric("trainer/global_step")
    run.define_metric("*", step_metric="trainer/global_step", step_sync=True)
    for step in (1, 2, 3):
        run.log({"train/loss": 1 / step, "trainer/global_step": step, "nested": {"deep": step}})
    run.log({"bad": float("nan"), "worse": [float("-inf")], "trainer/global_step": 3})
    pixels = np.full((4, 5, 3), 7, np.uint8)
    run.log({"val/pred": [wandb.Image(pixels, caption="seven")], "trainer/global_step": 3})
    run.config.update({"late": [1, 2]})
    run.summary["best"] = {"loss": 0.25}
    run.write_logs("by hand\\n")
    print("half", end="")
    run.write_logs("between\\n")
    print(" and half")
    artifact = wandb.Artifact("weights", "model", metadata={"step": 3})
    with artifact.new_file("w.txt") as file:
        file.write("content")
    run.log_artifact(artifact, aliases=["best"])
    run.alert("title", "text")
    run.finish(exit_code=3)
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> WandbRun:
    """A finished offline run, read back."""
    home = tmp_path_factory.mktemp("home")
    environment.run(_PROGRAM, environment.isolated(home))
    (folder,) = wandb_files.folders(home / "wandb")
    return wandb_files.wait(folder)


def test_the_identity_comes_back(run: WandbRun) -> None:
    """Names, tags, notes and exit code are those given."""
    assert (run.id, run.name, run.project, run.notes) == ("one", "cnn", "digits", "a note")
    assert run.tags == ["a", "b"]
    assert run.exit_code == 3
    assert {"alert", "exit"} <= set(run.records)


def test_the_history_has_every_row_in_order(run: WandbRun) -> None:
    """Each row has its step, also where a nested key is joined by dots."""
    assert run.curve("train/loss") == [(1, 1), (2, 0.5), (3, 1 / 3)]
    assert run.curve("nested.deep") == [(1, 1), (2, 2), (3, 3)]
    assert run.curve("absent") == []
    assert len(run.history) == 5


def test_non_finite_numbers_are_numbers(run: WandbRun) -> None:
    """JSON has no NaN and no infinity; the reader has, in lists too."""
    ((step, bad),) = run.curve("bad")

    assert step == 3
    assert math.isnan(bad)
    assert run.curve("worse") == [(3, [-math.inf])]


def test_a_picture_is_found_in_the_folder(run: WandbRun) -> None:
    """The media dict names the file, and the file has the pixels."""
    (picture,) = run.media("val/pred")
    (name,) = picture["filenames"]

    assert (picture["_type"], picture["captions"]) == ("images/separated", ["seven"])
    assert name in run.files
    pixels = np.asarray(Image.open(run.folder / "files" / name))
    np.testing.assert_array_equal(pixels, np.full((4, 5, 3), 7, np.uint8))


def test_config_and_summary_are_nested_as_given(run: WandbRun) -> None:
    """Later updates are folded in; the summary has the last values."""
    assert run.config == {"lr": 1e-3, "model": {"width": 8}, "late": [1, 2]}
    assert run.summary["best"] == {"loss": 0.25}
    assert run.summary["train/loss"] == 1 / 3


def test_metric_definitions_come_back(run: WandbRun) -> None:
    """The axis and the glob that follows it."""
    assert [m.get("name") or m["glob_name"] for m in run.metrics] == ["trainer/global_step", "*"]
    assert run.metrics[1]["step_metric"] == "trainer/global_step"


def test_console_lines_are_whole(run: WandbRun) -> None:
    """A line written in two pieces is one, whatever another source wrote between them."""
    assert run.console == ["by hand", "between", "half and half"]


def test_artifacts_come_back(run: WandbRun) -> None:
    """Name, type, aliases and the files of the manifest."""
    (artifact,) = run.artifacts

    assert (artifact["name"], artifact["type"]) == ("weights", "model")
    assert sorted(artifact["aliases"]) == ["best", "latest"]  # wandb adds the latter
    assert [entry["path"] for entry in artifact["manifest"]["contents"]] == ["w.txt"]


def test_a_killed_run_is_read_to_its_end(tmp_path: Path) -> None:
    """Its rows are there, its exit code is not, and waiting for one says so."""
    program = """
        import wandb
        settings = wandb.Settings(x_transaction_log_flush_interval=0.05)
        run = wandb.init(mode="offline", project="digits", settings=settings)
        for step in range(1, 6):
            run.log({"loss": step})
        print("logged", flush=True)
        input()
    """
    with environment.start(program, environment.isolated(tmp_path)) as child:
        assert child.stdout is not None
        child.stdout.readline()
        (folder,) = wandb_files.folders(tmp_path / "wandb")
        wandb_files.wait_for(folder, lambda run: len(run.history) == 5)
        child.kill()

    run = wandb_files.read(folder)

    assert [row["loss"] for row in run.history] == [1, 2, 3, 4, 5]
    assert run.exit_code is None
    with pytest.raises(TimeoutError, match="has 5 rows and exit code None"):
        wandb_files.wait(folder, timeout=0.1)


def test_an_exit_code_of_zero_is_no_missing_one(tmp_path: Path) -> None:
    """A run that ended well ends the wait."""
    program = "import wandb; wandb.init(mode='offline', project='digits').finish()"
    environment.run(program, environment.isolated(tmp_path))
    (folder,) = wandb_files.folders(tmp_path / "wandb")

    run = wandb_files.wait(folder)

    assert (run.exit_code, run.history, run.console) == (0, [], [])


def test_a_folder_without_a_log_is_an_error(tmp_path: Path) -> None:
    """The message says which folder to pass."""
    with pytest.raises(FileNotFoundError, match="pass the folder of one run"):
        wandb_files.read(tmp_path)


def test_a_file_that_is_no_log_is_an_error(tmp_path: Path) -> None:
    """Nothing is read from what W&B's own reader refuses."""
    (tmp_path / "run-x.wandb").write_text("garbage")
    with pytest.raises(subprocess.CalledProcessError):
        wandb_files.read(tmp_path)
