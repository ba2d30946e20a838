"""`triptych sync` sends to a server in W&B's place what real offline runs have left."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import environment
from tests.support.wandb_server import WandbServer

_TRAIN = """if True:
    import os, signal, sys
    import numpy as np
    import triptych

    first = "again" not in sys.argv
    mode = "online" if "online" in sys.argv else "offline"
    resume = None if first else "latest"
    run = triptych.run("digits", "cnn", wandb=mode, console=False, resume=resume)
    print(run.dir, flush=True)
    for _ in range(3):
        run.advance()
        run.log({"train/step": run.step})
        run.flush()  # a row for each in W&B
    if first:
        run.log({"val/pred": triptych.Image(np.zeros((20, 20, 3), np.uint8))})
        with open("weights.bin", "wb") as file:
            file.write(b"weights")
        run.checkpoint("weights.bin", upload=True)
        run.flush()
        os.remove("weights.bin")
"""
_FEW = {"WANDB__GRAPHQL_RETRY_MAX": "1", "WANDB__FILE_TRANSFER_RETRY_MAX": "1"}


@pytest.fixture
def server() -> Iterator[WandbServer]:
    """A server of its own for each test."""
    with WandbServer() as server:
        yield server


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An offline run of three steps, with a picture and a model."""
    return _train(tmp_path_factory.mktemp("made"), "run.close()")


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    """A copy of it below ./runs."""
    return shutil.copytree(made, tmp_path / "runs" / "digits" / made.name)


def _train(home: Path, ending: str, *words: str, **env: str) -> Path:
    """Train three steps in a child, and give the run folder."""
    done = subprocess.run(
        [sys.executable, "-c", f"{_TRAIN}\n    {ending}\n", *words],
        env=environment.isolated(home) | env,
        cwd=home,
        timeout=100,
        check=False,
        capture_output=True,
        text=True,
    )
    return Path(done.stdout.splitlines()[0])


def _sync(home: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "triptych", "sync", *arguments],
        cwd=home,
        env=environment.isolated(home) | _FEW | env,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def _steps(server: WandbServer, run: Path) -> list[int]:
    rows = server.runs[run.name].history
    return [row["train/step"] for row in rows if "train/step" in row]


def test_a_resumed_run_that_was_moved_becomes_one_whole_run(
    server: WandbServer, tmp_path: Path
) -> None:
    """Rows of both attempts in order, the picture, the model whose file is gone; and only once."""
    made = _train(tmp_path, "run.close()")
    assert _train(tmp_path, "run.close()", "again") == made
    run = (tmp_path / "runs").rename(tmp_path / "archived") / "digits" / made.name

    done = _sync(tmp_path, "latest", "--root", "archived", **server.env(), WANDB_MODE="offline")

    assert (done.returncode, done.stderr) == (0, "")
    page = f"{server.url}/tester/digits/runs/{run.name}"
    assert done.stdout == f"{run.name}: {page}\n"
    assert list(server.runs) == [run.name]
    assert _steps(server, run) == [1, 2, 3, 4, 5, 6]
    seen = server.runs[run.name]
    assert seen.exit_code == 0
    assert sum(name.startswith("media/images/") for name in seen.files) == 1
    (model,) = server.artifacts
    assert (model["files"]["weights.bin"], model["committed"]) == (b"weights", True)
    requests = len(server.requests)
    again = _sync(tmp_path, run.name, "--root", "archived", **server.env())
    assert (again.returncode, again.stdout) == (0, f"{run.name}: nothing to send\n")
    assert _sync(tmp_path, "--all", "--root", "archived").stdout == "nothing to send\n"
    assert len(server.requests) == requests


def test_what_the_server_refuses_is_told_and_sent_the_next_time(
    server: WandbServer, tmp_path: Path, run: Path
) -> None:
    """W&B's own program counts the run as sent, and exits with 0."""
    server.answer("storage", status=403)
    refused = _sync(tmp_path, run.name, **server.env())
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"error: W&B did not take all of '{run.name}': ")
    assert "403" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert not server.artifacts[0]["committed"]

    server.heal()
    assert _sync(tmp_path, "--all", **server.env()).returncode == 0
    assert server.artifacts[-1]["files"]["weights.bin"] == b"weights"
    assert server.artifacts[-1]["committed"]


def test_it_says_why_nobody_answers(server: WandbServer, tmp_path: Path, run: Path) -> None:
    """No key, a key that is refused, no server; never a prompt, and all of it still waits."""
    server.answer("graphql", status=401)
    refused = _sync(tmp_path, run.name, **server.env())
    server.close()
    gone = _sync(tmp_path, run.name, **server.env())
    unknown = _sync(tmp_path, run.name)

    for done, why in ((refused, "401"), (gone, "connection refused"), (unknown, "`wandb login`")):
        assert (done.returncode, done.stdout) == (1, "")
        assert why in done.stderr
        assert done.stderr.count("\n") == 1
    with WandbServer() as healthy:
        assert _sync(tmp_path, run.name, **healthy.env()).returncode == 0
        assert _steps(healthy, run) == [1, 2, 3]


def test_a_torn_log_is_sent_up_to_where_it_was_torn(
    server: WandbServer, tmp_path: Path, run: Path
) -> None:
    """As a kill can leave it; W&B's own program would wait for the rest for ever."""
    (log,) = run.glob("wandb/offline-run-*/*.wandb")
    os.truncate(log, log.stat().st_size - 3)

    done = _sync(tmp_path, run.name, **server.env())

    assert (done.returncode, done.stderr) == (0, "")
    assert "; the last record was torn when it was killed" in done.stdout
    assert _steps(server, run) == [1, 2, 3]
    assert server.runs[run.name].exit_code == 1
    assert _sync(tmp_path, "--all", **server.env()).stdout == "nothing to send\n"


def test_an_online_run_that_could_not_send_everything_is_completed(
    server: WandbServer, tmp_path: Path
) -> None:
    """One that could is left alone."""
    online = _train(tmp_path, "run.close()", "online", **server.env())
    server.answer("filestream", status=500)
    cut = _train(tmp_path, "run.close(timeout=3)", "online", **server.env())
    assert _steps(server, cut) == []
    server.heal()

    done = _sync(tmp_path, "--all", **server.env())

    assert (done.returncode, done.stderr) == (0, "")
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == [cut.name]
    assert _steps(server, cut) == _steps(server, online) == [1, 2, 3]


def test_a_run_that_fell_back_to_offline_gets_its_own_id(
    server: WandbServer, tmp_path: Path
) -> None:
    """Beside another run of its process it was given a different one, for W&B's service."""
    server.answer("UpsertBucket", status=401)
    program = """
        import triptych
        other = triptych.run("other", wandb="offline", console=False)
        with triptych.run("digits", wandb="online", console=False) as run:
            run.log({"train/step": 0})
        other.close()
        print(run.id)
    """
    env = environment.isolated(tmp_path) | server.env()
    run_id = environment.run(program, env, cwd=tmp_path).strip()
    server.heal()

    assert _sync(tmp_path, run_id, **server.env()).returncode == 0
    assert list(server.runs) == [run_id]
    assert [row["train/step"] for row in server.runs[run_id].history] == [0]


def test_a_run_that_goes_on_is_left_for_later(
    server: WandbServer, tmp_path: Path, run: Path
) -> None:
    """Its log would count as sent; the other runs do not wait for it."""
    program = f"{_TRAIN}\n    input()"
    with environment.start(program, environment.isolated(tmp_path), cwd=tmp_path) as child:
        assert child.stdout is not None
        alive = Path(child.stdout.readline().strip())
        named = _sync(tmp_path, alive.name, **server.env())
        everything = _sync(tmp_path, "--all", "--json", **server.env())
        child.communicate("\n")
    assert named.returncode == 1
    assert "still going on; send it when it has ended" in named.stderr
    assert everything.returncode == 0
    assert everything.stderr == f"{alive.name} is still going on, and left for later\n"
    assert [row["id"] for row in json.loads(everything.stdout)] == [run.name]
    assert list(server.runs) == [run.name]
    assert _sync(tmp_path, "--all", **server.env()).returncode == 0
    assert _steps(server, alive) == [1, 2, 3]


def test_it_must_be_said_which(tmp_path: Path) -> None:
    """Runs or all: a usage error, as for any command."""
    assert _sync(tmp_path).returncode == 2
    assert _sync(tmp_path, "latest", "--all").returncode == 2
    assert _sync(tmp_path, "latest").returncode == 1
