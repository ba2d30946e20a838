"""Files that are kept for an upload: as they were saved, in the run folder, and no others."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tests.support.faults import Fault
from triptych.archive.kept import Kept


def _keep(path: Path, folder: Path) -> Kept:
    return Kept(path, folder, name="model", step=5)


def _kept(path: Path, folder: Path) -> Path:
    kept = _keep(path, folder)
    kept.own()
    return kept.path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run folder."""
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def _files(place: Path) -> set[str]:
    return {str(one.relative_to(place)) for one in place.rglob("*") if not one.is_dir()}


def test_links_out_of_a_checkpoint_are_left_out_and_told(
    tmp_path: Path, folder: Path, caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    """What they lead to was not meant to be uploaded; links within it are followed."""
    secret, saved = tmp_path / "id_rsa", tmp_path / "saved"
    secret.write_text("a secret")
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "key").write_text("another")
    (saved / "deep").mkdir(parents=True)
    (saved / "weights.pt").write_bytes(b"weights")
    (saved / "deep" / "last.pt").symlink_to(saved / "weights.pt")
    (saved / "deep" / "config").symlink_to(secret)
    (saved / "folder").symlink_to(tmp_path / "private")
    (saved / "nowhere").symlink_to(tmp_path / "missing")

    kept = _kept(saved, folder)

    assert kept == folder / "artifacts" / "model" / "step-5" / "saved"
    assert _files(kept) == {"weights.pt", "deep/last.pt"}
    assert not (kept / "deep" / "last.pt").is_symlink()
    assert (kept / "deep" / "last.pt").read_bytes() == b"weights"
    told = [one.getMessage() for one in caplog.records]
    assert len(told) == 3
    assert all(
        "links to nothing in the folder that is saved, and is left out" in one for one in told
    )
    fault("links", case="in a checkpoint", kept="the checkpoint", shed="the links; told")


def test_a_link_that_is_the_checkpoint_is_followed(tmp_path: Path, folder: Path) -> None:
    """Under its own name: "last.ckpt" may be a link to the newest."""
    (tmp_path / "epoch=3.ckpt").write_bytes(b"weights")
    (tmp_path / "last.ckpt").symlink_to(tmp_path / "epoch=3.ckpt")

    kept = _kept(tmp_path / "last.ckpt", folder)

    assert kept == folder / "artifacts" / "model" / "step-5" / "last.ckpt"
    assert not kept.is_symlink()
    assert kept.read_bytes() == b"weights"


def test_a_name_that_leads_up_stays_in_the_run_folder(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`..` is kept under the name of the folder that it means."""
    (tmp_path / "saved" / "now").mkdir(parents=True)
    (tmp_path / "saved" / "weights.pt").write_bytes(b"weights")
    monkeypatch.chdir(tmp_path / "saved" / "now")

    kept = _kept(Path(".."), folder)

    assert kept == folder / "artifacts" / "model" / "step-5" / "saved"
    assert _files(kept) == {"weights.pt"}


@pytest.mark.parametrize("link", ["artifacts", "artifacts/model"])
def test_a_run_folder_with_a_link_out_of_it_is_refused(
    tmp_path: Path, folder: Path, link: str
) -> None:
    """Nothing is written where it leads."""
    outside, saved = tmp_path / "outside", tmp_path / "model.pt"
    outside.mkdir()
    saved.write_bytes(b"weights")
    (folder / link).parent.mkdir(exist_ok=True)
    (folder / link).symlink_to(outside)

    with pytest.raises(PermissionError, match="is a link that leads out of the run folder"):
        _kept(saved, folder)
    assert list(outside.iterdir()) == []


def test_what_is_deleted_or_replaced_stays(tmp_path: Path, folder: Path) -> None:
    """A framework makes room for the next one, before anybody had time for a copy."""
    deleted, replaced = tmp_path / "a.pt", tmp_path / "b.pt"
    for path in (deleted, replaced):
        path.write_bytes(b"weights")
    kept = [_keep(deleted, folder), _keep(replaced, folder)]
    deleted.unlink()
    (tmp_path / "new").write_bytes(b"other")
    (tmp_path / "new").replace(replaced)

    for one in kept:
        one.own()
        assert one.path.read_bytes() == b"weights"


def test_what_is_written_to_later_stays(tmp_path: Path, folder: Path) -> None:
    """`torch.save` to the same path writes into the same file, and so into a hard link to it."""
    saved = tmp_path / "model.pt"
    saved.write_bytes(b"first")
    first = _keep(saved, folder)
    first.own()
    saved.write_bytes(b"second")
    second = _keep(saved, folder)
    second.own()

    assert (first.path.read_bytes(), second.path.read_bytes()) == (b"first", b"second")
    assert first.path.stat().st_mode & 0o077 == 0
    assert [one.path.parent.name for one in (first, second)] == ["step-5", "step-5-2"]


def test_what_is_written_to_before_it_is_copied_is_refused(tmp_path: Path, folder: Path) -> None:
    """Rather that than other weights under the name of these."""
    saved = tmp_path / "model.pt"
    saved.write_bytes(b"first")
    kept = _keep(saved, folder)
    saved.write_bytes(b"seconds")

    with pytest.raises(OSError, match="was written to before it could be copied"):
        kept.own()
    assert not kept.path.exists()


def test_files_on_another_disk_are_copied(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No hard link leads there."""
    (tmp_path / "saved" / "deep").mkdir(parents=True)
    (tmp_path / "saved" / "deep" / "model.pt").write_bytes(b"weights")

    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    kept = _kept(tmp_path / "saved", folder)

    assert (kept / "deep" / "model.pt").read_bytes() == b"weights"
    assert (kept / "deep" / "model.pt").stat().st_nlink == 1


def test_a_file_that_is_missing_is_told_to_the_caller(tmp_path: Path, folder: Path) -> None:
    """On the line that named it."""
    with pytest.raises(FileNotFoundError, match="modle"):
        _keep(tmp_path / "modle.pt", folder)
