"""Runs found over all projects, by what a person remembers of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from triptych.archive.find import all_runs, find_run
from triptych.archive.folder import RunFolder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three runs in two projects; the one that started last has the smallest id."""
    for project, name, started in (
        ("digits", "20260101-000000-cnn-aaaaa", "2026-03-01T00:00:00+00:00"),
        ("digits", "20260102-000000-cnn-bbbbb", "2026-01-02T00:00:00+00:00"),
        ("words", "20260103-000000-gpt-ccccc", "2026-01-03T00:00:00+00:00"),
    ):
        folder = RunFolder(tmp_path / "runs" / project / name)
        folder.make()
        folder.write_json({"started": started})
    return tmp_path / "runs"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("20260102-000000-cnn-bbbbb", "20260102-000000-cnn-bbbbb"),
        ("20260103", "20260103-000000-gpt-ccccc"),
        ("ccccc", "20260103-000000-gpt-ccccc"),
        ("cnn-aaaaa", "20260101-000000-cnn-aaaaa"),
        ("latest", "20260101-000000-cnn-aaaaa"),
    ],
)
def test_a_run_is_found_by_its_id_or_either_end_of_it(root: Path, wanted: str, found: str) -> None:
    """In whatever project it is; the latest is the one that started last."""
    assert find_run(wanted, root).id == found


def test_a_run_is_found_by_its_folder_and_any_file_in_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the root; a relative path too, and one that goes up."""
    folder = root / "words" / "20260103-000000-gpt-ccccc"
    assert find_run(folder, "elsewhere").path == folder
    assert find_run(folder / "run.json", "elsewhere").path == folder
    monkeypatch.chdir(folder)
    assert find_run(".", "elsewhere").id == folder.name
    assert find_run("../../words/20260103-000000-gpt-ccccc", "elsewhere").path == folder


def test_an_end_that_several_runs_share_is_refused(root: Path) -> None:
    """The message names them."""
    with pytest.raises(ValueError, match=r"stands for 3 runs: .*aaaaa, .*bbbbb, .*ccccc; say more"):
        find_run("2026010", root)


def test_a_run_that_is_not_there_is_told_with_the_nearest(root: Path) -> None:
    """And where nothing is, that there is nothing."""
    with pytest.raises(ValueError, match="no run '20260103-000000-gpt-cccc1'") as error:
        find_run("20260103-000000-gpt-cccc1", root)
    assert "the nearest are 20260103-000000-gpt-ccccc" in str(error.value)
    for nothing in ("latest", ""):
        with pytest.raises(ValueError, match=r"there are no runs in .*; pass the folder"):
            find_run(nothing, root / "missing")


def test_all_runs_come_by_the_time_in_their_ids_and_no_link_twice(root: Path) -> None:
    """A link to a project or a run is another name of what is listed already."""
    (root / "alias").symlink_to(root / "digits")
    (root / "words" / "last").symlink_to(root / "words" / "20260103-000000-gpt-ccccc")
    (root / "notes.txt").write_text("no project")
    assert [run.id[-5:] for run in all_runs(root)] == ["aaaaa", "bbbbb", "ccccc"]
    assert all_runs(root / "missing") == []
