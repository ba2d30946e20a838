"""The run folder: made, found again, and written to."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.faults import Fault
from triptych.archive.find import all_runs
from triptych.archive.folder import RunFolder

_NOBODY = 65534


def _saved(root: Path, name: str, started: str, project: str = "digits") -> RunFolder:
    folder = RunFolder.create(root, project, name)
    folder.write_json({"started": started})
    return folder


@pytest.fixture
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def _unprivileged() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(_NOBODY)  # the superuser may write everywhere
    yield
    os.seteuid(0)


@pytest.mark.usefixtures("_open_umask")
def test_new_folder_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    """And so are the parents it makes, W&B's folder and run.json, whatever the umask."""
    folder = RunFolder.create(tmp_path / "all" / "runs", "digits", "cnn")
    folder.write_json({})
    made = [*folder.path.parents[:3], folder.path, folder.wandb, folder.run_json]
    modes = [stat.S_IMODE(path.stat().st_mode) for path in made]
    assert modes == [0o700, 0o700, 0o700, 0o700, 0o700, 0o600]


def test_folder_stands_under_root_and_project_and_names_its_files(tmp_path: Path) -> None:
    """The tree that the documentation shows."""
    folder = RunFolder.create(tmp_path, "digits", "CNN lr=1e-3")
    assert re.fullmatch(r"\d{8}-\d{6}-cnn-lr-1e-3-[a-z2-7]{5}", folder.id)
    assert folder.path == tmp_path / "digits" / folder.id
    files = [folder.run_json, folder.log, folder.recording(2), folder.wandb, folder.checkpoints]
    assert [str(file.relative_to(folder.path)) for file in files] == [
        "run.json",
        "train.log",
        "recording-2.rrd",
        "wandb",
        "checkpoints",
    ]


def test_project_name_cannot_leave_the_root(tmp_path: Path) -> None:
    """Nothing appears beside the root."""
    RunFolder.create(tmp_path / "a" / "runs", "../../x", "../../y")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["runs"]


def test_runs_that_start_together_get_folders_of_their_own(tmp_path: Path) -> None:
    """Fifty within a second, from eight threads, root and project not there yet."""
    root = tmp_path / "runs"
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(lambda _: RunFolder.create(root, "digits", "cnn"), range(50)))
    assert len({folder.id for folder in folders}) == 50
    assert sorted(path.name for path in (root / "digits").iterdir()) == sorted(
        folder.id for folder in folders
    )


def test_root_that_is_a_file_is_refused_with_the_way_out(tmp_path: Path, fault: Fault) -> None:
    """The message names the folder, the reason and the argument."""
    root = tmp_path / "runs"
    root.write_text("")
    with pytest.raises(NotADirectoryError) as raised:
        RunFolder.create(root, "digits", "cnn")
    assert raised.value.strerror == (
        f"cannot make a folder for the run in {str(root / 'digits')!r}: "
        f"{str(root)!r} is not a folder; pass root= a folder that you can write to"
    )
    fault(
        "folder-gone",
        case="it cannot be made",
        kept="triptych.run raises, and says what to pass instead",
    )


def test_root_without_permission_is_refused_with_the_way_out(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """As a PermissionError, with the folder and the argument in its text."""
    root = tmp_path / "runs"
    root.mkdir(mode=0o500)
    request.getfixturevalue("_unprivileged")
    with pytest.raises(PermissionError) as raised:
        RunFolder.create(root, "digits", "cnn")
    assert raised.value.errno == errno.EACCES
    assert raised.value.strerror == (
        f"cannot make a folder for the run in {str(root / 'digits')!r}: Permission denied; "
        "pass root= a folder that you can write to"
    )


def test_project_folder_that_leads_out_of_the_root_is_refused(tmp_path: Path, fault: Fault) -> None:
    """For a new run and for an old one; nothing is written behind the link."""
    outside = tmp_path / "outside"
    outside.mkdir()
    root = tmp_path / "runs"
    root.mkdir()
    (root / "digits").symlink_to(outside)
    with pytest.raises(PermissionError, match=r"is a link that leads to .*outside', outside of"):
        RunFolder.create(root, "digits", "cnn")
    with pytest.raises(PermissionError, match="remove the link, or pass root="):
        RunFolder.find(root, "digits", "latest")
    assert list(outside.iterdir()) == []
    fault("links", case="in place of the project folder", kept="nothing: the run does not start")


def test_run_is_found_by_id_by_path_and_as_the_latest(tmp_path: Path) -> None:
    """The latest is the one that run.json says, not the newest name or file; zones are heeded."""
    late = _saved(tmp_path, "a", "2026-03-01T23:30:00-05:00")
    early = _saved(tmp_path, "z", "2026-03-02T01:00:00+00:00")
    RunFolder.create(tmp_path, "digits", "never-began")
    found = [RunFolder.find(tmp_path, "digits", wanted) for wanted in (early.id, "latest")]
    elsewhere = RunFolder.find(tmp_path / "other", "other", early.path)
    assert [folder.path for folder in (*found, elsewhere)] == [early.path, late.path, early.path]


def test_run_with_a_damaged_file_is_not_the_latest(tmp_path: Path) -> None:
    """It can still be named, and then its file is what is complained about."""
    good = _saved(tmp_path, "good", "2026-03-01T00:00:00+00:00")
    bad = RunFolder.create(tmp_path, "digits", "bad")
    bad.run_json.write_text('{"started": "20')
    assert RunFolder.find(tmp_path, "digits", "latest").id == good.id
    with pytest.raises(ValueError, match=r"run\.json' is damaged \(Unterminated string"):
        RunFolder.find(tmp_path, "digits", bad.id).read_json()


@pytest.mark.usefixtures("_unprivileged")
def test_runs_that_only_others_may_read_are_passed_over() -> None:
    """In a root of several people: a run, or a whole project."""
    with tempfile.TemporaryDirectory() as root:  # pytest's own folders are of the superuser
        ours, theirs, elsewhere = (
            _saved(Path(root), "cnn", "2026-03-01T00:00:00+00:00", project)
            for project in ("digits", "digits", "words")
        )
        closed = (theirs.path, elsewhere.path.parent)
        for folder in closed:
            folder.chmod(0)
        try:
            assert [run.path for run in all_runs(root)] == [ours.path]
            assert RunFolder.find(root, "digits", "latest").path == ours.path
        finally:
            for folder in closed:
                folder.chmod(0o700)


def test_run_that_does_not_exist_is_answered_with_the_nearest(tmp_path: Path) -> None:
    """What was looked for, where, and what is there."""
    folder = _saved(tmp_path, "cnn", "2026-03-01T00:00:00+00:00")
    mistyped = folder.id[:-1] + "1"
    with pytest.raises(ValueError, match="no run") as raised:
        RunFolder.find(tmp_path, "digits", mistyped)
    assert str(raised.value) == (
        f"no run {mistyped!r} to resume in {str(tmp_path / 'digits')!r}, and no run.json at that "
        f"path: the nearest there are {folder.id}; "
        'pass the id of a run, the path of its folder, or "latest"'
    )


@pytest.mark.parametrize("resume", ["latest", "", "20260101-000000-x-aaaaa"])
def test_project_without_runs_is_said_to_have_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resume: str
) -> None:
    """Also from inside a run folder, which an empty path would mean."""
    monkeypatch.chdir(_saved(tmp_path, "cnn", "2026-03-01T00:00:00+00:00").path)
    with pytest.raises(ValueError, match=f"no run '{resume}' to resume .* there are no runs there"):
        RunFolder.find(tmp_path, "letters", resume)


def test_attempts_go_on_after_the_highest_that_left_a_trace(tmp_path: Path) -> None:
    """A recording or an entry in run.json; other files do not count."""
    folder = RunFolder.create(tmp_path, "digits", "cnn")
    numbers = [folder.next_attempt()]
    folder.write_json({"attempts": [{}, {}]})
    numbers.append(folder.next_attempt())
    for name in ("recording-9.rrd", "recording-10.rrd", "recording-old.rrd", "99.rrd"):
        (folder.path / name).touch()
    numbers.append(folder.next_attempt())
    assert numbers == [1, 3, 11]


def test_run_json_holds_any_configuration_and_is_valid_json(tmp_path: Path) -> None:
    """Read by a parser that refuses NaN; names in any script, even ones that are no UTF-8."""
    folder = RunFolder.create(tmp_path, "digits", "cnn")
    folder.write_json({"name": "größe \udc80", "lr": float("nan"), "data": Path("x"), "n": (1, 2)})
    text = folder.run_json.read_text("utf-8")
    expected = {"name": r"größe \udc80", "lr": "NaN", "data": "x", "n": [1, 2]}
    assert json.loads(text, parse_constant=pytest.fail) == expected
    assert folder.read_json() == expected
    assert "größe" in text


def test_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    """A folder in the place of run.json cannot be replaced; the temporary file goes away."""
    folder = RunFolder.create(tmp_path, "digits", "cnn")
    (folder.run_json / "kept").mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        folder.write_json({"status": "finished"})
    assert [path.name for path in folder.path.rglob("*")] == ["run.json", "kept"]


def test_reader_sees_whole_files_only(tmp_path: Path) -> None:
    """While one thread replaces run.json two hundred times, another reads it."""
    folder = RunFolder.create(tmp_path, "digits", "cnn")
    folder.write_json({"values": [0] * 5000})

    def write() -> None:
        for number in range(200):
            folder.write_json({"values": [number] * 5000})

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        seen = []
        while not writing.done():
            values = folder.read_json()["values"]
            assert isinstance(values, list)
            seen.append((len(values), len(set(map(str, values)))))
        writing.result()
    assert set(seen) == {(5000, 1)}
