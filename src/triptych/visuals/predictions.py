"""The usual pictures of what a model made of its input: ready to log, from tensors as they come.

They look at values, so they wait for the device: call them where a picture is due, in a draw or in
`run.log({"val/batch": lambda: ...})`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from triptych.visuals.annotations import read_classes
from triptych.visuals.arrays import host_array, numbers
from triptych.visuals.depth_map import Depth
from triptych.visuals.grid import Grid
from triptych.visuals.heatmap import Heatmap
from triptych.visuals.normalised import Classes, picture, spread
from triptych.visuals.pixels import Layout
from triptych.visuals.planes import plane, span
from triptych.visuals.visual import Visual

_TOP = 3
_ONE_PICTURE = 3  # axes of (C, H, W)


def classification(
    images: Any, labels: Any = None, scores: Any = None, classes: Classes = None, *, most: int = 16
) -> dict[str, Visual]:
    """Pictures with their labels and the three likeliest classes.

    Args:
        images: A batch (N, C, H, W), (N, H, W) or (N, H, W, C), or a sequence of pictures; also
            normalised ones, which are drawn from their darkest to their lightest value.
        labels: Class ids (N,), or None.
        scores: Logits or probabilities (N, K), or predicted ids (N,), or None.
        classes: Names of the classes.
        most: How many pictures are shown, from the first, 1 to 100.

    Returns:
        "predictions", a `Grid`.
    """
    pictures = images[:most]
    names = read_classes(classes or ())
    known = None if labels is None else numbers(labels, "labels").reshape(-1)
    found = None if scores is None else numbers(scores, "scores")
    captions = [
        class_caption(names, _at(known, place), _at(found, place)) for place in range(len(pictures))
    ]
    return {"predictions": Grid(pictures, captions, value_range=spread(pictures))}


def segmentation(
    image: Any,
    target: Any = None,
    prediction: Any = None,
    classes: Classes = None,
    *,
    ignore: int = 255,
    layout: Layout | None = None,
    value_range: tuple[float, float] | None = None,
) -> dict[str, Visual]:
    """One picture with its true mask, the predicted one, and where they differ.

    Args:
        image: As `triptych.Image` takes it, or normalised.
        target: Class ids (H, W) or (1, H, W), or None.
        prediction: Logits or probabilities (K, H, W), of which the highest counts; one logit for
            each pixel (1, H, W) or (H, W), yes above 0; ids or bools (H, W); or None.
        classes: Names of the classes.
        ignore: The id of pixels that do not count; negative ones never do.
        layout: As for `triptych.Image`.
        value_range: Likewise; None finds it in the image.

    Returns:
        "target", "prediction" and "error" (class 1 where wrong), each an `Image`, as far as known.
    """
    known = None if target is None else plane(numbers(target, "target"))
    found = None if prediction is None else mask_ids(numbers(prediction, "prediction"))
    drawn: dict[str, Visual] = {}
    show = partial(picture, image, layout=layout, value_range=value_range or spread([image]))
    if known is not None:
        counts = (known >= 0) & (known != ignore)
        drawn["target"] = show(mask=np.where(counts, known, 0), classes=classes)
    if found is not None:
        drawn["prediction"] = show(mask=found, classes=classes)
    if known is not None and found is not None:
        wrong = (known != found) & counts
        share = wrong.sum() / max(1, counts.sum())
        drawn["error"] = show(
            mask=wrong,
            classes={1: "wrong"},
            caption=f"{share:.1%} of the pixels are wrong",
        )
    return drawn


def detection(
    image: Any,
    target: Any = None,
    prediction: Any = None,
    scores: Any = None,
    classes: Classes = None,
    *,
    min_score: float = 0.5,
    layout: Layout | None = None,
    value_range: tuple[float, float] | None = None,
) -> dict[str, Visual]:
    """One picture with its true boxes, and one with those predicted.

    Args:
        image: As `triptych.Image` takes it, or normalised.
        target: Boxes (N, 4) as x_min, y_min, x_max, y_max in pixels, or a mapping with "boxes" and
            "labels"; or None.
        prediction: Likewise, also with "scores"; or None.
        scores: Of the predicted boxes (N,), where `prediction` has none.
        classes: Names of the classes.
        min_score: Predicted boxes with a lower score are left out; the caption counts them.
        layout: As for `triptych.Image`.
        value_range: Likewise; None finds it in the image.

    Returns:
        "target" and "prediction", each an `Image`, as far as known.
    """
    drawn: dict[str, Visual] = {}
    show = partial(picture, image, layout=layout, value_range=value_range or spread([image]))
    if target is not None:
        boxes = _known(target)
        drawn["target"] = show(boxes=boxes, classes=classes)
    if prediction is not None:
        boxes = _known(prediction) | ({} if scores is None else {"scores": scores})
        words = None
        if "scores" in boxes:
            keep = numbers(boxes["scores"], "scores").reshape(-1) >= min_score
            words = f"{keep.sum()} of {keep.size} boxes score {min_score:g} or more"
            boxes = {key: host_array(value)[keep] for key, value in boxes.items()}
        drawn["prediction"] = show(boxes=boxes, classes=classes, caption=words)
    return drawn


def depth(
    image: Any = None, target: Any = None, prediction: Any = None, *, unit: float | None = None
) -> dict[str, Visual]:
    """One picture, its true and its predicted depth in the same colours, and the error in metres.

    Args:
        image: As `triptych.Image` takes it, or normalised; or None.
        target: As `triptych.Depth` takes it: 0, NaN and infinite were not measured; or None.
        prediction: Likewise.
        unit: Metres in one unit of target and prediction, as for `triptych.Depth`.

    Returns:
        "image", "target", "prediction" and "error", as far as known.
    """
    drawn: dict[str, Visual] = {}
    if image is not None:
        drawn["image"] = picture(image)
    maps = {
        name: Depth(values, unit)
        for name, values in (("target", target), ("prediction", prediction))
        if values is not None
    }
    if maps:
        # the range of what is true: a prediction that is far off must look like it
        common = next(iter(maps.values())).shown_range()
        drawn |= {name: Depth(one.values, unit, common) for name, one in maps.items()}
    if target is not None and prediction is not None:
        error = np.abs(maps["prediction"].metres() - maps["target"].metres())
        known = error[np.isfinite(error)]
        words = f"mean error {known.mean():.3g} m" if known.size else "nowhere measured"
        drawn["error"] = Heatmap(error, (0.0, span(error)[1]), "inferno", words)
    return drawn


def class_caption(names: Mapping[int, str], label: Any, scores: Any) -> str | None:
    """What a classified picture is, and what it was taken for.

    Args:
        names: Of the classes.
        label: The class id, or None.
        scores: Logits or probabilities (K,), or the predicted id, or None.
    """
    words = [] if label is None else [f"label {_name(names, label)}"]
    if scores is not None:
        said = f"predicted {_name(names, scores)}" if scores.ndim == 0 else likeliest(names, scores)
        words.append(said)
    return ": ".join(words) or None


def likeliest(names: Mapping[int, str], scores: npt.NDArray[Any]) -> str:
    """The three likeliest classes, from logits or probabilities (K,): "cat 60%, dog 25%, …"."""
    shares = scores.astype(np.float64)
    if (shares < 0).any() or not np.isclose(shares.sum(), 1.0, atol=1e-2):
        shares = np.exp(shares - shares.max())
        shares /= shares.sum()
    best = np.argsort(-shares)[:_TOP]
    return ", ".join(f"{_name(names, index)} {shares[index]:.0%}" for index in best)


def mask_ids(prediction: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Class ids (H, W), of scores (K, H, W), one logit for each pixel, or ids."""
    if prediction.ndim == _ONE_PICTURE and prediction.shape[0] > 1:
        return np.asarray(prediction.argmax(0))
    found = plane(prediction)
    return found > 0 if found.dtype.kind == "f" else np.maximum(found, 0)


def _known(boxes: Any) -> dict[str, Any]:
    if not isinstance(boxes, Mapping):
        return {"boxes": boxes}
    return {key: boxes[key] for key in ("boxes", "labels", "scores") if key in boxes}


def _at(values: npt.NDArray[Any] | None, place: int) -> Any:
    return None if values is None else np.asarray(values[place])


def _name(names: Mapping[int, str], class_id: Any) -> str:
    return names.get(int(class_id), str(int(class_id)))
