"""The benchmarks run, at tiny sizes; what they count is checked, never what they time."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.support import environment

FOLDER = Path(__file__).parents[1] / "benchmarks"
SIZE = ("--steps", "40", "--rounds", "1", "--pause", "0")
MARKS = "<!-- {0}: begin -->\nold\n<!-- {0}: end -->\n"


def run(script: str, home: Path, *options: str) -> str:
    """Run a benchmark; give what it printed."""
    done = subprocess.run(
        [sys.executable, str(FOLDER / script), *options],
        env=environment.isolated(home),
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def table(markdown: str) -> list[dict[str, str]]:
    """The rows of the first table, by their headings."""
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    headings, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return [dict(zip(headings, cells, strict=True)) for cells in rows]


def read_back(markdown: str) -> dict[str, tuple[str, str]]:
    """The numbers and the pictures of each way."""
    return {
        row["a step logs with"]: (row["numbers read back"], row["pictures read back"])
        for row in table(markdown)
    }


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where the comparison with peers has published its figures."""
    home = tmp_path_factory.mktemp("peers")
    (home / "README.md").write_text(f"before\n{MARKS.format('peers')}after\n")
    ways = ("nothing", "triptych", "triptych, W&B in full", "wandb + rerun by hand")
    run("peers.py", home, *SIZE, "--publish", str(home), "--ways", *ways)
    return home


def test_every_number_and_picture_is_read_back(peers: Path) -> None:
    """Ten numbers a step and a picture every ten, but for W&B's windows."""
    text = (peers / "README.md").read_text()
    read = read_back(text)

    windows = re.fullmatch(r"400 Rerun, (\d+) W&B", read.pop("triptych")[0])
    assert windows is not None
    assert 10 <= int(windows[1]) < 400
    assert read == {
        "nothing": ("none", "none"),
        "triptych, W&B in full": ("400 Rerun, 400 W&B", "4 Rerun, 4 W&B"),
        "wandb + rerun by hand": ("400 Rerun, 400 W&B", "4 Rerun, 4 W&B"),
    }
    assert "have the values that were logged, but for: W&B of triptych.\n" in text


@pytest.mark.parametrize(
    "expected",
    [
        {"WandbLogger": ("400 W&B", "4 W&B"), "CSVLogger": ("400 CSV", "none")},
        {"SummaryWriter": ("400 events", "4 events"), "trackio": ("400 SQLite", "4 SQLite")},
    ],
    ids=" and ".join,
)
def test_what_a_peer_writes_is_read_back(
    expected: dict[str, tuple[str, str]], tmp_path: Path
) -> None:
    """All of it, each number with its value; a table of text has no pictures."""
    (tmp_path / "README.md").write_text(MARKS.format("peers"))

    run("peers.py", tmp_path, *SIZE, "--publish", str(tmp_path), "--ways", *expected)

    text = (tmp_path / "README.md").read_text()
    assert read_back(text) == expected
    assert "have the values that were logged, everywhere.\n" in text


def test_the_figures_stand_between_the_marks(peers: Path) -> None:
    """The rest of the page stays; each way has a figure for all that is measured."""
    text = (peers / "README.md").read_text()

    assert text.startswith("before\n<!-- peers: begin -->\n\n| a step logs with |")
    assert text.endswith("\n<!-- peers: end -->\nafter\n")
    assert "old" not in text
    measured = [list(row.values())[1:10] for row in table(text)]
    assert len(measured) == 4
    assert all(re.fullmatch(r"[\d.e-]+", figure) for row in measured for figure in row)


def test_the_picture_is_small(peers: Path) -> None:
    """It can be shown on the first page: wide enough to read, and no more than 100 kB."""
    picture = peers / "peers.png"

    with Image.open(picture) as opened:
        assert opened.width > opened.height > 300
    assert picture.stat().st_size < 100_000


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    """The script says what is missing."""
    (tmp_path / "README.md").write_text("nothing here\n")
    program = f"""
        import sys; sys.path.insert(0, {str(FOLDER)!r})
        from report import Report
        try:
            Report(("a", "b")).publish("peers", __import__("pathlib").Path({str(tmp_path)!r}))
        except ValueError as why:
            print(why)
    """

    said = environment.run(program, environment.isolated(tmp_path))

    assert "has no lines <!-- peers: begin -->" in said
    assert (tmp_path / "README.md").read_text() == "nothing here\n"


def test_step_times_are_held_against_bare_ones(tmp_path: Path) -> None:
    """Both kinds of step, with a share each; and the threads that work in the background."""
    (tmp_path / "README.md").write_text(MARKS.format("step-time") + MARKS.format("workers"))
    size = ("--rounds", "1", "--block", "0.05", "--seconds", "0.5")

    run("step_time.py", tmp_path, *size, "--ways", "triptych", "--publish", str(tmp_path))

    times, threads = (tmp_path / "README.md").read_text().split("<!-- step-time: end -->")
    assert [row["a step of"] for row in table(times)] == ["1 ms of Python", "2 ms of torch"]
    assert all(re.fullmatch(r"[+-]\d+\.\d%", row["slower by"]) for row in table(times))
    assert "MainThread" in threads


def test_the_calling_thread_is_timed_in_turns(tmp_path: Path) -> None:
    """Each number of both ways is in its recording."""
    said = run("calling_thread.py", tmp_path, "--steps", "20")

    assert re.search(r"by hand: 400 of 400 numbers in the recording, 40 rows of 10 in W&B\.", said)
    assert re.search(r"triptych: 400 of 400 numbers in the recording, \d+ rows of 10 in W&B", said)
