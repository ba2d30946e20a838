"""What reaches a terminal is shown there, and obeyed by nothing."""

from __future__ import annotations

import re

import pytest

from tests.support.faults import Fault
from triptych.pipeline.clock import StepClock
from triptych.printable import encodable, printable
from triptych.terminal import Bar, console, print_table

_EVIL = "a\x1b]0;title\x07b\x9b2J\rc\u202ed\x08"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, with ümläuts and 日本", "plain, with ümläuts and 日本"),
        ("tab\tand\nnewline", "tab\tand\nnewline"),
        ("\x1b[2J\r\x00\x7f", r"\x1b[2J\x0d\x00\x7f"),
        ("\x9b1A\u2028\u202e\u2066", r"\x9b1A\x2028\x202e\x2066"),
    ],
)
def test_control_characters_are_written_out_and_nothing_else_changes(text: str, shown: str) -> None:
    """Escape sequences, carriage returns, separators of lines, turned writing."""
    assert printable(text) == shown


def test_a_text_of_one_line_stays_one() -> None:
    """For names, where a newline would look like another entry."""
    assert printable("a\nb\tc", lines=False) == r"a\nb\tc"


def test_closing_table_and_progress_bar_show_names_and_obey_none(
    capsys: pytest.CaptureFixture[str],
    fault: Fault,
) -> None:
    """Paths, phases and messages come from anywhere; brackets are no markup."""
    print_table(f"title {_EVIL}", [(f"train/{_EVIL}", f"value {_EVIL}"), ("[red]x[/]", "[/b]")])
    clock = StepClock()
    clock.enter(epoch=None, phase="[/v]\x1b")
    bar = Bar(clock, shown=True, numbers=lambda: {"train/[bold]\x1b": 1.0})
    console().print(bar.__rich__())

    printed = capsys.readouterr().err
    assert re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", printed) == []
    assert printed.count(r"\x1b]0;title\x07b\x9b2J\x0dc\x202ed\x08") == 3
    assert "[red]x[/]" in printed
    assert r"[/v]\x1b · 0/? · 0.0/s · [bold]\x1b 1" in printed
    fault("terminal", case="names in table and bar", kept="all, escaped")


def test_names_of_files_that_are_no_text_can_be_written() -> None:
    """Python reads what is no UTF-8 as lone surrogates, which no file takes."""
    assert encodable("größe 🙂") == "größe 🙂"
    assert encodable(b"caf\xe9.png".decode(errors="surrogateescape")) == "caf\\udce9.png"
