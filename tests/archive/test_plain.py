"""The way of any value into JSON."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tests.support.faults import Fault
from triptych.archive.plain import plain


def test_plain_values_keep_their_shape_and_others_become_text() -> None:
    """As json.dumps in its strict form takes them, and as they are read back."""
    config = {
        "lr": 1e-3,
        "layers": (64, 32),
        "amp": True,
        "seed": None,
        "data": Path("data/digits"),
        "dtype": complex(1, 2),
        7: np.int64(7),
        "scale": np.float32(0.5),
    }
    assert json.loads(json.dumps(plain(config), allow_nan=False)) == {
        "lr": 0.001,
        "layers": [64, 32],
        "amp": True,
        "seed": None,
        "data": "data/digits",
        "dtype": "(1+2j)",
        "7": 7,
        "scale": 0.5,
    }


def test_numbers_that_json_lacks_become_words() -> None:
    """Python's own writer would produce what no other reader accepts."""
    values = [float("nan"), float("inf"), -np.inf, np.float32("nan")]
    assert plain(values) == ["NaN", "Infinity", "-Infinity", "NaN"]


def test_configuration_that_contains_itself_ends(fault: Fault) -> None:
    """At the depth that was asked for, with the text that Python prints for such a thing."""
    config: dict[str, object] = {}
    config["self"] = config
    assert plain(config, depth=2) == {"self": {"self": "{'self': {...}}"}}
    fault("endless", kept="all but the repetition")
