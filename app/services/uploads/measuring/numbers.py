"""The numbers of a model: what its accessors hold, and where its nodes stand."""

import base64
import struct
from collections.abc import Iterator
from functools import cached_property
from mmap import mmap
from typing import Any

import numpy as np
import orjson

BUDGET = 40_000_000  # positions that are moved, at some 40 ns each
EACH = 1_000  # what a piece of work costs however small it is, in positions

_COMPRESSIONS = ("EXT_meshopt_compression", "KHR_meshopt_compression")  # of buffer views
_BOM = b"\xef\xbb\xbf"
_TYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"VEC3": 3, "VEC4": 4, "MAT4": 16}

Array = np.ndarray[Any, np.dtype[Any]]
Part = dict[str, Any]


class Unread(Exception):
    """The positions are compressed or missing, or to move them all would take too long."""


class Model:
    """The document of a model, and its numbers."""

    def __init__(self, content: mmap) -> None:
        self.chunk: memoryview | None = None
        start, end = 0, len(content)
        if content[:4] == b"glTF":
            start, end = 20, 20 + struct.unpack_from("<I", content, 12)[0]
            self.chunk = memoryview(content)[end + 8 :]
        text = content[start:end]
        self.document: Part = orjson.loads(text.removeprefix(_BOM))
        self.left = BUDGET

    def parts(self, name: str) -> list[Part]:
        found: list[Part] = self.document.get(name, [])
        return found

    def spend(self, positions: int) -> None:
        """Raise Unread when this would be more work than one model may take."""
        if positions + EACH > self.left:
            raise Unread
        self.left -= positions + EACH

    @cached_property
    def buffers(self) -> list[memoryview | None]:
        found: list[memoryview | None] = []
        for number, buffer in enumerate(self.parts("buffers")):
            uri = buffer.get("uri")
            held = self.chunk if number == 0 else None
            found.append(held if uri is None else memoryview(base64.b64decode(uri.partition(";base64,")[2])))
        return found

    def accessor(self, number: int) -> Part:
        return self.parts("accessors")[number]

    def rows(self, number: int, kind: str, start: int, stop: int) -> Array:
        """Elements of an accessor, whose type should be `kind`; raises Unread."""
        accessor = self.accessor(number)
        width, sparse = _WIDTHS[kind], accessor.get("sparse")
        if accessor["type"] != kind or accessor["count"] < stop:
            raise Unread
        if accessor.get("bufferView") is not None:
            values = self._values(accessor, accessor["componentType"], width, start, stop).astype(np.float64)
        elif sparse is not None:
            values = np.zeros((stop - start, width))
        else:
            raise Unread  # only in what an unknown extension packs
        if sparse is not None:
            indices = self._values(sparse["indices"], sparse["indices"]["componentType"], 1, 0, sparse["count"])[:, 0]
            if np.any(indices[1:] <= indices[:-1]):
                raise Unread
            first, end = (int(np.searchsorted(indices, edge)) for edge in (start, stop))
            if end > first:
                changed = self._values(sparse["values"], accessor["componentType"], width, first, end)
                values[indices[first:end].astype(np.int64) - start] = changed
        if accessor.get("normalized") and accessor["componentType"] != 5126:
            values = np.maximum(values / np.iinfo(_TYPES[accessor["componentType"]]).max, -1)
        return values

    def _values(self, place: Part, component: int, width: int, start: int, stop: int) -> Array:
        view = self.parts("bufferViews")[place["bufferView"]]
        content = self.buffers[view["buffer"]]
        if content is None or any(name in view.get("extensions", {}) for name in _COMPRESSIONS):
            raise Unread
        kind = np.dtype(_TYPES[component])
        stride = view.get("byteStride") or kind.itemsize * width
        offset = view.get("byteOffset", 0) + place.get("byteOffset", 0) + start * stride
        return np.ndarray((stop - start, width), kind, content, offset, (stride, kind.itemsize))

    @cached_property
    def worlds(self) -> Array:
        """Where each node puts things: its matrix after those of the nodes above it."""
        nodes = self.parts("nodes")
        worlds = matrices_of(
            np.array([node.get("translation", [0, 0, 0]) for node in nodes], float).reshape(-1, 3),
            np.array([node.get("rotation", [0, 0, 0, 1]) for node in nodes], float).reshape(-1, 4),
            np.array([node.get("scale", [1, 1, 1]) for node in nodes], float).reshape(-1, 3),
        )
        for number, node in enumerate(nodes):
            if node.get("matrix") is not None:
                worlds[number] = np.array(node["matrix"], float).reshape(4, 4).T
        waiting = [*self.roots]
        while waiting:
            above = waiting.pop()
            below = nodes[above].get("children", [])
            if below:
                worlds[below] = worlds[above] @ worlds[below]
                waiting += below
        return worlds

    @cached_property
    def roots(self) -> list[int]:
        nodes = self.parts("nodes")
        children = {child for node in nodes for child in node.get("children", [])}
        return [number for number in range(len(nodes)) if number not in children]

    def shown(self) -> Iterator[int]:
        """The nodes of the default scene, each once, though a scene may name one that is below another."""
        scenes = self.parts("scenes")
        waiting = list(scenes[self.document.get("scene") or 0].get("nodes", [])) if scenes else [*self.roots]
        seen: set[int] = set()
        while waiting:
            number = waiting.pop()
            if number not in seen:
                seen.add(number)
                yield number
                waiting += self.parts("nodes")[number].get("children", [])


def matrices_of(translations: Array, rotations: Array, scales: Array) -> Array:
    """The matrices that move, turn and scale."""
    x, y, z, w = rotations.T
    turned = np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip
    found = np.zeros((len(translations), 4, 4))
    found[:, :3, :3] = turned.transpose(2, 0, 1) * scales[:, None, :]
    found[:, :3, 3], found[:, 3, 3] = translations, 1
    return found


def ends_of(accessor: Part) -> tuple[Array, Array]:
    """The least and the greatest position that an accessor declares."""
    kind = np.dtype(_TYPES[accessor["componentType"]])
    unit = np.iinfo(kind).max if accessor.get("normalized") and kind.kind != "f" else 1
    return np.array(accessor["min"][:3], float) / unit, np.array(accessor["max"][:3], float) / unit
