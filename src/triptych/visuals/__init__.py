"""Things to look at: plain, frozen data that knows no back end.

A visual is one file here, and a few lines in each sink that can show it.
"""

from __future__ import annotations

from triptych.visuals.adopt import adopt
from triptych.visuals.annotations import Boxes
from triptych.visuals.audio import Audio
from triptych.visuals.bars import Bars
from triptych.visuals.boxes3d import Boxes3D
from triptych.visuals.confusion import ConfusionMatrix
from triptych.visuals.curve import Curve
from triptych.visuals.depth_map import Depth
from triptych.visuals.embedding import Embedding
from triptych.visuals.encoding import Encoded
from triptych.visuals.figure import Figure
from triptych.visuals.graph import Graph
from triptych.visuals.grid import Grid
from triptych.visuals.heatmap import Heatmap
from triptych.visuals.histogram import Histogram
from triptych.visuals.image import Image
from triptych.visuals.lines import Lines
from triptych.visuals.mesh import Mesh
from triptych.visuals.points import Points
from triptych.visuals.predictions import classification, depth, detection, segmentation
from triptych.visuals.table import Table
from triptych.visuals.text import Markdown, Text
from triptych.visuals.tokens import Tokens, tokens
from triptych.visuals.video import Video
from triptych.visuals.visual import Visual

__all__ = [
    "Audio",
    "Bars",
    "Boxes",
    "Boxes3D",
    "ConfusionMatrix",
    "Curve",
    "Depth",
    "Embedding",
    "Encoded",
    "Figure",
    "Graph",
    "Grid",
    "Heatmap",
    "Histogram",
    "Image",
    "Lines",
    "Markdown",
    "Mesh",
    "Points",
    "Table",
    "Text",
    "Tokens",
    "Video",
    "Visual",
    "adopt",
    "classification",
    "depth",
    "detection",
    "segmentation",
    "tokens",
]
