"""The bounding box of a glTF, in metres: the boxes that its POSITION accessors declare, moved as its nodes say."""

import math

from app.errors import BrokenModel
from app.services.uploads.content.gltf_document import Accessor, Document, Node

Box = tuple[list[float], list[float]]
Matrix = list[list[float]]  # three rows of four: the last row of an affine matrix is always the same

_HERE: Matrix = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
_NORMALIZED = {5120: 127, 5121: 255, 5122: 32767, 5123: 65535}


def bounding_box(model: Document) -> dict[str, list[float]] | None:
    """The lowest and highest corner of the default scene, or None if it shows nothing; raises BrokenModel."""
    boxes = [_box_of_mesh(model, number) for number in range(len(model.meshes))]
    found: Box | None = None
    scene = model.scenes[model.scene or 0].nodes if model.scenes else _roots(model)
    waiting = [(node, _HERE) for node in scene]
    while waiting:
        number, above = waiting.pop()
        node = model.nodes[number]
        matrix = _product(above, _matrix(node))
        waiting += [(child, matrix) for child in node.children]
        box = None if node.mesh is None else boxes[node.mesh]
        if box is not None:
            found = _around(found, _moved(matrix, box))
    if found is None:
        return None
    if not all(map(math.isfinite, [*found[0], *found[1]])):
        raise BrokenModel(where="nodes")
    return {"min": found[0], "max": found[1]}


def _roots(model: Document) -> list[int]:
    children = {child for node in model.nodes for child in node.children}
    return [number for number in range(len(model.nodes)) if number not in children]


def _box_of_mesh(model: Document, number: int) -> Box | None:
    found: Box | None = None
    for primitive in model.meshes[number].primitives:
        if "POSITION" in primitive.attributes:
            found = _around(found, _box_of_positions(model.accessors[primitive.attributes["POSITION"]], number))
    return found


def _box_of_positions(accessor: Accessor, mesh: int) -> Box:
    """The box that a POSITION accessor declares, as the specification requires of it."""
    low, high = accessor.min, accessor.max
    if accessor.type != "VEC3" or low is None or high is None or not len(low) == len(high) == 3:
        raise BrokenModel(where=f"meshes.{mesh}.POSITION")
    if any(least > most for least, most in zip(low, high, strict=True)):
        raise BrokenModel(where=f"meshes.{mesh}.POSITION")
    unit = _NORMALIZED.get(accessor.component_type, 1) if accessor.normalized else 1
    return [value / unit for value in low], [value / unit for value in high]


def _around(first: Box | None, second: Box) -> Box:
    if first is None:
        return second
    return list(map(min, first[0], second[0])), list(map(max, first[1], second[1]))


def _moved(matrix: Matrix, box: Box) -> Box:
    low, high = [], []
    for *row, offset in matrix:
        ends = [sorted((factor * box[0][axis], factor * box[1][axis])) for axis, factor in enumerate(row)]
        low.append(offset + sum(least for least, _ in ends))
        high.append(offset + sum(most for _, most in ends))
    return low, high


def _matrix(node: Node) -> Matrix:
    if node.matrix is not None:
        return [node.matrix[row::4] for row in range(3)]
    x, y, z, w = node.rotation
    turned = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return [
        [*(value * scale for value, scale in zip(row, node.scale, strict=True)), offset]
        for row, offset in zip(turned, node.translation, strict=True)
    ]


def _product(first: Matrix, second: Matrix) -> Matrix:
    columns = [*zip(*second, strict=True)]
    moved = [[sum(map(lambda a, b: a * b, row[:3], column)) for column in columns] for row in first]
    return [[*row[:3], row[3] + above[3]] for row, above in zip(moved, first, strict=True)]
