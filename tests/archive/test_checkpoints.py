"""Files that are kept for an upload: those of the checkpoint, in the run folder, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from triptych.archive.checkpoints import note_checkpoint


def _kept(path: Path, folder: Path) -> Path:
    noted = note_checkpoint(path, folder, step=5, name="model", metrics={}, aliases=(), upload=True)
    assert noted.copy is not None
    return noted.copy


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run folder."""
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def _files(place: Path) -> set[str]:
    return {str(one.relative_to(place)) for one in place.rglob("*") if not one.is_dir()}


def test_links_out_of_a_checkpoint_are_left_out_and_told(
    tmp_path: Path, folder: Path, caplog: pytest.LogCaptureFixture
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

    assert kept == folder / "artifacts" / "step-5" / "saved"
    assert _files(kept) == {"weights.pt", "deep/last.pt"}
    assert not (kept / "deep" / "last.pt").is_symlink()
    assert (kept / "deep" / "last.pt").read_bytes() == b"weights"
    told = [one.getMessage() for one in caplog.records]
    assert len(told) == 3
    assert all("links to nothing in the checkpoint, and is left out" in one for one in told)


def test_a_link_that_is_the_checkpoint_is_followed(tmp_path: Path, folder: Path) -> None:
    """Under its own name: "last.ckpt" may be a link to the newest."""
    (tmp_path / "epoch=3.ckpt").write_bytes(b"weights")
    (tmp_path / "last.ckpt").symlink_to(tmp_path / "epoch=3.ckpt")

    kept = _kept(tmp_path / "last.ckpt", folder)

    assert kept == folder / "artifacts" / "step-5" / "last.ckpt"
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

    assert kept == folder / "artifacts" / "step-5" / "saved"
    assert _files(kept) == {"weights.pt"}


@pytest.mark.parametrize("link", ["artifacts", "artifacts/step-5"])
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
