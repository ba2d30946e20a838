"""Norms of many tensors, and of the modules that they belong to."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from triptych.monitors.norms import MOST_GROUPS, Groups, norms, total


def test_the_total_is_that_of_torch() -> None:
    """As `clip_grad_norm_` computes it."""
    torch.manual_seed(0)
    tensors = [torch.randn(3, 4), torch.randn(5), torch.randn(())]
    parameters = [nn.Parameter(tensor) for tensor in tensors]
    for parameter in parameters:
        parameter.grad = parameter.detach().clone()

    assert norms(tensors).tolist() == pytest.approx([float(one.norm()) for one in tensors])
    expected = nn.utils.clip_grad_norm_(parameters, math.inf)
    assert float(total(norms(tensors))) == pytest.approx(float(expected))


def test_half_precision_does_not_overflow() -> None:
    """The norm of 10,000 times 1,000 is more than such a number can be."""
    tensors = [torch.full((10_000,), 1000.0, dtype=torch.float16), torch.ones(4)]
    assert norms(tensors).tolist() == pytest.approx([100_000, 2], rel=1e-4)


def test_a_sparse_gradient_counts_its_sums() -> None:
    """A row that was looked up twice has the sum of both."""
    table = nn.Embedding(5, 2, sparse=True)
    table(torch.tensor([1, 1, 3])).sum().backward()
    assert table.weight.grad is not None
    assert norms([table.weight.grad]).tolist() == pytest.approx([math.sqrt(4 + 4 + 1 + 1)])


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (["weight", "bias"], ["weight", "bias"]),
        (["0.weight", "0.bias", "3.weight"], ["0", "3"]),
        (
            ["vit.embed.weight", *(f"vit.layer.{i}.mlp.weight" for i in range(12)), "head.weight"],
            ["vit.embed", *(f"vit.layer.{i}.mlp" for i in range(12)), "head"],
        ),
        (
            [f"net.layer.{i}.{part}.weight" for i in range(12) for part in ("attention", "mlp")],
            [f"net.layer.{i}" for i in range(12)],
        ),
        ([f"layer{i}.weight" for i in range(40)], [f"layer{i}" for i in range(40)]),
    ],
    ids=["bare", "sequential", "shallow", "deep", "wide"],
)
def test_modules_are_as_deep_as_a_chart_has_room_for(names: list[str], groups: list[str]) -> None:
    """The deepest level of at most sixteen; the top level in any case."""
    assert Groups(names).names == groups
    assert len(groups) <= MOST_GROUPS or names[0] == "layer0.weight"


def test_the_norm_of_a_module_is_that_of_its_parameters() -> None:
    """The root of the sum of squares, whatever the order."""
    found = Groups(["a.weight", "b.weight", "a.bias"]).norms(torch.tensor([3.0, 2.0, 4.0]))
    assert {name: float(norm) for name, norm in found.items()} == {"a": 5.0, "b": 2.0}
