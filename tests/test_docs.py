"""What the documentation says is so: it builds, its code runs, its commands exist."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import typer.main

import triptych
from tests.support import environment, rrd
from triptych.cli.app import app

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [page for page in sorted(DOCS.rglob("*.md")) if "gallery" not in page.parts]
"""Without the gallery, which a program makes."""

USER = """
from pathlib import Path

import numpy as np
import torch
import triptych
from transformers import Trainer, TrainingArguments

rng = np.random.default_rng(0)
images, labels = rng.random((8, 3, 16, 16), np.float32), np.arange(8) % 2
logits = rng.random((8, 2), np.float32)
image, mask = rng.random((3, 16, 16), np.float32), rng.integers(0, 2, (16, 16))
mask_logits = rng.random((2, 16, 16), np.float32)
input_ids, losses, samples = [1, 2, 3], [0.5, 1.0, 2.0], rng.random(16_000)
loader = [(images, labels)] * 3
model = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), 0.1)
data, args = [{}], TrainingArguments("out", report_to="none", use_cpu=True)
run = given = triptych.run("given", wandb=False, console=False)

Path("data").mkdir(exist_ok=True)
for file in ("data/digits.npy", "model.pt", "predictions.csv"):
    Path(file).write_bytes(bytes(8))

class tokenizer:
    decode = staticmethod(str)

def train_step(images, labels):
    return 0.5

def validate():
    return 0.5
"""
"""What a reader of a page has at hand."""

READER = """
import json, sys
from contextlib import redirect_stdout
import triptych

pages, user = json.loads(sys.stdin.readline())
for page, blocks in pages.items():
    names = {"__name__": "page"}
    exec(user, names)
    for block in blocks:
        with redirect_stdout(sys.stderr):
            exec(compile(block, page, "exec"), names)
        if isinstance(names["run"], triptych.Run):
            names["run"].close()
    names["given"].close()
    print(page)
"""


def blocks(page: Path) -> list[str]:
    """The Python blocks of a page, without whole files, which have tests of their own.

    What trains a model of somebody's is compiled only.
    """
    found = re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    for block in found:
        compile(block, str(page), "exec")
    return [block for block in found if not re.search("^--8<--|trainer\\.", block)]


def test_it_builds_and_its_links_lead_somewhere(tmp_path: Path) -> None:
    """Strict: a link, an anchor, a file or a name of the API that is not there is an error."""
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        env=environment.isolated(tmp_path) | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    api = (tmp_path / "api" / "index.html").read_text("utf-8")
    there = set(re.findall(r'id="(triptych[\w.]+)"', api))
    modules = {"triptych.monitors", "triptych.visuals"}
    public = {f"triptych.{name}" for name in triptych.__all__} - modules
    assert public - there == {"triptych.run"}
    assert {"triptych.training.start.run", "triptych.Run.log", "triptych.hf.RerunCallback"} <= there


def test_the_code_runs(tmp_path: Path) -> None:
    """All blocks of a page one after the other, as its reader would, with nothing refused."""
    pages = {str(page.relative_to(ROOT)): blocks(page) for page in PAGES}
    pages = {page: found for page, found in pages.items() if found}
    path = str(DOCS / "extend")
    env = environment.isolated(tmp_path) | {"TRIPTYCH_STRICT": "1"}
    env["PYTHONPATH"] += f":{path}"
    with environment.start(READER, env, cwd=tmp_path) as child:
        told, stderr = child.communicate(json.dumps([pages, USER]) + "\n", timeout=170)
    assert child.returncode == 0, stderr
    assert told.split() == list(pages)

    runs = [json.loads(file.read_text()) for file in tmp_path.glob("runs/*/*/run.json")]
    assert {"digits", "demo", "given"} <= {run["project"] for run in runs}
    assert {run["status"] for run in runs} == {"finished"}


def test_the_sink_of_the_page_writes_what_it_says(tmp_path: Path) -> None:
    """Three rows and the ending, as JSON."""
    program = (DOCS / "extend" / "jsonl_sink.py").read_text("utf-8")
    environment.run(program, environment.isolated(tmp_path), cwd=tmp_path)

    (file,) = tmp_path.glob("runs/demo/*/numbers.jsonl")
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [row for row in rows if "train/loss" in row] == [
        {"step": step, "train/loss": 1 / step} for step in (1, 2, 3)
    ]
    assert rows[-1] == {"status": "finished", "error": None}


def test_the_adapter_of_the_page_moves_the_step(tmp_path: Path) -> None:
    """Five updates, five steps."""
    program = (DOCS / "extend" / "tiny_adapter.py").read_text("utf-8")
    environment.run(program, environment.isolated(tmp_path), cwd=tmp_path)

    (file,) = tmp_path.glob("runs/tiny/*/recording-1.rrd")
    assert rrd.scalars(file, "/train/loss")[0].tolist() == [1, 2, 3, 4, 5]


def test_the_commands_exist_with_their_options() -> None:
    """Each `triptych` command of a page or of the README, as the command line knows it."""
    commands: Any = typer.main.get_command(app)
    lines = [
        line.partition("#")[0].split()
        for page in [*PAGES, ROOT / "README.md"]
        for line in page.read_text("utf-8").splitlines()
        if re.match(r"\$? ?triptych [a-z]", line)
    ]
    for words in lines:
        name, *rest = words[words.index("triptych") + 1 :]
        known = {option for one in commands.commands[name].params for option in one.opts}
        assert {word.partition("=")[0] for word in rest if word.startswith("--")} <= known
    assert len(lines) > 10


def test_each_row_of_the_page_of_faults_names_tests_that_exist() -> None:
    """In its last column."""
    files = [file for file in (ROOT / "tests").rglob("test_*.py") if file != Path(__file__)]
    there = {
        name
        for file in files
        for name in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
    }
    lines = (DOCS / "faults.md").read_text("utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and "---" not in line]
    named = [re.findall(r"`(test_\w+)`", row.split(" | ")[-1]) for row in rows]
    assert [row for row, names in zip(rows, named, strict=True) if not names] == [
        row for row in rows if row.endswith("| test |")
    ]
    assert {name for names in named for name in names} <= there
    assert len(rows) > 40
