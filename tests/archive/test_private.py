"""What a run leaves on disk and opens to others: nothing that is a secret, nothing to others.

One training with everything in it, in a process of its own: a umask of 000, secrets in the command
line, the environment, the configuration and the address of the git remote.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests.support import environment, rrd
from tests.support.faults import Fault

_PROGRAM = """
import json, logging, os, sys
import numpy as np
import psutil
import triptych

os.umask(0)
config = json.loads(sys.stdin.readline())
run = triptych.run("private", config=config, root="runs", wandb="offline", console=False)
for _ in run.steps(range(3)):
    run.log({"loss": 1 / run.step, "picture": triptych.Image(np.zeros((80, 80, 3), np.uint8))})
run.log({"../../../../../../up": triptych.Image(np.zeros((9, 9), np.uint8)), "../down": 1})
run.uses("data", version=config["deep"][1], path=config["deep"][1])
run.configure({"late": {"client_secret": config["deep"][0]["api_key"]}})
logging.getLogger("model").warning("a line")
open("model.pt", "wb").write(b"weights")
run.checkpoint("model.pt", upload=True)
run.flush()
me = psutil.Process()
sockets = [one.laddr for who in (me, *me.children(recursive=True)) for one in
           who.net_connections("inet") if one.status == psutil.CONN_LISTEN]
run.close()
print(json.dumps({"dir": str(run.dir), "sockets": sockets}))
"""


def _canary(number: int) -> str:
    """Something to look for, made up."""
    return f"c4n4ry{number}x9Q7z"


@dataclass(frozen=True, slots=True)
class _Left:
    """What the training has left."""

    folder: Path
    home: Path
    sockets: list[Any]


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> _Left:
    """One training for all tests of this file."""
    home = tmp_path_factory.mktemp("private")
    git = ["git", "-c", "user.name=me", "-c", "user.email=me@example.org"]
    (home / "train.py").write_text(f'{dedent(_PROGRAM)}\npassword = "{_canary(12)}"\n')
    for command in (
        ["init", "-q"],
        ["add", "train.py"],
        ["commit", "-q", "-m", "first"],
        ["remote", "add", "origin", f"https://me:{_canary(0)}@example.org/a/b.git"],
    ):
        subprocess.run([*git, *command], cwd=home, check=True)
    config = {
        "lr": 0.1,
        "hub_token": _canary(1),
        "deep": [{"api_key": _canary(2)}, f"https://x:{_canary(3)}@data.example.org"],
        f"s3://x:{_canary(11)}@bucket": 0.5,
        "command": f"curl --password {_canary(4)} -H 'Authorization: Bearer {_canary(5)}aaaaaaaa'",
    }
    secrets = {"HF_TOKEN": _canary(6), "SLURM_JOB_PASSWORD": _canary(7)}
    # a key that W&B would use: offline it must not even be looked at, let alone written down
    secrets["WANDB_API_KEY"] = _canary(8) * 3
    done = subprocess.run(
        [sys.executable, "train.py", "--hub_token", _canary(9), f"--db.password={_canary(10)}"],
        input=json.dumps(config) + "\n",
        env=environment.isolated(home) | secrets,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    told = json.loads(done.stdout)
    (home / "printed").write_text(done.stderr)
    return _Left(Path(told["dir"]), home, told["sockets"])


def _texts(left: _Left) -> Iterator[tuple[str, bytes]]:
    """All that was written, recordings unpacked."""
    for path in sorted(left.home.rglob("*")):
        there = path.relative_to(left.home)
        if path.is_file() and ".git" not in there.parts and there != Path("train.py"):
            yield str(path.relative_to(left.home)), path.read_bytes()
            if path.suffix == ".rrd":
                cells = [str(row.components).encode() for row in rrd.rows(path)]
                yield f"{path.name}, unpacked", b"\n".join(cells)


def test_no_secret_is_in_any_file(left: _Left, fault: Fault) -> None:
    """As it is, in base64, and as part of a URL; what is no secret is there."""
    found = []
    for name, content in _texts(left):
        for number in range(13):
            canary = _canary(number).encode()
            forms = (canary, base64.b64encode(canary)[:12], urllib.parse.quote(canary).encode())
            if any(form in content for form in forms):
                found.append((name, number))
    assert found == []

    kept = {name: content for name, content in _texts(left) if b"example.org/a/b.git" in content}
    assert {"run.json"} <= {Path(name).name for name in kept}
    assert any("unpacked" in name for name in kept)
    assert any(name.endswith(".wandb") for name in kept)
    fault("secrets", kept="what is no secret", shed="thirteen secrets, from every file")


def test_folders_and_files_are_their_owners_alone_whatever_the_umask(
    left: _Left, fault: Fault
) -> None:
    """W&B's own and the recording too, from the folder of all runs down."""
    everything = [left.folder, left.folder.parent, left.folder.parents[1]]
    everything += [one for one in left.folder.rglob("*") if not one.is_symlink()]
    open_to_others = {
        str(one.relative_to(left.home)): oct(one.stat().st_mode)
        for one in everything
        if one.stat().st_mode & 0o077
    }
    assert open_to_others == {}
    assert {"recording-1.rrd", "train.log", "run.json", "model.pt"} <= {
        one.name for one in everything
    }
    assert any(one.suffix == ".wandb" for one in everything)
    fault("rights", kept="folders 0700, files 0600, W&B's and Rerun's too")


def test_names_that_lead_up_stay_in_the_run_folder(left: _Left, fault: Fault) -> None:
    """Paths of pictures become names of files at W&B."""
    written = {one for one in left.home.rglob("*") if one.is_file() and ".git" not in one.parts}
    inside = {one for one in written if one.is_relative_to(left.folder)}
    outside = {str(one.relative_to(left.home)) for one in written - inside}
    assert {one for one in outside if not one.startswith("CACHE")} == {
        "train.py",
        "model.pt",
        "printed",
    }
    assert any(one.name.startswith("up_") for one in inside)
    fault("escape", kept="everything, inside the run folder")


def test_nothing_listens_on_the_network_by_default(left: _Left, fault: Fault) -> None:
    """Neither the run nor W&B's own process."""
    assert left.sockets == []
    fault("ports", kept="no port is open")
