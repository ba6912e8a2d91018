"""Solids made of triangles with smooth normals, and their file format (glTF 2.0, binary)."""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
Floats = NDArray[np.float64]
Colour = tuple[float, float, float]  # linear, 0 to 1

_FLOAT, _SHORT, _VERTICES, _TRIANGLES = 5126, 5123, 34962, 34963


@dataclass(frozen=True, slots=True)
class Solid:
    """Positions and normals (n × 3, metres), triangles (m × 3, numbers of positions), and what it is made of."""

    positions: Points
    normals: Points
    triangles: NDArray[np.uint16]
    colour: Colour
    roughness: float = 0.6


def turned(profile: Sequence[tuple[float, float]], colour: Colour, *, around: int = 24, roughness: float = 0.25) -> Solid:
    """A profile of (radius, height), from the ground up, turned around the upright axis."""
    angles = np.linspace(0, 2 * np.pi, around + 1)
    rings = [[(r * np.cos(a), h, r * np.sin(a)) for a in angles] for r, h in profile]
    return _grid(np.array(rings), colour, roughness)


def tube(path: Sequence[Sequence[float]], radius: float, colour: Colour, *, around: int = 8, roughness: float = 0.5) -> Solid:
    """A tube along the points of a path, closed at both ends."""
    line = np.array(path, float)
    ways = np.gradient(line, axis=0)
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    side = np.cross(ways, [0.31, 0.17, 0.93])
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(ways, side)
    angles = np.linspace(0, 2 * np.pi, around + 1)[:, None, None]
    rings = line + radius * (np.cos(angles) * side + np.sin(angles) * up)
    ends = [np.broadcast_to(end, (around + 1, 1, 3)) for end in (line[:1], line[-1:])]
    return _grid(np.concatenate([ends[0], rings, ends[1]], axis=1).transpose(1, 0, 2), colour, roughness)


def ball(centre: Sequence[float], radii: Sequence[float], colour: Colour, *, tilt: float = 0, roughness: float = 0.3) -> Solid:
    """An ellipsoid, tilted by so many degrees around the axis that points at the viewer."""
    down, round_ = np.linspace(-np.pi / 2, np.pi / 2, 8), np.linspace(0, 2 * np.pi, 13)
    rings = [[(np.cos(d) * np.cos(a), np.sin(d), np.cos(d) * np.sin(a)) for a in round_] for d in down]
    shape = np.array(rings) * np.array(radii)
    c, s = np.cos(np.radians(tilt)), np.sin(np.radians(tilt))
    return _grid(shape @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) + np.array(centre), colour, roughness)


def box(centre: Sequence[float], size: Sequence[float], colour: Colour, *, roughness: float = 0.6) -> Solid:
    """A box with flat sides."""
    positions: list[Floats] = []
    normals: list[Floats] = []
    triangles: list[list[int]] = []
    for axis in range(3):
        for sign in (-1, 1):
            u, v = np.eye(3)[(axis + 1) % 3], np.eye(3)[(axis + 2) % 3]
            normal = sign * np.eye(3)[axis]
            start = len(positions)
            corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
            positions += [np.array(centre) + np.array(size) / 2 * (normal + a * u + b * v) for a, b in corners]
            normals += [normal] * 4
            order = ((0, 1, 2), (0, 2, 3)) if sign > 0 else ((0, 2, 1), (0, 3, 2))
            triangles += [[start + corner for corner in each] for each in order]
    return Solid(_floats(positions), _floats(normals), np.array(triangles, np.uint16), colour, roughness)


def glb(solids: Sequence[Solid]) -> bytes:
    """The solids as one mesh of a GLB file."""
    content, views, accessors, primitives = b"", [], [], []

    def stored(values: NDArray[np.generic], kind: str, component: int, target: int, **bounds: object) -> int:
        nonlocal content
        data = values.tobytes()
        views.append({"buffer": 0, "byteOffset": len(content), "byteLength": len(data), "target": target})
        accessors.append(
            {"bufferView": len(views) - 1, "componentType": component, "count": values.size // len(kind), "type": _TYPES[kind]}
            | bounds
        )
        content += data + b"\0" * (-len(data) % 4)
        return len(accessors) - 1

    parts = _of_each_material(solids)
    for number, each in enumerate(parts):
        low, high = (bound.tolist() for bound in (each.positions.min(axis=0), each.positions.max(axis=0)))
        position = stored(each.positions, "xyz", _FLOAT, _VERTICES, min=low, max=high)
        normal = stored(each.normals, "xyz", _FLOAT, _VERTICES)
        indices = stored(each.triangles.ravel(), "i", _SHORT, _TRIANGLES)
        primitives.append({"attributes": {"POSITION": position, "NORMAL": normal}, "indices": indices, "material": number})
    document = {
        "asset": {"version": "2.0", "generator": "meta_be"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": primitives}],
        "materials": [_material(each) for each in parts],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": len(content)}],
    }
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(content), b"BIN\0") + content
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


_TYPES = {"xyz": "VEC3", "i": "SCALAR"}


def _of_each_material(solids: Sequence[Solid]) -> list[Solid]:
    """Those of one material as one, which is smaller."""
    found: dict[tuple[Colour, float], list[Solid]] = {}
    for each in solids:
        found.setdefault((each.colour, each.roughness), []).append(each)
    joined = []
    for (colour, roughness), alike in found.items():
        starts = np.cumsum([0, *(len(each.positions) for each in alike[:-1])])
        triangles = [each.triangles + start for each, start in zip(alike, starts, strict=True)]
        positions, normals = ([getattr(each, name) for each in alike] for name in ("positions", "normals"))
        parts = np.concatenate(positions), np.concatenate(normals), np.concatenate(triangles).astype(np.uint16)
        joined.append(Solid(*parts, colour, roughness))
    return joined


def _material(solid: Solid) -> dict[str, object]:
    colour = [*solid.colour, 1]
    return {"pbrMetallicRoughness": {"baseColorFactor": colour, "metallicFactor": 0, "roughnessFactor": solid.roughness}}


def _grid(rings: NDArray[np.float64], colour: Colour, roughness: float) -> Solid:
    """The surface through rings of points; the last point of each ring is its first again."""
    rows, columns = rings.shape[:2]
    corner = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:], corner[:-1, 1:]
    triangles = np.concatenate([np.stack(each, -1).reshape(-1, 3) for each in ((a, b, c), (a, c, d))])
    points = rings.reshape(-1, 3)
    p, q, r = (points[triangles[:, n]] for n in range(3))
    across = np.cross(q - p, r - p)
    normals = np.zeros_like(points)
    for n in range(3):
        np.add.at(normals, triangles[:, n], across)
    seam = normals.reshape(rows, columns, 3)
    seam[:, 0] = seam[:, -1] = seam[:, 0] + seam[:, -1]
    for end in (0, -1):  # a ring that has shrunk to a point has one normal
        if np.ptp(rings[end], axis=0).max() < 1e-9:
            seam[end] = seam[end].sum(axis=0)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = np.where(lengths > 0, normals / np.maximum(lengths, 1e-12), [0, 1, 0])
    real = np.linalg.norm(across, axis=1) > 1e-12
    return Solid(_floats(points), _floats(normals), triangles[real].astype(np.uint16), colour, roughness)


def _floats(values: object) -> Points:
    return np.round(np.array(values), 5).astype(np.float32) + np.float32(0)  # no -0
