"""The table of faults is whole: each of its rows is proved by a test."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.faults import FAULTS

_TESTS = Path(__file__).parents[1]


def test_every_fault_of_the_table_is_taken_down_by_a_test() -> None:
    """By its word, in a call of the fixture or in the parameters of the test."""
    sources = "".join(file.read_text("utf-8") for file in _TESTS.rglob("test_*.py"))
    words = {fault for faults in FAULTS.values() for fault in faults}
    assert words == {word for word in words if re.search(rf'[( ]"{word}"[,:)]', sources)}
