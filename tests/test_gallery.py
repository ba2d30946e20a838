"""The gallery shows every visual, and its page is what the script would write."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from triptych.sinks.rerun.shows import SHOWS

GALLERY = Path(__file__).parents[1] / "examples" / "gallery"


@pytest.fixture(scope="module")
def make() -> ModuleType:
    """The script, as a module."""
    spec = importlib.util.spec_from_file_location("make", GALLERY / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_visual_is_in_the_gallery(make: ModuleType) -> None:
    """One of each kind that a panel can show."""
    assert {type(one()) for one in make.MAKERS} == set(SHOWS)


def test_both_panels_show_them_all(make: ModuleType, tmp_path: Path) -> None:
    """Nothing is lost, and nothing is refused."""
    totals = make.record(str(tmp_path)).totals

    wanted = len(make.MAKERS) + make.STEPS - 1
    for name in ("rerun", "wandb"):
        sink = totals.sinks[name]
        assert (sink.accepted, sink.delivered, sink.shed) == (wanted, wanted, {})


def test_the_page_is_up_to_date(make: ModuleType) -> None:
    """A row for each visual, in order, with pictures that are there and small."""
    page = (GALLERY / "README.md").read_text()
    rows = page.removeprefix(make.PAGE).splitlines()

    assert page.startswith(make.PAGE)
    assert [row.split(" | ")[0] for row in rows] == [
        f"| `{type(one()).__name__}`: {one.__doc__}" for one in make.MAKERS
    ]
    pictures = list((GALLERY / "pictures").iterdir())
    assert all(f"(pictures/{picture.name})" in page for picture in pictures)
    assert page.count("![](") == len(pictures)
    assert max(picture.stat().st_size for picture in pictures) < 60_000
