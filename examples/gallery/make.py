"""Log one of each visual, look at it in both places, and write the page about it.

    python examples/gallery/make.py

Rerun's half is what its own viewer draws, without a window; it needs a Vulkan driver, such as
Debian's mesa-vulkan-drivers. W&B's half is the file that its page shows, from an offline run.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image as Picture
from sklearn.datasets import load_digits

import triptych
from triptych import visuals
from triptych.viewer.headless import open_viewer
from triptych.viewer.looking import Viewer

HERE = Path(__file__).parent
WIDTH = 360  # of a picture on the page
SMALL = 90  # below that, pixels are drawn as squares
STEPS = 5
MISREAD = 0.15  # share of the digits
SUMMIT, PEAK = 0.8, 0.97  # heights of the hill
DIGIT = 3

rng = np.random.default_rng(7)
digits = load_digits()
names = [str(number) for number in range(10)]
angle = np.linspace(0, 2 * np.pi, 400)
rows, columns = np.mgrid[-1:1:120j, -1:1:160j]
hill = np.exp(-3 * (rows**2 + columns**2))
scores = digits.data @ digits.data[:10].T / 1000 + rng.normal(0, 0.4, (len(digits.data), 10))
said = (digits.target + (rng.random(len(digits.target)) < MISREAD)) % 10
knot = np.stack(
    [
        (2 + np.cos(3 * angle)) * np.cos(2 * angle),
        (2 + np.cos(3 * angle)) * np.sin(2 * angle),
        np.sin(3 * angle),
    ],
    axis=1,
)


def image() -> visuals.Image:
    """Boxes with labels, a mask and a caption; here a photograph would be."""
    shade = np.stack([hill, 1 - hill, 0.3 + 0 * hill], axis=2)
    boxes = {"boxes": [[50, 30, 110, 90]], "labels": [1], "scores": [0.93]}
    mask = (hill > SUMMIT).astype(np.uint8)
    return visuals.Image(shade, boxes, mask, classes={1: "hill"}, caption="a hill from above")


def grid() -> visuals.Grid:
    """A batch with captions."""
    captions = [f"{label} as {guess}" for label, guess in zip(digits.target, said, strict=True)]
    return visuals.Grid(digits.images[:12] / 16, captions[:12], columns=6)


def depth() -> visuals.Depth:
    """Distances in metres; a hole is where nothing was measured."""
    return visuals.Depth(np.where(hill > PEAK, 0, 3 - 2 * hill))


def heatmap() -> visuals.Heatmap:
    """Any matrix, such as attention."""
    near = np.exp(-(np.subtract.outer(np.arange(6), np.arange(6)) ** 2) / 3)
    words = ["the", "cat", "sat", "on", "the", "mat"]
    return visuals.Heatmap(near / near.sum(1, keepdims=True), rows=words, columns=words)


def figure() -> visuals.Figure:
    """Whatever matplotlib draws."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(5, 3.5))
    axes = drawn.add_subplot(projection="polar")
    axes.plot(angle, 1 + 0.5 * np.sin(5 * angle))
    return visuals.Figure(drawn)


def video() -> visuals.Video:
    """Frames, or an mp4 file."""
    frames = [np.roll(hill, 6 * shift, axis=1) for shift in range(24)]
    return visuals.Video((255 * np.stack(frames)).astype(np.uint8), fps=12)


def audio() -> visuals.Audio:
    """Samples, -1 to 1; Rerun plays them on its timeline `log_time`."""
    seconds = np.linspace(0, 1, 16000)
    return visuals.Audio(np.sin(2 * np.pi * (600 - 200 * seconds) * seconds) * (1 - seconds), 16000)


def points() -> visuals.Points:
    """A cloud, coloured by a value."""
    cloud = knot[rng.integers(0, len(knot), 4000)] + rng.normal(0, 0.08, (4000, 3))
    return visuals.Points(cloud, values=cloud[:, 2])


def boxes3d() -> visuals.Boxes3D:
    """Boxes with names, in the cloud they were found in."""
    centers = np.array([[0, 0, 0.5], [3, 1, 0.75]])
    sizes = np.array([[1.5, 0.8, 1], [2, 1, 1.5]])
    inside = [
        rng.uniform(c - s / 2, c + s / 2, (400, 3)) for c, s in zip(centers, sizes, strict=True)
    ]
    return visuals.Boxes3D(centers, sizes, labels=["car", "van"], points=np.concatenate(inside))


def mesh() -> visuals.Mesh:
    """Triangles, with a colour for each vertex."""
    height, width = 40, 53
    z = hill[::3, ::3][:height, :width]
    y, x = np.mgrid[:height, :width] / 20
    corner = (np.arange(height - 1)[:, None] * width + np.arange(width - 1)).ravel()
    faces = [(corner, corner + 1, corner + width), (corner + 1, corner + width + 1, corner + width)]
    triangles = np.concatenate([np.stack(face, axis=1) for face in faces])
    colours = np.stack([z, 0.6 - 0.3 * z, 1 - z], axis=2).reshape(-1, 3)
    return visuals.Mesh(np.stack([x, y, z], axis=2).reshape(-1, 3), triangles, colours=colours)


def lines() -> visuals.Lines:
    """Paths through space or a plane."""
    return visuals.Lines([knot], colours=[(240, 160, 60)])


def graph() -> visuals.Graph:
    """Nodes and edges."""
    edges = [("x", "conv"), ("conv", "norm"), ("norm", "relu"), ("relu", "add"), ("x", "add")]
    return visuals.Graph(["x", "conv", "norm", "relu", "add"], edges)


def embedding() -> visuals.Embedding:
    """Vectors, projected; here the pixels of digits, by PCA."""
    return visuals.Embedding(digits.data[:600], digits.target[:600], classes=names)


def histogram() -> visuals.Histogram:
    """How values are distributed; percentiles over time beside it."""
    return visuals.Histogram(rng.normal(0, 1, 5000))


def curve() -> visuals.Curve:
    """Receiver operating characteristic, or any other lines."""
    return visuals.Curve.roc(digits.target == DIGIT, scores[:, DIGIT])


def bars() -> visuals.Bars:
    """A number for each name."""
    share = [(said == digits.target)[digits.target == number].mean() for number in range(10)]
    return visuals.Bars(share, names, title="recall")


def confusion() -> visuals.ConfusionMatrix:
    """What was taken for what."""
    return visuals.ConfusionMatrix(digits.target, said, names)


def table() -> visuals.Table:
    """Rows of whatever belongs together."""
    return visuals.Table(["digit", "taken for", "times"], [[8, 3, 5], [9, 1, 2], [4, 7, 1]])


def text() -> visuals.Text:
    """Plain text."""
    return visuals.Text(
        "It was a bright cold day in April,\nand the clocks were striking thirteen."
    )


def markdown() -> visuals.Markdown:
    """Formatted text."""
    return visuals.Markdown("## Findings\n\n- the model reads *sevens*\n- and mistakes **eights**")


def tokens() -> visuals.Tokens:
    """A number for each token, such as its loss."""
    words = ["The", " cat", " sat", " on", " the", " quantum", " mat", "."]
    return visuals.Tokens(words, [0.4, 2.1, 1.2, 0.3, 0.2, 7.5, 3.9, 0.1])


MAKERS: tuple[Callable[[], visuals.Visual], ...] = (
    *(image, grid, depth, heatmap, figure, video, audio),
    *(points, boxes3d, mesh, lines, graph, embedding),
    *(histogram, curve, bars, confusion),
    *(table, text, markdown, tokens),
)

IN_WORDS = {
    "audio": "a player with the sound",
    "html": "a page of HTML",
    "object3D": "a scene to turn with the mouse",
    "table": "a table to sort and filter",
    "videos": "a film",
}
"""What W&B makes of the files in its media folder that are no pictures."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=HERE, help="folder of the page")
    output = parser.parse_args().output
    pictures = output / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as root:
        run = record(root)
        files = sorted((run.dir / "wandb").glob("*run-*/files/media/**/*.*"))
        with open_viewer((600, 420)) as viewer:
            viewer.open(run.info.recording)
            viewer.go_to()
            lines_of_page = [row(make, viewer, files, pictures) for make in MAKERS]
    (output / "README.md").write_text(PAGE + "".join(lines_of_page), "utf-8")


def record(root: str) -> triptych.Run:
    with triptych.run("gallery", root=root, wandb="offline", console=False, strict=True) as run:
        for _ in run.steps(range(STEPS)):
            for make in MAKERS if run.step == STEPS else [histogram]:
                run.log({make.__name__: make()})
    return run


def row(
    make: Callable[[], visuals.Visual], viewer: Viewer, files: list[Path], pictures: Path
) -> str:
    name = make.__name__
    kind = type(make()).__name__
    shown = Picture.open(BytesIO(viewer.look(name).png))
    left = save(shown, pictures / f"{name}-rerun.png")
    kinds = {*IN_WORDS, "images", "mask"}
    theirs = [
        file for file in files if file.stem.startswith(f"{name}_") and file.parent.name in kinds
    ]
    return f"| `{kind}`: {make.__doc__} | ![]({left}) | {wandb_cell(name, theirs, pictures)} |\n"


def wandb_cell(name: str, files: list[Path], pictures: Path) -> str:
    """The picture that W&B shows; in words what is no picture."""
    drawn = [file for file in files if file.parent.name == "images"]
    if drawn:
        cell = f"![]({save(Picture.open(drawn[0]), pictures / f'{name}-wandb.png')})"
        if len(drawn) > 1:
            return f"{cell}<br>and {len(drawn) - 1} more"
        over = any(file.parent.name == "mask" for file in files)
        return f"{cell}<br>with boxes and mask to switch on and off" if over else cell
    if not files:
        return "a histogram of its own, also over time"
    chart = any(file.stem.startswith(f"{name}_table_") for file in files)
    return "a chart to point at" if chart else IN_WORDS[files[0].parent.name]


def save(picture: Picture.Image, file: Path) -> str:
    """Keep a picture small, and give its address on the page."""
    picture = picture.convert("RGB")
    if picture.width < SMALL:
        times = SMALL // picture.width
        picture = picture.resize(
            (times * picture.width, times * picture.height), Picture.Resampling.NEAREST
        )
    if picture.width > WIDTH:
        picture = picture.resize((WIDTH, round(picture.height * WIDTH / picture.width)))
    picture.quantize(256).save(file, optimize=True)
    return f"pictures/{file.name}"


PAGE = """# What each visual looks like

This page and its pictures are made by `python examples/gallery/make.py`: one of each visual, logged
once, as Rerun's viewer draws it and as W&B gets it.

| visual | Rerun shows | W&B shows |
| --- | --- | --- |
"""

if __name__ == "__main__":
    main()
