"""What a person at the terminal sees, and what a pipe gets."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import environment
from triptych.pipeline.clock import StepClock
from triptych.terminal import Bar, print_table

_TRAIN = """
import json
import logging
import triptych
from triptych.sinks.memory import MemorySink
from triptych.sinks.text import TextSink

sinks = [MemorySink(), TextSink(triptych.logging_config())]
with triptych.run("digits", "cnn", root="runs", sinks=sinks) as run:
    for epoch in run.epochs(2):
        for batch in run.steps(range(5)):
            run.log({"train/loss": 1 / run.step, "train/acc": 0.5})
            run.flush()
            with run.phase("val"):
                for _ in run.steps(range(2)):
                    pass
        logging.getLogger("model").warning("epoch %d", epoch)
"""

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


def _on_a_terminal(program: str, home: Path) -> str:
    """What a terminal of 120 columns is sent on standard error, without control sequences."""
    ours, theirs = pty.openpty()
    env = environment.isolated(home) | {"TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    child = subprocess.Popen(
        [sys.executable, "-c", program], env=env, cwd=home, stderr=theirs, stdout=subprocess.PIPE
    )
    os.close(theirs)
    sent = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # how a terminal says that nobody holds its other end any more
            break
        if not piece:
            break
        sent += piece
    os.close(ours)
    out, _ = child.communicate(timeout=60)
    assert (child.returncode, out) == (0, b"")
    return _CONTROL.sub("", sent.decode())


def test_bar_shows_where_training_is(tmp_path: Path) -> None:
    """Epoch, step, phase, batches and the newest training numbers, losses first."""
    screen = _on_a_terminal(_TRAIN, tmp_path)
    rate = r"\d+\.\d/s · 0 s left"
    assert re.search(rf"epoch 1/2 · step 5 · train · 5/5 · {rate} · loss 0\.2 · acc 0\.5", screen)
    assert re.search(rf"epoch 2/2 · step 10 · train · 5/5 · {rate} · loss 0\.1 · acc 0\.5", screen)
    assert "WARNING step 5 train | model: epoch 0" in screen
    assert "numbers:" not in screen  # the bar has them


def test_closing_table_says_what_became_of_the_run(tmp_path: Path) -> None:
    """On a terminal, and the same in a pipe, where nothing else is drawn."""
    screen = _on_a_terminal(_TRAIN, tmp_path)
    with environment.start(_TRAIN, environment.isolated(tmp_path), cwd=tmp_path) as child:
        out, err = child.communicate(timeout=60)
    assert (child.returncode, out) == (0, "")
    for text in (screen, err):
        table = text[text.index("digits · cnn") :]
        lines = dict(re.findall(r"^(\S+(?: \S+)?)\s{2,}(\S.*?)\s*$", table, re.MULTILINE))
        assert re.fullmatch(r"less runs/digits/\S+/train\.log", lines["open text"])
        story = (tmp_path / lines["open text"].split()[1]).with_name("run.json")
        took = json.loads(story.read_text())["duration"]
        assert lines["status"] == f"finished at step 10 after {took:.1f} s"
        assert lines["memory"] == "22 delivered, none shed"
        assert re.fullmatch(r"\d+\.\d\d% of the time", lines["logging took"])
        assert (lines["train/acc"], lines["train/loss"]) == ("0.5", "0.1")


def test_pipe_gets_lines_and_no_bar(tmp_path: Path) -> None:
    """No control sequences, no epoch counter, each line once."""
    with environment.start(_TRAIN, environment.isolated(tmp_path), cwd=tmp_path) as child:
        _, err = child.communicate(timeout=60)
    assert "\x1b" not in err
    assert "epoch 1/2" not in err
    assert err.count("model: epoch 1") == 1


def test_console_can_be_silent(tmp_path: Path) -> None:
    """No bar, no table, no line; the file has it all."""
    program = _TRAIN.replace(", sinks=sinks)", ", sinks=sinks[:1], console=False)")
    assert _on_a_terminal(program, tmp_path) == ""


def test_exception_takes_the_bar_away_before_its_traceback(tmp_path: Path) -> None:
    """It is not drawn over, and comes once; the table says what happened."""
    program = _TRAIN.replace("run.flush()", "raise ValueError('out of luck')")
    ours, theirs = pty.openpty()
    env = environment.isolated(tmp_path) | {"TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(
        [sys.executable, "-c", program], env=env, cwd=tmp_path, stderr=theirs
    ) as child:
        os.close(theirs)
        sent = b""
        while True:
            try:
                sent += os.read(ours, 65536)
            except OSError:
                break
        assert child.wait(60) == 1
    os.close(ours)
    screen = _CONTROL.sub("", sent.decode())
    assert re.search(r"^error\s+ValueError: out of luck$", screen, re.MULTILINE)
    assert screen.rstrip().endswith("ValueError: out of luck")
    assert "failed at step 1 after" in screen


def test_pass_within_a_pass_gives_the_bar_back() -> None:
    """A validation in mid-epoch, and one that is left early."""
    bar = Bar(StepClock(), shown=False)
    outer = bar.begin(10)
    outer.done = 3
    inner = bar.begin(None)
    assert "0/?" in _drawn(bar)
    bar.end(inner)
    assert "3/10" in _drawn(bar)
    bar.end(inner)  # a generator that is collected later
    assert "3/10" in _drawn(bar)
    bar.end(outer)
    assert "0/?" in _drawn(bar)


def test_table_keeps_its_lines_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """So that a command can be copied."""
    print_table("title", [("a", "x" * 300), ("longer", "[bold]as it is[/bold]")])
    assert capsys.readouterr().err.splitlines() == [
        "title",
        "a       " + "x" * 300,
        "longer  [bold]as it is[/bold]",
    ]


def _drawn(bar: Bar) -> str:
    from rich.console import Console

    console = Console(width=120, file=open(os.devnull, "w"), record=True)  # noqa: SIM115, PTH123
    with console.file:
        console.print(bar)
    return console.export_text()
