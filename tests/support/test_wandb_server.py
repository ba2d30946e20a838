"""The server in W&B's place takes a whole online run of the real wandb, and its faults are real."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.support import environment, wandb_files
from tests.support.wandb_server import WandbServer

_RUN = """
    import numpy as np
    import wandb

    run = wandb.init(
        project="digits", name="cnn", id="one", tags=["a"], notes="a note",
        config={"lr": 1e-3, "model": {"width": 8}},
    )
    for step in range(1, 21):
        run.log({"loss": 1 / step, "nested": {"deep": step}})
    run.log({"bad": float("nan"), "val/pred": wandb.Image(np.zeros((4, 5, 3), np.uint8))})
    run.write_logs("by hand\\n")
    artifact = wandb.Artifact("weights", "model")
    with artifact.new_file("w.txt") as file:
        file.write("content")
    run.log_artifact(artifact)
    run.alert("title", "text")
    run.finish(exit_code=3)
"""

_LOOP = """
    import sys
    import wandb

    settings = wandb.Settings(
        x_file_stream_transmit_interval=1,
        x_file_stream_retry_wait_min_seconds=0.1,
        x_file_stream_retry_wait_max_seconds=0.2,
    )
    run = wandb.init(project="digits", id="one", settings=settings)
    for line in sys.stdin:
        run.log({"line": line.strip()})
        print("logged", flush=True)
    run.finish()
"""


@pytest.fixture
def server() -> Iterator[WandbServer]:
    """A server of its own for each test."""
    with WandbServer() as server:
        yield server


def _say(child: subprocess.Popen[str], line: str) -> None:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(f"{line}\n")
    child.stdin.flush()
    assert child.stdout.readline() == "logged\n"


def _lines(server: WandbServer) -> list[str]:
    return [row["line"] for row in server.runs["one"].history]


def test_a_whole_run_arrives(server: WandbServer, tmp_path: Path) -> None:
    """Identity, rows, summary, console, picture, artifact, alert and exit code are kept."""
    environment.run(_RUN, environment.isolated(tmp_path) | server.env())

    run = server.runs["one"]
    assert (run.project, run.last("displayName"), run.last("notes")) == ("digits", "cnn", "a note")
    assert run.last("tags") == ["a"]
    assert run.config == {"lr": 1e-3, "model": {"width": 8}}
    assert [row["loss"] for row in run.history[:-1]] == [1 / step for step in range(1, 21)]
    assert run.history[4]["nested"] == {"deep": 5}
    assert math.isnan(run.history[-1]["bad"])
    assert run.summary["loss"] == 1 / 20
    assert [line.endswith("by hand") for line in run.console] == [True]
    assert run.files[run.history[-1]["val/pred"]["path"]].startswith(b"\x89PNG")
    assert [alert["title"] for alert in run.alerts] == ["title"]
    assert run.exit_code == 3
    (artifact,) = server.artifacts
    assert artifact["input"]["artifactCollectionName"] == "weights"
    assert artifact["files"]["w.txt"] == b"content"
    assert artifact["committed"] is True


def test_the_folder_of_an_online_run_reads_like_an_offline_one(
    server: WandbServer, tmp_path: Path
) -> None:
    """The transaction log holds the same rows as the server."""
    environment.run(_RUN, environment.isolated(tmp_path) | server.env())

    (folder,) = wandb_files.folders(tmp_path / "wandb")
    run = wandb_files.wait(folder)

    losses = [row["loss"] for row in server.runs["one"].history if "loss" in row]
    assert [row["loss"] for row in run.history if "loss" in row] == losses
    assert (run.id, run.exit_code) == ("one", 3)


def test_a_run_can_be_resumed(server: WandbServer, tmp_path: Path) -> None:
    """A second process goes on after the last row of the first."""
    program = """
        import wandb
        run = wandb.init(project="digits", id="one", resume="allow")
        print(run.resumed, run.starting_step, run.config.get("attempt"))
        run.config.update({"attempt": 1}, allow_val_change=True)
        for _ in range(3):
            run.log({"loss": 1})
        run.finish()
    """
    env = environment.isolated(tmp_path) | server.env()

    said = [environment.run(program, env), environment.run(program, env)]

    assert said == ["False 0 None\n", "True 3 1\n"]
    assert [row["_step"] for row in server.runs["one"].history] == [0, 1, 2, 3, 4, 5]


def test_a_refused_key_reaches_the_program(server: WandbServer, tmp_path: Path) -> None:
    """A status for one operation is answered to that operation, and wandb raises."""
    server.answer("UpsertBucket", status=401)
    program = """
        import wandb
        try:
            wandb.init(project="digits")
        except wandb.errors.CommError:
            print("refused")
    """

    said = environment.run(program, environment.isolated(tmp_path) | server.env())

    assert said == "refused\n"
    assert server.requests.count("UpsertBucket") >= 1
    assert server.runs == {}


def test_rows_arrive_once_the_server_is_well_again(server: WandbServer, tmp_path: Path) -> None:
    """While the file stream fails nothing arrives; after `heal` every row does."""
    server.answer("filestream", status=500)
    env = environment.isolated(tmp_path) | server.env()
    with environment.start(_LOOP, env) as child:
        _say(child, "one")
        server.wait_for(lambda: server.requests.count("filestream") > 1)
        during = _lines(server)
        server.heal()
        server.wait_for(lambda: _lines(server))
        _say(child, "two")
        child.communicate(timeout=60)

    assert during == []
    assert _lines(server) == ["one", "two"]
    assert server.runs["one"].exit_code == 0


def test_a_stalled_server_takes_nothing_until_it_closes(tmp_path: Path) -> None:
    """A stall holds requests back without an answer, and `close` ends it at once."""
    with WandbServer() as server:
        server.answer("filestream", stall=600)
        with environment.start(_LOOP, environment.isolated(tmp_path) | server.env()) as child:
            _say(child, "one")
            server.wait_for(lambda: "filestream" in server.requests)
            during = _lines(server)
            child.kill()

    assert during == []


def test_a_closed_server_refuses(server: WandbServer) -> None:
    """After `close` nobody listens at its address."""
    server.close()

    with pytest.raises(URLError, match="Connection refused"):
        urlopen(server.url, timeout=5)  # noqa: S310  our own address


def test_waiting_for_what_never_comes_is_an_error(server: WandbServer) -> None:
    """A fact that stays false ends in a TimeoutError, not in a hanging test."""
    with pytest.raises(TimeoutError, match="never came true"):
        server.wait_for(lambda: server.runs, timeout=0.05)
