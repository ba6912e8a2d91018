"""3D models: glTF 2.0 (Khronos; ISO/IEC 12113), as one binary file (.glb) or as JSON that holds its own data (.gltf)."""

import struct
from typing import BinaryIO

import orjson
from pydantic import ValidationError

from app.errors import BrokenModel, ModelTextTooLarge
from app.services.uploads.content import BOM, MAX_MODEL, MAX_TEXT, MODEL, Content, limited, size_of
from app.services.uploads.content.gltf_checks import check
from app.services.uploads.content.gltf_document import Document
from app.services.uploads.content.gltf_measure import bounding_box
from app.services.uploads.content.gltf_references import LONGEST_NAME, check_references

MAGIC = b"glTF"

_HEADER, _CHUNK = struct.Struct("<4sII"), struct.Struct("<I4s")
_JSON, _BINARY = b"JSON", b"BIN\0"


def is_model(document: dict[str, object]) -> bool:
    """Whether a JSON document is meant to be a glTF: `asset.version` is the only part that every glTF has."""
    asset = document.get("asset")
    return isinstance(asset, dict) and "version" in asset


def binary(file: BinaryIO) -> Content:
    """A .glb, whose geometry stays on disk; raises FileTooLarge, BrokenModel, ExternalUri, ModelTooComplex."""
    size = limited(file, MAX_MODEL)
    chunks = _chunks(file, size)
    if not chunks or chunks[0][0] != _JSON:
        raise BrokenModel(where="JSON")
    _, start, length = chunks[0]
    if length > MAX_TEXT:
        raise ModelTextTooLarge(most=size_of(MAX_TEXT))
    file.seek(start)
    try:
        document = orjson.loads(file.read(length).removeprefix(BOM))
    except orjson.JSONDecodeError:
        raise BrokenModel(where="JSON") from None
    held = chunks[1][2] if len(chunks) > 1 and chunks[1][0] == _BINARY else None
    return Content(MODEL, "glb", file, _details(file, document, held))


def text(file: BinaryIO, document: dict[str, object]) -> Content:
    """A .gltf whose data is in `data:` URIs; raises BrokenModel, ExternalUri, ModelTooComplex."""
    return Content(MODEL, "gltf", file, _details(file, document, None))


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


def _details(file: BinaryIO, document: object, held: int | None) -> dict[str, object]:
    """Check a model, and give the details that its row will have; `held` is the number of bytes in the binary chunk."""
    try:
        model = Document.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]["loc"]
        raise BrokenModel(where=".".join(str(part)[:LONGEST_NAME] for part in first)) from None
    check_references(document)
    check(model, held)
    return {"bounding_box": bounding_box(file)}
