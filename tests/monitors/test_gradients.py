"""Gradients, weights and learning rates, as they are just before an update."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from tests.monitors.small import EACH, Still, backward, digits, events, make_model, open_run
from triptych.monitors import Monitors, watch
from triptych.sinks.memory import MemorySink

ALL = [f"{name}.{part}" for name in ("encoder", "middle", "head") for part in ("weight", "bias")]


class Reads(TorchDispatchMode):
    """Counts how often a number is brought from a tensor to Python."""

    count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """`item`, `float` and `tolist` end here."""
        self.count += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


def test_norms_and_rates_are_those_of_torch_at_each_update(tmp_path: Path) -> None:
    """The total as `clip_grad_norm_` computes it, the modules, the weights, the schedule."""
    sink, model = MemorySink(), make_model()
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    expected: dict[str, list[float]] = {}
    with open_run(tmp_path, sink) as run:
        watch(run, model, optimizer, EACH)
        for _ in backward(run, model, optimizer, 3):
            weights = torch.cat([one.detach().flatten() for one in model.parameters()])
            middle = [one.grad for one in model.middle.parameters()]
            for path, value in {
                "train/grad_norm": nn.utils.clip_grad_norm_(model.parameters(), math.inf),
                "train/weight_norm": weights.norm(),
                "grad_norm/middle": nn.utils.get_total_norm(middle),
                "weight_norm/head": nn.utils.get_total_norm(list(model.head.parameters())),
            }.items():
                expected.setdefault(path, []).append(float(value))
            optimizer.step()
            schedule.step()

    for path, values in expected.items():
        assert [step for step, _ in sink.numbers[path]] == [1, 2, 3]
        assert [value for _, value in sink.numbers[path]] == pytest.approx(values)
    assert sink.numbers["train/lr"] == [(1, 0.5), (2, 0.25), (3, 0.125)]
    assert {path for path in sink.numbers if path.startswith("grad_norm/")} == {
        "grad_norm/encoder",
        "grad_norm/middle",
        "grad_norm/head",
    }


@pytest.mark.parametrize("layers", [2, 40])
def test_a_look_reads_no_more_numbers_than_it_logs(tmp_path: Path, layers: int) -> None:
    """However many parameters there are: the total, once for its curve and once to judge it."""
    model = nn.Sequential(*(nn.Linear(64, 64) for _ in range(layers)))
    optimizer = Still(model.parameters())
    sink = MemorySink()
    with open_run(tmp_path, sink) as run:
        watching = watch(run, model, optimizer, Monitors(gradients=1, modules=9, system=0))
        run.advance()
        model(torch.ones(1, 64)).sum().backward()
        watching.look()  # with all modules, and whatever is done once
        run.advance()
        with Reads() as reads:
            optimizer.step()

    assert reads.count == 2
    assert [step for step, _ in sink.numbers["train/grad_norm"]] == [1, 2]


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ({"middle.weight": math.nan}, "gradient of middle.weight became NaN at step 2"),
        ({"head.bias": math.inf}, "gradient of head.bias became infinite at step 2"),
        (
            {"encoder.weight": math.nan, "encoder.bias": math.nan, "middle.weight": math.inf},
            "gradient of middle.weight (and of 2 parameters before it) became NaN at step 2",
        ),
        (
            dict.fromkeys(ALL, math.nan),
            (
                "the gradients of all 6 parameters became NaN, as they do from a bad loss or by "
                "clipping, at step 2"
            ),
        ),
    ],
    ids=["nan", "inf", "backwards", "all"],
)
def test_the_culprit_is_named_once(tmp_path: Path, bad: dict[str, float], told: str) -> None:
    """The one nearest to the loss: what is bad stays so on the way back to the input."""
    sink, model = MemorySink(), make_model()
    optimizer = Still(model.parameters())
    with open_run(tmp_path, sink) as run:
        watch(run, model, optimizer, EACH)
        for _ in backward(run, model, optimizer, 6):
            if run.step in (2, 3):
                for name, value in bad.items():
                    gradient = model.get_parameter(name).grad
                    assert gradient is not None
                    gradient.view(-1)[0] = value
            optimizer.step()

    assert events(sink) == [(2, told)]
    steps = [step for step, value in sink.numbers["train/grad_norm"] if math.isfinite(value)]
    assert steps == [1, 4, 5, 6]
    assert [step for step, _ in sink.numbers["grad_norm/head"]] == [1, 4, 5, 6]


def test_a_culprit_that_was_not_seen_at_once_is_told_with_the_span(tmp_path: Path) -> None:
    """Between two looks anything may have happened; a later incident is told again."""
    sink, model = MemorySink(), make_model()
    optimizer = Still(model.parameters())
    with open_run(tmp_path, sink) as run:
        watch(run, model, optimizer, Monitors(gradients=3, system=0))
        for _ in backward(run, model, optimizer, 10):
            if run.step in (3, 4, 10):
                model.head.bias.grad.fill_(math.nan)
            optimizer.step()

    assert events(sink) == [
        (4, "gradient of head.bias became NaN between step 2 and 4"),
        (10, "gradient of head.bias became NaN between step 8 and 10"),
    ]


def test_a_bad_gradient_that_was_missed_is_said_to_be_possible(tmp_path: Path) -> None:
    """Its update has spoilt all weights by the next look; how to find it is told."""
    sink, model = MemorySink(), make_model()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with open_run(tmp_path, sink) as run:
        watch(run, model, optimizer, Monitors(gradients=3, system=0))
        for _ in backward(run, model, optimizer, 5):
            if run.step == 2:
                model.middle.weight.grad[0, 0] = math.nan
            optimizer.step()

    ((step, words),) = events(sink)
    assert (step, words) == (
        4,
        (
            "the gradients of all 6 parameters became NaN, as they do from a bad loss, by "
            "clipping, or after one bad gradient, which monitors.Monitors(gradients=1) names, "
            "between step 2 and 4"
        ),
    )


def test_a_look_before_clipping_sees_what_clipping_hides(tmp_path: Path) -> None:
    """And stands for the update: the hook looks no second time."""
    sink, model = MemorySink(), make_model()
    optimizer = Still(model.parameters())
    with open_run(tmp_path, sink) as run:
        watching = watch(run, model, optimizer, EACH)
        for _ in backward(run, model, optimizer, 2):
            if run.step == 2:
                model.middle.bias.grad[3] = math.nan
            watching.look()
            norm = nn.utils.clip_grad_norm_(model.parameters(), 1e-3)
            run.log({"expected": norm})
            optimizer.step()

    assert sink.numbers["train/grad_norm"][0] == pytest.approx(sink.numbers["expected"][0])
    assert len(sink.numbers["train/grad_norm"]) == 2
    assert events(sink) == [(2, "gradient of middle.bias became NaN at step 2")]


def test_several_optimizers_and_groups_have_paths_of_their_own(tmp_path: Path) -> None:
    """Rates that are alike are one; parameters without a gradient are left out."""
    sink, model = MemorySink(), make_model()
    first = torch.optim.SGD(
        [
            {"params": model.encoder.parameters(), "lr": 0.1},
            {"params": model.middle.parameters(), "lr": 0.2, "name": "slow"},
        ]
    )
    groups = [{"params": [one]} for one in model.head.parameters()]
    second = torch.optim.Adam(groups, lr=0.3)
    with open_run(tmp_path, sink) as run:
        watch(run, model, [first, second], EACH)
        for _ in backward(run, model, first, 1):
            model.head.bias.grad = None
            expected = float(model.head.weight.grad.norm())
            first.step()
            second.step()

    rates = {path: values for path, values in sink.numbers.items() if "/lr" in path}
    assert rates == {
        "train/lr/0/0": [(1, 0.1)],
        "train/lr/0/slow": [(1, 0.2)],
        "train/lr/1": [(1, 0.3)],
    }
    assert sink.numbers["train/grad_norm/1"] == [(1, pytest.approx(expected))]
    assert {"grad_norm/0/encoder", "weight_norm/0/middle"} <= set(sink.numbers)


def test_gradients_that_are_made_within_the_step_are_seen_after_it(tmp_path: Path) -> None:
    """L-BFGS calls a closure; before it there is nothing to see."""
    sink, model = MemorySink(), make_model()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=1)
    pixels, labels = next(iter(digits(1)))

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(pixels), labels)
        loss.backward()
        return loss

    with open_run(tmp_path, sink) as run:
        watch(run, model, optimizer, EACH)
        run.advance()
        optimizer.step(closure)
        expected = float(nn.utils.get_total_norm([one.grad for one in model.parameters()]))

    assert sink.numbers["train/grad_norm"] == [(1, pytest.approx(expected))]


def test_a_schedule_is_whole_though_the_looks_are_rare(tmp_path: Path) -> None:
    """A rate is logged when it changes."""
    sink, model = MemorySink(), make_model()
    optimizer = Still(model.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5)
    with open_run(tmp_path, sink) as run:
        watch(run, model, optimizer, Monitors(gradients=100, system=0))
        for _ in backward(run, model, optimizer, 6):
            optimizer.step()
            schedule.step()

    assert len(sink.numbers["train/grad_norm"]) == 1
    assert sorted(sink.numbers["train/lr"]) == [(1, 1.0), (3, 0.5), (5, 0.25)]


def test_looks_take_a_small_share_of_the_time(tmp_path: Path) -> None:
    """By default they become rare where an update is short: half a percent, and never none."""
    sink, model = MemorySink(), make_model()
    optimizer = Still(model.parameters())
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    with open_run(tmp_path, sink) as run:
        watch(run, model, optimizer, Monitors(system=0))
        for _ in run.steps(range(2000)):
            optimizer.step()

    steps = sorted(step for step, _ in sink.numbers["train/grad_norm"])
    assert steps[:4] == [1, 2, 3, 4]  # to learn what it costs
    assert 5 <= len(steps) < 400
