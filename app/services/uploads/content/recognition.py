"""Finding out what kind of file was uploaded, and refusing it if it is broken."""

from typing import BinaryIO

import orjson

from app.errors import BrokenConfig, NoPicture, UnsupportedUpload
from app.services.uploads.content import CONFIG, MAX_CONFIG, MAX_TEXT, Content, gltf, images, limited


def recognised(file: BinaryIO) -> Content:
    """The content of an uploaded file.

    Raises UnsupportedUpload, FileTooLarge, TooManyPixels, BrokenImage, BrokenConfig, BrokenModel, ExternalUri.
    """
    file.seek(0)
    start = file.read(512)
    if start.startswith(gltf.MAGIC):
        return gltf.binary(file)
    if images.is_image(start):
        return images.encoded_anew(file)
    if start.lstrip(b" \t\r\n").startswith((b"{", b"[")):
        return _json(file)
    raise UnsupportedUpload


def picture(file: BinaryIO) -> Content:
    """As `recognised`, for a file that must be a picture; raises NoPicture for any other."""
    file.seek(0)
    if not images.is_image(file.read(512)):
        raise NoPicture
    return images.encoded_anew(file)


def _json(file: BinaryIO) -> Content:
    limited(file, MAX_TEXT)
    try:
        document = orjson.loads(file.read())
    except orjson.JSONDecodeError:
        raise BrokenConfig from None
    if not isinstance(document, dict):
        raise BrokenConfig
    if gltf.is_model(document):
        return gltf.text(file, document)
    limited(file, MAX_CONFIG)
    return Content(CONFIG, "json", file)
