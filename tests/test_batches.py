"""How many samples a batch holds."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from triptych.batches import count_samples


class Pair(NamedTuple):
    """As a collate function may make it."""

    pixels: torch.Tensor
    labels: torch.Tensor


@pytest.mark.parametrize(
    ("batch", "samples"),
    [
        (torch.zeros(5, 3), 5),
        (np.zeros((5, 3)), 5),
        ([torch.zeros(5, 1, 8, 8), torch.zeros(5)], 5),
        (Pair(torch.zeros(5, 2), torch.zeros(5)), 5),
        ({"scale": 2.0, "x": {"y": torch.zeros(5, 2)}}, 5),
        (["one", "two"], 2),
        ([{"x": torch.zeros(9)}] * 3, 3),
        ([torch.zeros(3, 8, 8)] * 4, 4),
        (torch.tensor(1.0), None),
        (7, None),
        ([], None),
    ],
)
def test_the_samples_lie_along_the_first_axis(batch: Any, samples: int | None) -> None:
    """Of the first tensor that has one; or each is an element of the list."""
    assert count_samples(batch) == samples
