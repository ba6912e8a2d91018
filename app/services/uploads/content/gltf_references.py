"""What the parts of a glTF refer to: every index that stands for a part exists, and every URI holds its data itself."""

from collections.abc import Iterator

from app.errors import BrokenModel, ExternalUri

LONGEST_NAME = 50  # characters of a part's name that a refusal repeats

_REFERENCES = {
    "buffer": "buffers",
    "bufferView": "bufferViews",
    "camera": "cameras",
    "children": "nodes",
    "image": "images",
    "indices": "accessors",
    "input": "accessors",
    "inverseBindMatrices": "accessors",
    "joints": "nodes",
    "material": "materials",
    "mesh": "meshes",
    "node": "nodes",
    "nodes": "nodes",
    "output": "accessors",
    "sampler": "samplers",
    "scene": "scenes",
    "skeleton": "nodes",
    "skin": "skins",
    "source": "images",
    "texture": "textures",
    "thumbnailImage": "images",
}
_INSTANCING = "EXT_mesh_gpu_instancing"
_NONE_IS_MINUS_ONE = "VRM"  # VRM 0.x

Names = list[object]
Place = tuple[dict[str, object] | list[object], Iterator[tuple[object, object]]]


def check_references(document: object) -> None:
    """Walk all of a document, its extensions too; raises BrokenModel, ExternalUri.

    An index is known by its name. It counts among the parts that the nearest object around it holds, since animations and
    extensions have lists of their own, or else among those of the document.
    Names are joined only for a refusal: a long name above a million empty arrays would be copied a million times.
    """
    assert isinstance(document, dict)
    names: Names = []
    inside: list[Place] = [_place(document)]
    while inside:
        found = next(inside[-1][1], None)
        if found is None:
            inside.pop()
            del names[-1:]
            continue
        name, value = found
        if name == "uri" and isinstance(value, str) and not value.startswith("data:"):
            raise ExternalUri(where=_joined([*names, name]))
        if isinstance(value, int) and not isinstance(value, bool):
            _check(document, names, name, [value], inside)
        elif isinstance(value, list) and value and isinstance(value[0], int):
            _check(document, names, name, value, inside)
        elif isinstance(value, dict | list):
            names.append(name)
            inside.append(_place(value))
        elif isinstance(value, str | bool | float) and name in _REFERENCES and not _is_foreign(names):
            raise BrokenModel(where=_joined([*names, name]))


def _check(document: dict[str, object], names: Names, name: object, indices: list[object], inside: list[Place]) -> None:
    length = _length(document, names, name, inside)
    if length is None:
        return
    least = -1 if _NONE_IS_MINUS_ONE in names[:2] else 0
    for number, index in enumerate(indices):
        if not isinstance(index, int) or not least <= index < length:
            where = [*names, name] if len(indices) == 1 else [*names, name, number]
            raise BrokenModel(where=_joined(where))


def _length(document: dict[str, object], names: Names, name: object, inside: list[Place]) -> int | None:
    """How many parts there are of the sort that a number of this name points to; None if it is just a number."""
    sort = _sort(names, name)
    if "extensions" in names and f"{name}s" != sort:
        own = _nearest(document, names, f"{name}s", inside)
        if own is not None:
            return own
    if sort is None:
        return None
    nearest = _nearest(document, names, sort, inside)
    if nearest is not None:
        return nearest
    parts = document.get(sort)
    return len(parts) if isinstance(parts, list) else 0


def _sort(names: Names, name: object) -> str | None:
    """The list of the document that a number of this name points into, or None."""
    above = names[-1] if names else None
    extended = "extensions" in names
    if above == "attributes" and (not extended or _INSTANCING in names):
        return "accessors"
    if not extended and len(names) > 1 and names[-2] == "targets":
        return "accessors"
    if name == "index" and isinstance(above, str) and above.lower().endswith("texture"):
        return "textures"
    return _REFERENCES.get(name) if isinstance(name, str) else None


def _nearest(document: dict[str, object], names: Names, sort: str, inside: list[Place]) -> int | None:
    """The length of the nearest list of this sort around an index: in its own extension, or in an animation."""
    around: list[object] = [part for part, _ in reversed(inside[1:])]
    if "extensions" in names[:-1]:
        at = len(names) - 1 - names[::-1].index("extensions")
        own = document.get("extensions")
        around.append(own.get(names[at + 1]) if isinstance(own, dict) and at + 1 < len(names) else None)
    for part in around:
        parts = part.get(sort) if isinstance(part, dict) else None
        if isinstance(parts, list) and parts and isinstance(parts[0], dict):
            return len(parts)
    return None


def _is_foreign(names: Names) -> bool:
    return "extensions" in names or names[:1] == ["asset"]


def _joined(names: Names) -> str:
    return ".".join(str(name)[:LONGEST_NAME] for name in names)


def _place(part: dict[str, object] | list[object]) -> Place:
    if isinstance(part, list):
        return part, enumerate(part)
    return part, ((name, value) for name, value in part.items() if name != "extras")
