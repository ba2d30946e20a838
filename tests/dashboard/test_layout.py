"""The blueprint has a place for everything that was seen, by what it is and what it is called."""

from __future__ import annotations

from typing import Any

import pytest
import rerun.blueprint as rrb

from triptych.dashboard import Dashboard, Seen, blueprint


def _seen(*paths: str, count: int = 100, **shown: str) -> Seen:
    """Numbers at these paths, and visuals by their archetypes."""
    seen = Seen()
    for path in paths:
        seen.count(path, count, count, 0.5)
    for path, archetype in shown.items():
        seen.add(path, "", archetype)
    return seen


def _pictures(*paths: str) -> Seen:
    seen = Seen()
    for path in paths:
        seen.add(path, "", "EncodedImage")
    return seen


def _outline(part: Any) -> Any:
    """Names of views; of containers with their names."""
    if not isinstance(part, rrb.Container):
        return part.name
    return {part.name: [_outline(child) for child in part.contents]}


def _pages(seen: Seen, wishes: Dashboard | None = None) -> dict[str, Any]:
    root = blueprint(seen, wishes).root_container
    pages = root.contents if isinstance(root, rrb.Tabs) else [root]
    return {page.name: _outline(page) for page in pages}


def _overview(seen: Seen, wishes: Dashboard | None = None) -> list[Any]:
    (rows,) = _pages(seen, wishes)["Overview"].values()
    return list(rows)


def _views(part: Any) -> list[Any]:
    if not isinstance(part, rrb.Container):
        return [part]
    return [view for child in part.contents for view in _views(child)]


def _view(seen: Seen, name: str, wishes: Dashboard | None = None) -> Any:
    views = _views(blueprint(seen, wishes).root_container)
    return next(view for view in views if view.name == name)


def test_an_empty_run_shows_its_summary() -> None:
    """Before anything is logged there is something to see, and no panel is empty."""
    assert [view.name for view in _views(blueprint(Seen()).root_container)] == ["Summary"]


def test_words_and_configuration_come_with_the_first_of_them() -> None:
    """A panel without a line would be empty."""
    assert _overview(Seen(words=True)) == ["Words"]
    assert _overview(Seen(settings=True)) == ["Config"]
    assert _overview(Seen(words=True, settings=True)) == [{"Words and config": ["Words", "Config"]}]


def test_losses_share_a_plot_with_a_logarithmic_twin() -> None:
    """Linear in front, log10 in the second tab, where the sink writes it."""
    seen = _seen("val/loss", "train/kl_loss", "train/loss")

    assert _overview(seen) == [{"Losses": ["Loss", "log10 of loss"]}]
    loss, twin = _view(seen, "Loss"), _view(seen, "log10 of loss")
    assert loss.contents == ["/train/kl_loss", "/train/loss", "/val/loss"]
    assert twin.contents == ["/log10/train/kl_loss", "/log10/train/loss", "/log10/val/loss"]


@pytest.mark.parametrize(
    "paths",
    [
        ("Loss/train", "Loss/val"),
        ("loss/train", "loss/val"),
        ("train_loss", "val_loss"),
        ("train_loss_epoch", "val_loss"),
        ("losses/train/total", "losses/val/total"),
    ],
)
def test_losses_are_known_by_any_custom(paths: tuple[str, ...]) -> None:
    """As TensorBoard's and Lightning's users name them; neither how long one takes, nor a layer."""
    seen = _seen(*paths, "time/loss", "grad_norm/loss_head")

    (losses,) = _overview(seen)
    assert losses == {"Losses": ["Loss", "log10 of loss"]}
    assert _view(seen, "Loss").contents == [f"/{path}" for path in paths]


def test_accuracies_of_several_phases_share_a_plot_by_any_custom() -> None:
    """Each in the colour of its phase."""
    customs = ("train_acc", "val_acc"), ("acc/train", "acc/val"), ("train/acc", "val/acc")
    for paths in (*customs, ("Train/acc", "Valid/acc"), ("training/acc", "validation/acc")):
        lines = _view(_seen(*paths), "acc").visualizer_overrides
        shown = [lines[f"/{path}"][0].colors.as_arrow_array().to_pylist() for path in paths]
        assert shown == [[0x5AA0F0FF], [0xF5A03CFF]]


def test_many_curves_are_not_named_one_by_one() -> None:
    """A layout of thousands of curves would be larger than the numbers themselves."""
    view = _view(_seen(*(f"reward/{number}" for number in range(1000))), "reward")
    assert (len(view.contents), view.visualizer_overrides) == (1000, {})


def test_what_is_measured_in_several_phases_shares_a_plot_and_comes_first() -> None:
    """Then what begins alike; a single name stands with its whole path."""
    seen = _seen("reward/b", "alone/x", "val/acc", "reward/a", "train/acc")

    assert _overview(seen) == [{"Numbers": ["acc", "reward", "alone/x"]}]
    assert _view(seen, "acc").contents == ["/train/acc", "/val/acc"]
    assert _view(seen, "reward").contents == ["/reward/a", "/reward/b"]


def test_learning_rate_gradients_and_weights_are_one_tab() -> None:
    """Each has an axis of its own, since their sizes differ by orders of magnitude."""
    paths = ("train/grad_norm", "train/learning_rate", "train/acc", "train/weight_norm")
    wanted = {"Optimizer": ["Learning rate", "Gradients", "Weights"]}

    assert _overview(_seen(*paths)) == [{"Numbers": ["acc", wanted]}]
    for path in ("lr-AdamW", "lr-AdamW/pg1", "optim/lr", "train/lr/decay"):
        assert _view(_seen(path), "Learning rate").contents == [f"/{path}"]


@pytest.mark.parametrize("path", ["LR", "learning_rate", "Learning Rate", "lr-AdamW/pg1", "a/lr"])
def test_a_learning_rate_is_known_by_any_custom(path: str) -> None:
    """As the schedules of many frameworks and tutorials name it."""
    assert _overview(_seen(path)) == ["Learning rate"]


def test_layers_and_the_machine_have_pages_of_their_own() -> None:
    """They are many, and a newcomer looks at the losses first."""
    seen = _seen(
        *("train/loss", "grad_norm/conv", "grad_norm/head", "weight_norm/conv"),
        *("time/step_p50", "system/cpu", "eval/runtime", "train/epoch"),
    )
    pages = _pages(seen)

    assert list(pages) == ["Overview", "Layers", "Time and machine", "Summary"]
    assert pages["Layers"] == {"Layers": ["grad_norm", "weight_norm/conv"]}
    machine = {"runtime", "epoch", "time/step_p50", "system/cpu"}
    assert set(pages["Time and machine"]["Time and machine"]) == machine


def test_a_number_that_came_once_has_no_plot_of_its_own() -> None:
    """A point says less than the table of the summary; beside others it is drawn."""
    seen = _seen("train/loss", "val/loss")
    for path in ("train_runtime", "train_loss", "score", "test/loss"):
        seen.count(path, 1, 100, 0.5)

    assert _overview(seen) == [{"Losses": ["Loss", "log10 of loss"]}]
    assert _view(seen, "Loss").contents == ["/train/loss", "/test/loss", "/val/loss"]


def test_few_values_are_marked_and_many_are_a_line() -> None:
    """A number that comes once an epoch would hardly be seen without markers."""
    seen = _seen("train/loss", count=1000)
    seen.count("val/loss", 3, 1000, 0.5)

    drawn = {
        path: [type(one).__name__ for one in how]
        for path, how in _view(seen, "Loss").visualizer_overrides.items()
    }
    assert drawn == {"/train/loss": ["SeriesLines"], "/val/loss": ["SeriesLines", "SeriesPoints"]}


def test_a_phase_has_one_colour_in_all_plots() -> None:
    """Also where it is alone."""

    def colour(seen: Seen, name: str, path: str) -> list[int]:
        (line, *_) = _view(seen, name).visualizer_overrides[path]
        return list(line.colors.as_arrow_array().to_pylist())

    seen = _seen("train/loss", "val/loss", "val/acc")
    assert colour(seen, "acc", "/val/acc") == colour(seen, "Loss", "/val/loss")
    assert colour(seen, "Loss", "/train/loss") != colour(seen, "Loss", "/val/loss")


def test_plots_without_room_get_a_page() -> None:
    """Six tabs can be read beside each other."""
    pages = _pages(_seen(*(f"{letter}/x" for letter in "abcdefgh")))

    assert pages["Overview"] == {"Overview": [{"Numbers": [f"{letter}/x" for letter in "abcdef"]}]}
    assert pages["More numbers"] == {"More numbers": ["g/x", "h/x"]}


def test_the_optimizer_keeps_its_tab_among_hundreds_of_plots() -> None:
    """Learning rate and gradients are asked for whatever else there is."""
    paths = [f"{number}/x" for number in range(300)]
    pages = _pages(_seen("train/lr", "train/grad_norm", *paths))

    (tabs,) = pages["Overview"]["Overview"]
    optimizer = {"Optimizer": ["Learning rate", "Gradients"]}
    assert tabs == {"Numbers": [*paths[:5], optimizer]}
    assert pages["More numbers"]["More numbers"][0] == paths[5]


@pytest.mark.parametrize(
    ("archetype", "view"),
    [
        ("EncodedImage", rrb.Spatial2DView),
        ("DepthImage", rrb.Spatial2DView),
        ("LineStrips2D", rrb.Spatial2DView),
        ("VideoFrameReference", rrb.Spatial2DView),
        ("Points3D", rrb.Spatial3DView),
        ("Mesh3D", rrb.Spatial3DView),
        ("GraphNodes", rrb.GraphView),
        ("Tensor", rrb.TensorView),
        ("BarChart", rrb.BarChartView),
        ("TextDocument", rrb.TextDocumentView),
        ("AssetAudio", rrb.AudioView),
        ("StateChange", rrb.StateTimelineView),
    ],
)
def test_every_archetype_has_its_view(archetype: str, view: type) -> None:
    """By the name of the class that was logged."""
    found, _ = _views(blueprint(_seen(own=archetype)).root_container)

    assert (type(found), found.name, found.origin) == (view, "own", "/own")


def test_what_has_no_view_is_left_to_the_tree() -> None:
    """Such as values for a view of the user's own."""
    assert [view.name for view in _views(blueprint(_seen(own="AnyValues")).root_container)] == [
        "Summary"
    ]


def test_a_scene_made_of_parts_is_one_view() -> None:
    """A cloud with boxes and a label that lies flat is still three-dimensional."""
    seen = Seen()
    for part, archetype in (("cloud", "Points3D"), ("boxes", "Boxes3D"), ("caption", "Points2D")):
        seen.add("val/scene", part, archetype)

    assert _overview(seen) == ["val/scene"]
    assert isinstance(_view(seen, "val/scene"), rrb.Spatial3DView)


def test_percentiles_of_a_histogram_stand_beside_it() -> None:
    """Rerun has no view of a histogram over time."""
    seen = _seen(w="BarChart")
    for part in ("bands/p95", "bands/p50", "bands/p05"):
        seen.add("w", part, "Scalars")

    assert _overview(seen) == [{"w": ["w", "w over time"]}]
    assert _view(seen, "w over time").contents == [f"/w/bands/p{n}" for n in ("05", "50", "95")]


def test_target_prediction_and_error_are_side_by_side() -> None:
    """In this order, one row for each sample; what stands alone comes below."""
    seen = _pictures(
        *("val/1/error", "val/0/prediction", "val/0/target", "val/worst"),
        *("val/0/error", "val/1/target", "val/1/prediction"),
    )
    rows = [
        {f"val/{n}": [f"{role} · val/{n}" for role in ("target", "prediction", "error")]}
        for n in (0, 1)
    ]

    assert _overview(seen) == [{"Pictures": [*rows, "val/worst"]}]


def test_names_with_numbers_are_in_the_order_of_the_numbers() -> None:
    """Two comes before ten, among pictures and among plots."""
    names = ["block1", "block2", "block10"]
    assert _overview(_pictures(*reversed(names))) == [{"Pictures": names}]
    assert _overview(_seen(*reversed(names))) == [{"Numbers": names}]


def test_numbered_pictures_are_one_block_in_their_order() -> None:
    """Ten comes after two; beyond eight they are left to the tree."""
    seen = _pictures(*(f"val/samples/{number}" for number in range(11)))

    assert _overview(seen) == [{"val/samples": [f"val/samples/{number}" for number in range(8)]}]


@pytest.mark.parametrize(("count", "columns"), [(3, 2), (4, 2), (6, 3), (7, 4), (8, 4)])
def test_a_block_has_few_empty_places(count: int, columns: int) -> None:
    """Eight pictures are two rows of four, not three of three with a hole."""
    root = blueprint(_pictures(*(f"val/{number}" for number in range(count)))).root_container
    overview = root.contents[0]
    (block,) = overview.contents

    assert block.grid_columns == columns


def test_few_documents_share_the_room_that_no_picture_wants() -> None:
    """What is of all samples first, that of training last; with pictures they are tabs."""
    paths = ("train/texts", "val/sample-0/texts", "val/texts")
    seen = _seen(**dict.fromkeys(paths, "TextDocument"))
    ordered = ["val/texts", "val/sample-0/texts", "train/texts"]
    assert _overview(seen) == [{"Pictures": ordered}]

    seen.add("val/image", "", "EncodedImage")
    assert _overview(seen) == [{"Pictures": ["val/image", {"Documents": ordered}]}]


def test_pictures_without_room_get_a_page_those_of_training_last() -> None:
    """What the model was not trained on says more of it."""
    paths = [f"val/{letter}" for letter in "abcdefgh"]
    pages = _pages(_pictures("train/batch", "train/input", *paths))

    assert pages["Overview"] == {"Overview": [{"Pictures": paths}]}
    assert pages["More pictures"] == {"More pictures": ["train/batch", "train/input"]}


def test_the_strip_needs_two_phases() -> None:
    """One alone says nothing."""
    assert _overview(Seen(words=True, phases=["train"])) == ["Words"]
    assert _overview(Seen(words=True, phases=["train", "val"])) == ["Phases", "Words"]


def test_the_outline_changes_with_what_is_shown() -> None:
    """So that a blueprint is sent again when it would differ, and only then."""
    seen = _seen("loss", count=2)
    outlines = [seen.outline()]
    seen.count("loss", 1, 3, 0.5)
    assert seen.outline() == outlines[0]

    seen.count("loss", 100, 103, 0.5)
    outlines.append(seen.outline())
    seen.add("picture", "", "Image")
    outlines.append(seen.outline())
    seen.add("picture", "", "Image")
    assert seen.outline() == outlines[-1]
    seen.add("picture", "bands/p50", "Scalars")
    outlines.append(seen.outline())
    seen.words = True
    outlines.append(seen.outline())
    assert len(set(outlines)) == len(outlines)


def test_pinned_paths_have_a_row_above_everything() -> None:
    """In the order of the patterns, and nowhere else."""
    seen = _seen("train/loss", "val/acc", a="Points3D", b="EncodedImage", c="EncodedImage")
    pinned = _overview(seen, Dashboard(pin=["b", "a", "val/*"]))

    assert pinned == [
        {"Pinned": ["b", "a", "acc"]},
        {"Numbers and pictures": [{"Losses": ["Loss", "log10 of loss"]}, "c"]},
    ]


def test_a_group_shares_a_plot_and_a_row() -> None:
    """Numbers in one plot, also losses; pictures in one row; the first title that fits wins."""
    seen = _seen("g/loss", "g/lr", "d/loss", **{"g/image": "Image", "g/noise": "Image"})
    wishes = Dashboard(group={"Generator": ["g/*"], "All": ["*"]})

    assert _overview(seen, wishes) == [
        {
            "Numbers and pictures": [
                {"Numbers": ["Generator", "All"]},
                {"Generator": ["g/image", "g/noise"]},
            ]
        }
    ]
    assert _view(seen, "Generator", wishes).contents == ["/g/loss", "/g/lr"]


def test_order_goes_before_our_own() -> None:
    """Among numbers, and among pictures."""
    seen = _seen("a/x", "b/x", "train/acc", c="Image", d="Image")
    wishes = Dashboard(order=["b/*", "d"])

    assert _overview(seen, wishes) == [
        {
            "Numbers and pictures": [
                {"Numbers": ["b/x", "acc", "a/x"]},
                {"Pictures": ["d", "c"]},
            ]
        }
    ]


def test_hidden_paths_have_no_view() -> None:
    """Neither numbers nor visuals, also if they are pinned."""
    seen = _seen("debug/a", "acc", **{"debug/b": "Image"})

    assert _overview(seen, Dashboard(hide=["debug/*"], pin=["debug/*"])) == ["acc"]
