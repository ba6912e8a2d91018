"""Whether the parts of a glTF fit together: every range fits, positions are bounded, and the nodes form trees."""

import base64
import binascii
from collections.abc import Iterator

from app.errors import BrokenModel
from app.services.uploads.content.gltf_document import Accessor, Buffer, BufferView, Document, Scene

_COMPRESSIONS = ("EXT_meshopt_compression", "KHR_meshopt_compression")
_COMPONENT_BYTES = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
_COLUMNS_ROWS = {
    "SCALAR": (1, 1), "VEC2": (1, 2), "VEC3": (1, 3), "VEC4": (1, 4), "MAT2": (2, 2), "MAT3": (3, 3), "MAT4": (4, 4)
}  # fmt: skip


def check(model: Document, held: int | None) -> None:
    """Check a model whose indices exist; its binary chunk has `held` bytes (None if it has none). Raises BrokenModel."""
    for where, end, length in _ranges(model, held):
        if end > length:
            raise BrokenModel(where=where)
    _check_nodes(model)
    for i, mesh in enumerate(model.meshes):
        for primitive in mesh.primitives:
            if "POSITION" in primitive.attributes and not _is_bounded(model.accessors[primitive.attributes["POSITION"]]):
                raise BrokenModel(where=f"meshes.{i}.POSITION")


def _ranges(model: Document, held: int | None) -> Iterator[tuple[str, int, int]]:
    """The name of each range, where it ends, and the length of what it is a range of."""
    if held is not None and model.buffers and model.buffers[0].uri is None:
        yield "buffers.0", held, model.buffers[0].byte_length + 3  # a chunk is padded to a multiple of four
    for i, buffer in enumerate(model.buffers):
        yield f"buffers.{i}", buffer.byte_length, _bytes_of(buffer, held if i == 0 else None)
    for i, view in enumerate(model.buffer_views):
        yield f"bufferViews.{i}", view.byte_offset + view.byte_length, model.buffers[view.buffer].byte_length
        for packed in filter(None, (view.extensions.ext, view.extensions.khr)):
            where = f"bufferViews.{i}.extensions"
            yield where, packed.byte_offset + packed.byte_length, model.buffers[packed.buffer].byte_length
            yield where, packed.count * packed.byte_stride, view.byte_length
    for i, accessor in enumerate(model.accessors):
        size = _element_bytes(accessor)
        if accessor.buffer_view is not None:
            view = model.buffer_views[accessor.buffer_view]
            yield f"accessors.{i}", _end(accessor.byte_offset, accessor.count, size, view), view.byte_length
        if accessor.sparse is not None:
            sparse = accessor.sparse
            view, width = model.buffer_views[sparse.indices.buffer_view], _COMPONENT_BYTES[sparse.indices.component_type]
            yield f"accessors.{i}.sparse.indices", sparse.indices.byte_offset + sparse.count * width, view.byte_length
            view = model.buffer_views[sparse.values.buffer_view]
            yield f"accessors.{i}.sparse.values", sparse.values.byte_offset + sparse.count * size, view.byte_length
            yield f"accessors.{i}.sparse", sparse.count, accessor.count


def _bytes_of(buffer: Buffer, held: int | None) -> int:
    """How many bytes a buffer has; one without a URI is the binary chunk, or a placeholder that a decoder fills later."""
    if buffer.uri is None:
        unpacked = held is None and not buffer.extensions.keys().isdisjoint(_COMPRESSIONS)
        return buffer.byte_length if unpacked else held or 0
    try:
        return len(base64.b64decode(buffer.uri.partition(";base64,")[2], validate=True))
    except binascii.Error:
        return 0


def _is_bounded(positions: Accessor) -> bool:
    """Whether an accessor declares its least and greatest position, as the specification requires of it."""
    low, high = positions.min or [], positions.max or []
    is_point = positions.type == "VEC3" and len(low) == len(high) == 3
    return is_point and all(least <= most for least, most in zip(low, high, strict=True))


def _element_bytes(accessor: Accessor) -> int:
    """The size of one element; a matrix's columns start at multiples of four bytes."""
    columns, rows = _COLUMNS_ROWS[accessor.type]
    column = rows * _COMPONENT_BYTES[accessor.component_type]
    return column if columns == 1 else columns * (-(-column // 4) * 4)


def _end(offset: int, count: int, size: int, view: BufferView) -> int:
    return offset + (count - 1) * (view.byte_stride or size) + size


def _check_nodes(model: Document) -> None:
    """Each node has one parent at most, scenes name each node once, and no node is below itself."""
    parents = [0] * len(model.nodes)
    for node in model.nodes:
        for child in node.children:
            parents[child] += 1
    if any(count > 1 for count in parents):
        raise BrokenModel(where="nodes")
    if any(map(_names_one_twice, model.scenes)):
        raise BrokenModel(where="scenes")
    reached, waiting = 0, [number for number, count in enumerate(parents) if not count]
    while waiting:
        reached += 1
        waiting += model.nodes[waiting.pop()].children
    if reached != len(parents):
        raise BrokenModel(where="nodes")


def _names_one_twice(scene: Scene) -> bool:
    return len(set(scene.nodes)) < len(scene.nodes)
