"""What an uploaded file is, judged by its content alone: never by its name, nor by the type that its sender declares."""

import os
from dataclasses import dataclass, field
from typing import BinaryIO

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
MAX_IMAGE, MAX_CONFIG, MAX_MODEL = 20_000_000, 256_000, 50_000_000  # bytes
BOM = b"\xef\xbb\xbf"  # what Notepad puts before text
MAX_TEXT = 4_000_000  # bytes of JSON that are parsed: of a .gltf, or inside a .glb


@dataclass(frozen=True, slots=True)
class Content:
    """An uploaded file that was accepted: `body` is what is stored, `details` what was found out about it."""

    kind: str
    extension: str
    body: BinaryIO
    details: dict[str, object] = field(default_factory=dict)


def limited(file: BinaryIO, most: int) -> int:
    """The size of a file in bytes; raises FileTooLarge past `most`."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if size > most:
        raise FileTooLarge(most=size_of(most))
    return size


def size_of(number: int) -> str:
    """A number of bytes, as people say it."""
    return f"{number // 1_000_000} MB" if number >= 1_000_000 else f"{number // 1_000} KB"
