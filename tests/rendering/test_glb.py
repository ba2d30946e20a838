"""A mesh becomes a file as glTF 2.0 describes it."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest

from triptych.rendering.glb import write_glb
from triptych.visuals import Mesh

CORNERS = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 3.0]]
FACES = [[0, 1, 2], [0, 3, 1]]


def _read(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The description, and the arrays that it describes."""
    magic, version, length = struct.unpack_from("<4sII", data)
    assert (magic, version, length) == (b"glTF", 2, len(data))
    words, kind = struct.unpack_from("<I4s", data, 12)
    assert (kind, words % 4) == (b"JSON", 0)
    scene = json.loads(data[20 : 20 + words])
    size, kind = struct.unpack_from("<I4s", data, 20 + words)
    numbers = data[28 + words :]
    assert (kind, size, scene["buffers"]) == (b"BIN\0", len(numbers), [{"byteLength": size}])
    (primitive,) = scene["meshes"][0]["primitives"]
    places = primitive["attributes"] | {"indices": primitive["indices"]}
    arrays = {}
    for name, place in places.items():
        accessor = scene["accessors"][place]
        view = scene["bufferViews"][accessor["bufferView"]]
        assert view["byteOffset"] % 4 == 0
        dtype = {5126: np.float32, 5125: np.uint32, 5121: np.uint8}[accessor["componentType"]]
        columns = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[accessor["type"]]
        end = view["byteOffset"] + view["byteLength"]
        array = np.frombuffer(numbers[view["byteOffset"] : end], dtype).reshape(-1, columns)
        assert len(array) == accessor["count"]
        arrays[name] = array
    return scene, arrays


def test_vertices_faces_and_normals_are_in_the_file() -> None:
    """As they were given, with the bounds that the format asks for."""
    scene, arrays = _read(write_glb(Mesh(CORNERS, FACES, CORNERS).normalised()))
    assert arrays["POSITION"].tolist() == CORNERS
    assert arrays["indices"].reshape(-1, 3).tolist() == FACES
    assert np.linalg.norm(arrays["NORMAL"], axis=1) == pytest.approx(np.ones(4))
    bounds = scene["accessors"][scene["meshes"][0]["primitives"][0]["attributes"]["POSITION"]]
    assert (bounds["min"], bounds["max"]) == ([0, 0, 0], [1, 2, 3])
    assert "COLOR_0" not in arrays


def test_what_is_up_stays_up() -> None:
    """The format's y is up, ours is z: the node turns one into the other."""
    scene, _ = _read(write_glb(Mesh(CORNERS, FACES).normalised()))
    *axis, real = scene["nodes"][0]["rotation"]
    up = np.array([0.0, 0.0, 1.0])
    once = np.cross(axis, up)
    assert up + 2 * real * once + 2 * np.cross(axis, once) == pytest.approx(np.array([0, 1, 0]))


@pytest.mark.parametrize(
    ("colours", "expected", "mode"),
    [
        ([[255, 0, 0], [0, 255, 0], [0, 0, 0], [188, 188, 188]], [128, 128, 128, 255], "OPAQUE"),
        ((188, 188, 188, 100), [128, 128, 128, 100], "BLEND"),
    ],
    ids=["each", "one for all, with alpha"],
)
def test_colours_are_linear_in_the_file(colours: Any, expected: list[int], mode: str) -> None:
    """As the format wants them: half the light is 188 of 255 on the screen."""
    scene, arrays = _read(write_glb(Mesh(CORNERS, FACES, colours=colours).normalised()))
    assert arrays["COLOR_0"][3] == pytest.approx(expected, abs=1)
    assert scene["materials"][0]["alphaMode"] == mode
