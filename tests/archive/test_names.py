"""Folder names and run ids, from any text."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from string import ascii_letters, digits

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.archive.names import new_run_id, safe_name

_NOON = datetime(2026, 1, 31, 12, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize("name", ["digits", "cnn-lr1e-3", "a_b.c", "A" * 64, "console"])
def test_safe_name_stays_as_it_is(name: str) -> None:
    """Nobody should have to look for their own project."""
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../x", r"x-[0-9a-f]{8}"),
        ("/etc/passwd", r"etc-passwd-[0-9a-f]{8}"),
        ("a/b", r"a-b-[0-9a-f]{8}"),
        ("Größe évaluée", r"Groe-evaluee-[0-9a-f]{8}"),
        ("数字", r"unnamed-[0-9a-f]{8}"),
        ("x" * 300, r"x{55}-[0-9a-f]{8}"),
        ("", r"unnamed-[0-9a-f]{8}"),
        (".", r"unnamed-[0-9a-f]{8}"),
        ("..", r"unnamed-[0-9a-f]{8}"),
        (".hidden", r"hidden-[0-9a-f]{8}"),
        ("-rf", r"rf-[0-9a-f]{8}"),
        ("CON", r"CON-[0-9a-f]{8}"),
        ("nul.txt", r"nul.txt-[0-9a-f]{8}"),
        ("a\0b", r"a-b-[0-9a-f]{8}"),
        ("end.", r"end-[0-9a-f]{8}"),
        ("\udc80", r"unnamed-[0-9a-f]{8}"),
    ],
)
def test_unsafe_name_keeps_what_is_safe_and_gets_a_hash(name: str, expected: str) -> None:
    """Paths, devices, hidden folders, options, other scripts, lengths."""
    assert re.fullmatch(expected, safe_name(name))


@settings(deadline=None)
@given(st.text(max_size=200))
def test_every_name_becomes_one_safe_folder_name(name: str) -> None:
    """Its alphabet, its length, its first and last character; and the result is safe itself."""
    safe = safe_name(name)
    assert set(safe) <= set(ascii_letters + digits + "._-")
    assert 1 <= len(safe) <= 64
    assert safe[0] not in ".-"
    assert safe[-1] != "."
    assert safe_name(safe) == safe


@settings(deadline=None)
@given(st.lists(st.text("ab/-. é", max_size=6), unique=True))
def test_different_names_never_meet(names: list[str]) -> None:
    """Even where only the characters differ that cannot stay."""
    assert len({safe_name(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("CNN lr=1e-3", "cnn-lr-1e-3"),
        ("数字", "run"),
        ("x" * 300, "x" * 40),
        ("../../x", "x"),
    ],
)
def test_run_id_tells_time_and_name(name: str, slug: str) -> None:
    """And ends in five letters of chance."""
    assert re.fullmatch(rf"20260131-120005-{slug}-[a-z2-7]{{5}}", new_run_id(name, _NOON))


@settings(deadline=None)
@given(st.text())
def test_run_id_is_valid_in_all_three_places(name: str) -> None:
    """Lower case letters, digits and dashes, at most 64: what W&B, Rerun and folders allow."""
    assert re.fullmatch(r"[a-z0-9-]{1,64}", new_run_id(name, _NOON))
