"""`RunFolder`: where one run lives on disk, readable by its owner only."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from triptych.archive.names import new_run_id, safe_name
from triptych.archive.plain import JSON, plain

_OWNER_ONLY = 0o700
_TRIES = 10  # one is enough unless two runs of a project draw the same five letters in one second


class RunFolder:
    """The folder of one run: `<root>/<project>/<run id>/`.

    Make one with `create` or `find`. Making the object itself touches nothing.

    Args:
        path: The folder; its name is the run id.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, root: str | os.PathLike[str], project: str, name: str | None = None) -> Self:
        """Make the folder of a new run, and its parents, readable by their owner only.

        The call is exclusive: two processes that start at the same moment get two folders.

        Args:
            root: Where all projects live; "~" is understood. Parents that exist keep their rights.
            project: Project as the user named it.
            name: Display name as the user gave it; None takes the project's.

        Raises:
            OSError: The folder cannot be made, or the project folder is a link that leads out of
                `root`. The message says which folder, why, and what to pass instead.
        """
        home = _project_folder(root, project)
        try:
            _make_folders(home)
            return cls(_make_run_folder(home, name or project))
        except OSError as error:
            raise OSError(
                error.errno,
                f"cannot make a folder for the run in {str(home)!r}: {error.strerror}; "
                "pass root= a folder that you can write to",
            ) from error

    @classmethod
    def plan(cls, root: str | os.PathLike[str], project: str, name: str | None = None) -> Self:
        """Choose the folder of a new run, and make nothing: see `make`.

        For frameworks that ask where things will lie before anything has happened. The arguments
        are those of `create`.

        Raises:
            OSError: The project folder is a link that leads out of `root`.
        """
        return cls(_project_folder(root, project) / new_run_id(name or project, _now()))

    @classmethod
    def find(
        cls, root: str | os.PathLike[str], project: str, resume: str | os.PathLike[str]
    ) -> Self:
        """Find the folder of an earlier run.

        Args:
            root: Where all projects live.
            project: Project as the user named it.
            resume: A run id, the path of a run folder (of any project), or "latest": the run whose
                run.json has the newest `started`.

        Raises:
            ValueError: There is no such run. The message says what was looked for and where, and
                the ids that come nearest.
            OSError: The project folder is a link that leads out of `root`.
        """
        home = _project_folder(root, project)
        runs = {folder.id: folder for folder in cls.all_in(home)}
        wanted = os.fspath(resume)
        if wanted in runs:
            return runs[wanted]
        if wanted == "latest" and runs:
            return max(runs.values(), key=lambda folder: (folder.started(), folder.id))
        by_path = cls(Path(wanted).expanduser().absolute())
        if wanted not in ("", "latest") and by_path.run_json.is_file():
            return by_path
        from difflib import get_close_matches

        near = get_close_matches(wanted, runs, n=3, cutoff=0.3) or sorted(runs)[-3:]
        known = f"the nearest there are {', '.join(near)}" if near else "there are no runs there"
        raise ValueError(
            f"no run {wanted!r} to resume in {str(home)!r}, and no run.json at that path: {known}; "
            'pass the id of a run, the path of its folder, or "latest"'
        )

    def make(self) -> None:
        """Make a planned folder, so that `find` finds it; files may lie there already.

        Raises:
            OSError: The folder cannot be made.
        """
        _make_folders(self.path)
        self.path.chmod(_OWNER_ONLY)  # a framework that was here first went by the umask
        if not self.run_json.exists():
            self.write_json({})

    @classmethod
    def all_in(cls, home: Path) -> Iterator[Self]:
        """The runs that lie directly in a folder, by id, without links and what others keep."""
        with suppress(PermissionError):
            yield from map(cls, filter(_is_run, sorted(home.iterdir()) if home.is_dir() else ()))

    @property
    def id(self) -> str:
        """Folder name, W&B run id and, with the attempt, Rerun recording id."""
        return self.path.name

    @property
    def run_json(self) -> Path:
        """Identity, configuration, provenance, attempts, status and totals."""
        return self.path / "run.json"

    @property
    def log(self) -> Path:
        """The text panel as a file."""
        return self.path / "train.log"

    @property
    def wandb(self) -> Path:
        """The folder for W&B's own files, made when it is first asked for."""
        folder = self.path / "wandb"
        folder.mkdir(mode=_OWNER_ONLY, exist_ok=True)
        return folder

    @property
    def checkpoints(self) -> Path:
        """The folder for the user's checkpoints; only the user makes it."""
        return self.path / "checkpoints"

    def recording(self, attempt: int) -> Path:
        """The Rerun recording of an attempt, counted from 1."""
        return self.path / f"recording-{attempt}.rrd"

    def journal(self, attempt: int) -> Path:
        """Where numbers and words survive a kill of the process that opened this attempt."""
        return self.path / "journal" / str(attempt)

    def next_attempt(self) -> int:
        """The number after the highest that left a recording or stands in run.json; 1 at first.

        Raises:
            ValueError: run.json exists and is not readable as JSON.
        """
        names = [path.stem for path in self.path.glob("recording-*.rrd")]
        numbers = [name.removeprefix("recording-") for name in names]
        told = self.read_json().get("attempts") if self.run_json.exists() else None
        recorded = max((int(number) for number in numbers if number.isdecimal()), default=0)
        return 1 + max(recorded, len(told) if isinstance(told, list) else 0)

    def started(self) -> datetime:
        """When the run started by its run.json; long ago where that cannot be told."""
        try:
            return datetime.fromisoformat(str(self.read_json()["started"])).astimezone(UTC)
        except (OSError, ValueError, KeyError, OverflowError):
            return datetime.min.replace(tzinfo=UTC)

    def write_json(self, data: Mapping[str, Any]) -> None:
        """Replace run.json in one move: whoever reads it sees the old text or the new, whole.

        Args:
            data: What to write; values that JSON cannot hold are made `plain`.

        Raises:
            OSError: The disk refuses; the old file is as it was.
        """
        text = json.dumps(plain(data), indent=2, ensure_ascii=False, allow_nan=False)
        from tempfile import mkstemp  # not at `import triptych`: it loads hashing and random

        handle, temporary = mkstemp(dir=self.path, prefix=".run-", suffix=".json")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self.run_json)
        except BaseException as error:
            Path(temporary).unlink(missing_ok=True)
            if isinstance(error, OSError):
                error.filename = error.filename or str(self.run_json)  # a full disk tells none
            raise

    def read_json(self) -> dict[str, JSON]:
        """The content of run.json.

        Raises:
            ValueError: It is no JSON object.
            OSError: It cannot be read.
        """
        try:
            data = json.loads(self.run_json.read_text("utf-8"))
        except ValueError as error:
            problem = str(error)
        else:
            if isinstance(data, dict):
                return data
            problem = "no object at the top"
        raise ValueError(
            f"{str(self.run_json)!r} is damaged ({problem}); restore it, or start a new run"
        )


def _is_run(path: Path) -> bool:
    try:
        return not path.is_symlink() and (path / "run.json").is_file()
    except PermissionError:  # somebody else's, in a root of several people
        return False


def _project_folder(root: str | os.PathLike[str], project: str) -> Path:
    base = Path(root).expanduser().absolute()
    home = base / safe_name(project)
    if not home.resolve().is_relative_to(base.resolve()):
        raise PermissionError(
            errno.EPERM,
            f"the project folder {str(home)!r} is a link that leads to {str(home.resolve())!r}, "
            "outside of root; remove the link, or pass root= the folder that it leads to",
        )
    return home


def _make_folders(folder: Path) -> None:
    for missing in reversed([path for path in (folder, *folder.parents) if not path.is_dir()]):
        try:
            # `parents=True` would give the parents the rights of the umask.
            missing.mkdir(mode=_OWNER_ONLY)
        except FileExistsError:  # another run was faster, or a file is in the way
            if not missing.is_dir():
                raise NotADirectoryError(
                    errno.ENOTDIR, f"{str(missing)!r} is not a folder"
                ) from None


def _make_run_folder(home: Path, name: str) -> Path:
    for _ in range(_TRIES):
        path = home / new_run_id(name, _now())
        try:
            path.mkdir(mode=_OWNER_ONLY)
        except FileExistsError:
            continue
        return path
    raise FileExistsError(errno.EEXIST, "every id that was drawn is taken")


def _now() -> datetime:
    return datetime.now(UTC).astimezone()
