"""Things to look at: plain, frozen data that knows no back end.

A visual is one file here, and a few lines in each sink that can show it.
"""

from __future__ import annotations

from triptych.visuals.adopt import adopt
from triptych.visuals.annotations import Boxes
from triptych.visuals.encoding import Encoded
from triptych.visuals.histogram import Histogram
from triptych.visuals.image import Image
from triptych.visuals.table import Table
from triptych.visuals.text import Text
from triptych.visuals.visual import Visual

__all__ = ["Boxes", "Encoded", "Histogram", "Image", "Table", "Text", "Visual", "adopt"]
