"""3D models: glTF 2.0 (Khronos; ISO/IEC 12113), as one binary file (.glb) or as JSON that holds its own data (.gltf)."""

import struct
from collections.abc import Iterator
from typing import BinaryIO

import orjson
from pydantic import ValidationError

from app.errors import BrokenModel, ExternalUri, FileTooLarge
from app.services.uploads.content import MAX_MODEL, MAX_TEXT, MODEL, Content, limited
from app.services.uploads.content.gltf_bounds import bounding_box
from app.services.uploads.content.gltf_checks import check
from app.services.uploads.content.gltf_document import Document

MAGIC = b"glTF"

_HEADER, _CHUNK = struct.Struct("<4sII"), struct.Struct("<I4s")
_JSON, _BINARY = b"JSON", b"BIN\0"
LONGEST_NAME = 50  # characters of a part's name that a refusal repeats


def is_model(document: dict[str, object]) -> bool:
    """Whether a JSON document is meant to be a glTF: `asset.version` is the only part that every glTF has."""
    asset = document.get("asset")
    return isinstance(asset, dict) and "version" in asset


def binary(file: BinaryIO) -> Content:
    """A .glb, whose geometry stays on disk; raises FileTooLarge, BrokenModel, ExternalUri."""
    size = limited(file, MAX_MODEL)
    chunks = _chunks(file, size)
    if not chunks or chunks[0][0] != _JSON:
        raise BrokenModel(where="JSON")
    _, start, length = chunks[0]
    if length > MAX_TEXT:
        raise FileTooLarge(most=MAX_TEXT)
    file.seek(start)
    try:
        document = orjson.loads(file.read(length))
    except orjson.JSONDecodeError:
        raise BrokenModel(where="JSON") from None
    held = chunks[1][2] if len(chunks) > 1 and chunks[1][0] == _BINARY else None
    return Content(MODEL, "glb", file, _details(document, held))


def text(file: BinaryIO, document: dict[str, object]) -> Content:
    """A .gltf whose data is in `data:` URIs; raises BrokenModel, ExternalUri."""
    return Content(MODEL, "gltf", file, _details(document, None))


def _chunks(file: BinaryIO, size: int) -> list[tuple[bytes, int, int]]:
    """Type, start and length of each chunk of a .glb; together they are the file."""
    head = file.read(_HEADER.size)
    if len(head) < _HEADER.size or _HEADER.unpack(head)[1:] != (2, size):
        raise BrokenModel(where="header")
    chunks: list[tuple[bytes, int, int]] = []
    position = _HEADER.size
    while position < size:
        file.seek(position)
        head = file.read(_CHUNK.size)
        length, kind = _CHUNK.unpack(head) if len(head) == _CHUNK.size else (size, b"")
        start = position + _CHUNK.size
        position = start + length
        if position > size or length % 4:
            raise BrokenModel(where=f"chunk {len(chunks)}")
        chunks.append((kind, start, length))
    return chunks


def _details(document: object, held: int | None) -> dict[str, object]:
    """Check a model, and give the details that its row will have; `held` is the number of bytes in the binary chunk."""
    try:
        model = Document.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]["loc"]
        raise BrokenModel(where=".".join(str(part)[:LONGEST_NAME] for part in first)) from None
    for where, uri in _uris(document):
        if not uri.startswith("data:"):
            raise ExternalUri(where=where)
    check(model, held)
    return {"bounding_box": bounding_box(model)}


def _uris(document: object) -> Iterator[tuple[str, str]]:
    """Every `uri` that a loader would follow, also inside extensions.

    Names are joined only when a `uri` is found: a long name above a million empty arrays would be copied a million times.
    """
    names: list[object] = []
    inside = [_parts_of(document)]
    while inside:
        found = next(inside[-1], None)
        if found is None:
            inside.pop()
            del names[-1:]
        elif found[0] == "uri" and isinstance(found[1], str):
            yield ".".join(str(name)[:LONGEST_NAME] for name in [*names, "uri"]), found[1]
        elif isinstance(found[1], dict | list):
            names.append(found[0])
            inside.append(_parts_of(found[1]))


def _parts_of(part: object) -> Iterator[tuple[object, object]]:
    if isinstance(part, list):
        yield from enumerate(part)
    elif isinstance(part, dict):
        yield from ((name, value) for name, value in part.items() if name != "extras")
