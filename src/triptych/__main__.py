"""`python -m triptych`: the command line, where the program itself is not on the PATH."""

from __future__ import annotations

from triptych.cli import main

main()
