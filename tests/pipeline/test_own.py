"""What is queued is ours: numbers of every kind, and copies of everything else."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import rerun as rr
import torch
import wandb

from tests.support.faults import Fault
from triptych.pipeline.own import Scalar, Unloggable, copied, own
from triptych.pipeline.plain import on_host
from triptych.pipeline.records import Foreign
from triptych.visuals import Histogram, Image, Table, Text

_NUMBERS: list[tuple[Any, float]] = [
    (3, 3.0),
    (0.25, 0.25),
    (True, 1.0),
    (Fraction(1, 4), 0.25),
    (Decimal("0.25"), 0.25),
    (np.float64(0.25), 0.25),
    (np.float32(0.25), 0.25),
    (np.float16(0.25), 0.25),
    (np.int64(-3), -3.0),
    (np.uint8(255), 255.0),
    (np.bool_(1), 1.0),
    (np.array(0.25), 0.25),
    (np.array([[3]]), 3.0),
    (torch.tensor(0.25), 0.25),
    (torch.tensor([[0.25]]), 0.25),
    (torch.tensor(0.25, requires_grad=True), 0.25),
    (torch.tensor(0.25, dtype=torch.float64), 0.25),
    (torch.tensor(0.25, dtype=torch.float16), 0.25),
    (torch.tensor(0.25, dtype=torch.bfloat16), 0.25),
    (torch.tensor(0.25, dtype=torch.float8_e4m3fn), 0.25),
    (torch.tensor(-3), -3.0),
    (torch.tensor([3], dtype=torch.uint8), 3.0),
    (torch.tensor(data=True), 1.0),
    (torch.nn.Parameter(torch.tensor([0.25])), 0.25),
    (10**400, math.inf),
    (-(10**400), -math.inf),
    (Fraction(10**400), math.inf),
]


@pytest.mark.parametrize(("given", "value"), _NUMBERS, ids=lambda one: f"{type(one)} {one}")
def test_number_of_every_kind_becomes_a_float(given: object, value: float, fault: Fault) -> None:
    """With or without gradient, of any shape that holds one element."""
    owned = own("loss", given)
    assert isinstance(owned, Scalar)
    assert (type(owned.value), owned.value) == (float, value)
    fault("tensors", kept="one-element tensors of every dtype, as numbers")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_values_that_are_not_finite_are_numbers(value: float) -> None:
    """They are what one wants to see most."""
    owned = [own("a", one) for one in (value, np.float32(value), torch.tensor(value))]
    assert list(map(str, owned)) == [str(Scalar(value))] * 3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "'a' is None, which run.log does not take. Leave it out, or log float"),
        ({"b": 1}, r"'a' is a dict, .* Log its items under paths of their own"),
        ([1.0, 2.0], r"'a' is a list, .* triptych\.Histogram of all"),
        ((1, 2), r"'a' is a tuple, "),
        ("0.5", r"'a' is a str, .* Use triptych\.Text"),
        (object(), r"'a' is an object, .* It takes numbers, visuals such as triptych\.Image"),
        (1j, r"'a' is a complex, "),
        (Image, r"'a' is a type, "),
        (np.zeros(3), r"'a' is an array of shape \(3,\) and dtype float64; .* Use \.mean\(\)"),
        (np.array("x"), r"'a' is an array of shape \(\) and dtype <U1"),
        (np.array(1j), "dtype complex128; a number has one real element"),
        (torch.zeros(2, 2), r"'a' is a tensor of shape \(2, 2\) and dtype torch\.float32 on cpu"),
        (torch.tensor(1j), r"dtype torch\.complex64"),
        (torch.zeros(0), r"shape \(0,\)"),
        (torch.zeros(1, device="meta"), "on meta"),
    ],
    ids=lambda one: f"{type(one).__name__}",
)
def test_what_is_no_number_and_no_visual_is_refused_with_a_hint(
    given: object, message: str
) -> None:
    """The path, the type, and what to use instead."""
    with pytest.raises(Unloggable, match=message):
        own("a", given)


def test_short_way_turns_host_numbers_into_plain_ones() -> None:
    """And refuses the whole row where something takes a closer look."""
    row = [torch.tensor(0.5, requires_grad=True), np.int32(2), 1.5, torch.tensor(3)]
    found = on_host(row)
    assert found == [0.5, 2.0, 1.5, 3]
    assert [type(one) for one in found] == [float, float, float, int]
    refused = (torch.zeros(3), torch.tensor(1j), torch.zeros(1, device="meta"), np.str_("a"), "a")
    assert all(on_host([*row, other]) is None for other in refused)


def test_tensor_inside_a_function_transform_is_refused_and_named() -> None:
    """There its value cannot be read."""
    problems = []

    def loss(x: torch.Tensor) -> torch.Tensor:
        try:
            own("loss", x.sum())
        except Unloggable as why:
            problems.append(str(why))
        return x.sum()

    torch.func.vmap(loss)(torch.zeros(2, 3))
    assert len(problems) == 1
    assert problems[0].startswith("'loss' is a tensor that cannot be read here: ")


@pytest.mark.parametrize("kind", ["numpy", "torch"])
def test_visual_that_is_owned_does_not_change_with_training(kind: str) -> None:
    """The buffer of a batch is used again for the next one."""
    pixels: Any = np.zeros((8, 8, 3), np.uint8)
    if kind == "torch":
        pixels = torch.from_numpy(pixels)
    kept = copied(own("a", Image(pixels)))
    pixels[:] = 255
    assert kept.to_uint8().max() == 0


def test_archetypes_are_for_rerun_and_text_is_shown_elsewhere_too() -> None:
    """They pass as they are."""
    points, document = rr.Points2D([[1, 2]]), rr.TextDocument("# words")
    assert own("a", points) == Foreign(points, "rerun", None)
    assert own("a", document) == Foreign(document, "rerun", Text("# words"))


def test_wandb_media_are_for_wandb_and_shown_elsewhere_where_that_is_sensible() -> None:
    """Pictures, tables and histograms are; a plot made of HTML is not."""
    pixels = np.zeros((4, 6, 3), np.uint8)
    media = {
        Image: wandb.Image(pixels, caption="black"),
        Table: wandb.Table(columns=["a"], data=[[1]]),
        Histogram: wandb.Histogram([0, 1, 1]),
        type(None): wandb.Html("<p>", inject=False),
    }
    found: dict[type, Any] = {kind: own("a", value) for kind, value in media.items()}
    assert [one.home for one in found.values()] == ["wandb"] * 4
    assert [type(one.visual) for one in found.values()] == list(media)
    assert found[Image].visual.caption == "black"
    assert found[Image].visual.to_uint8().shape == (4, 6, 3)


def test_things_of_rerun_and_wandb_that_are_no_media_are_refused() -> None:
    """A recording stream, settings, and so on."""
    for thing in (rr.RecordingStream("app"), wandb.Settings()):
        with pytest.raises(Unloggable, match=r"which run\.log does not take"):
            own("a", thing)
