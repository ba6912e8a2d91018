"""Finding out what kind of file was uploaded, and refusing it if it is broken."""

import io
from typing import BinaryIO

import orjson

from app.errors import BrokenConfig, ModelTextTooLarge, NoPicture, UnsupportedUpload, ZippedModel
from app.services.uploads.content import BOM, CONFIG, MAX_CONFIG, MAX_MODEL, MAX_TEXT, Content, gltf, images, limited, size_of

_ZIP = b"PK\x03\x04"
_DIRECTORY = 1_000_000  # bytes at the end of a ZIP file that are looked through for the names of what it holds


def recognised(file: BinaryIO) -> Content:
    """The content of an uploaded file.

    Raises UnsupportedUpload, FileTooLarge, TooManyPixels, ImageTooComplex, BrokenImage, BrokenConfig, BrokenModel, ExternalUri,
    ModelTooComplex, StorageAway.
    """
    file.seek(0)
    start = file.read(512)
    if start.startswith(gltf.MAGIC):
        return gltf.binary(file)
    if images.is_image(start):
        return images.encoded_anew(file)
    if start.removeprefix(BOM).lstrip(b" \t\r\n").startswith((b"{", b"[")):
        return _json(file)
    if start.startswith(_ZIP) and _holds_a_model(file):
        raise ZippedModel(most=size_of(MAX_MODEL))
    raise UnsupportedUpload


def picture(file: BinaryIO) -> Content:
    """As `recognised`, for a file that must be a picture; raises NoPicture for any other."""
    file.seek(0)
    if not images.is_image(file.read(512)):
        raise NoPicture
    return images.encoded_anew(file)


def _json(file: BinaryIO) -> Content:
    """A config or a model, which is kept without the mark that Notepad puts first: JSON must not have it (RFC 8259)."""
    if file.seek(0, io.SEEK_END) > MAX_TEXT:
        raise ModelTextTooLarge(most=size_of(MAX_TEXT))
    file.seek(0)
    text = file.read()
    if text.startswith(BOM):
        text = text.removeprefix(BOM)
        file = io.BytesIO(text)
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BrokenConfig from None
    if not isinstance(document, dict):
        raise BrokenConfig
    if gltf.is_model(document):
        return gltf.text(file, document)
    limited(file, MAX_CONFIG)
    return Content(CONFIG, "json", file)


def _holds_a_model(file: BinaryIO) -> bool:
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _DIRECTORY))
    names = file.read().lower()
    return b".gltf" in names or b".glb" in names
