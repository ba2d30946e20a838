"""A mesh as a binary glTF 2.0 file, which browsers show.

The format: https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from triptych.visuals import Mesh

_FLOAT, _UINT32, _UINT8 = 5126, 5125, 5121
_VERTICES, _INDICES = 34962, 34963  # what a buffer is for
_UP = [-(0.5**0.5), 0.0, 0.0, 0.5**0.5]  # glTF's y is up, our z is: a quarter turn about x


def write_glb(mesh: Mesh) -> bytes:
    """Write a mesh that is `normalised` and has triangles; it is seen from both sides.

    Returns:
        The bytes of a .glb file.
    """
    buffer = _Buffer()
    attributes = {
        "POSITION": buffer.add(mesh.vertices, _FLOAT, _VERTICES, bounds=True),
        "NORMAL": buffer.add(mesh.normals, _FLOAT, _VERTICES),
    }
    if mesh.colours is not None:
        attributes["COLOR_0"] = buffer.add(_rgba(mesh), _UINT8, _VERTICES)
    indices = buffer.add(mesh.faces.reshape(-1, 1), _UINT32, _INDICES)
    see_through = mesh.colours is not None and mesh.colours.shape[1] == 4  # noqa: PLR2004 - alpha
    material = {
        "doubleSided": True,
        "alphaMode": "BLEND" if see_through else "OPAQUE",
        "pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 0.9},
    }
    primitive = {"attributes": attributes, "indices": indices, "material": 0}
    scene = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "rotation": _UP}],
        "meshes": [{"primitives": [primitive]}],
        "materials": [material],
        "accessors": buffer.accessors,
        "bufferViews": buffer.views,
        "buffers": [{"byteLength": len(buffer.data)}],
    }
    words = json.dumps(scene).encode()
    words += b" " * (-len(words) % 4)
    chunks = [(words, b"JSON"), (bytes(buffer.data), b"BIN\0")]
    body = b"".join(struct.pack("<I4s", len(data), kind) + data for data, kind in chunks)
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


class _Buffer:
    """The numbers of a file, and what glTF wants to know about them."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(self, rows: npt.NDArray[Any], kind: int, use: int, *, bounds: bool = False) -> int:
        """Append rows of 4-byte alignment; returns the number of their accessor."""
        place = len(self.data)
        self.data += np.ascontiguousarray(rows).tobytes()
        length = len(self.data) - place
        self.views.append({"buffer": 0, "byteOffset": place, "byteLength": length, "target": use})
        accessor: dict[str, Any] = {
            "bufferView": len(self.views) - 1,
            "componentType": kind,
            "count": len(rows),
            "type": {1: "SCALAR", 3: "VEC3", 4: "VEC4"}[rows.shape[1]],
        }
        if kind == _UINT8:
            accessor["normalized"] = True
        if bounds:
            accessor |= {"min": rows.min(axis=0).tolist(), "max": rows.max(axis=0).tolist()}
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def _rgba(mesh: Mesh) -> npt.NDArray[np.uint8]:
    """Colours in four bytes, which keeps them aligned.

    glTF's are linear, ours are sRGB as everywhere: the formula is that of IEC 61966-2-1.
    """
    rgba = np.full((len(mesh.vertices), 4), 255, np.uint8)
    rgba[:, : mesh.colours.shape[1]] = mesh.colours
    shares = np.arange(256) / 255.0
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004
    rgba[:, :3] = (linear * 255 + 0.5).astype(np.uint8)[rgba[:, :3]]
    return rgba
