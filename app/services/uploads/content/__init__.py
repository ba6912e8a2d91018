"""What an uploaded file is, told by what is in it: never by its name, nor by the type that its sender declares."""

import os
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from app.errors import FileTooLarge

IMAGE, CONFIG, MODEL = "image", "config", "model"
MEDIA_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "json": "application/json",
    "glb": "model/gltf-binary",
    "gltf": "model/gltf+json",
}
MAX_IMAGE, MAX_CONFIG, MAX_MODEL = 10_000_000, 256_000, 50_000_000  # bytes
MAX_TEXT = 4_000_000  # bytes of JSON that are parsed: of a .gltf, or inside a .glb


@dataclass(frozen=True, slots=True)
class Content:
    """A file that was found to be right: `body` is what is kept, `details` what was learnt from it."""

    kind: str
    extension: str
    body: BinaryIO
    details: dict[str, Any] = field(default_factory=dict)


def limited(file: BinaryIO, most: int) -> int:
    """The size of a file in bytes; raises FileTooLarge past `most`."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if size > most:
        raise FileTooLarge(most=most)
    return size
