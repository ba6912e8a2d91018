"""Files as merchants upload them: pictures, configs, and models of one triangle."""

import base64
import json
import struct
from io import BytesIO
from typing import Any

from PIL import Image

from tests.support.api import Caller
from tests.support.factories import made

POSITIONS = struct.pack("<9f", 0, 0, 0, 1, 0, 0, 0, 2, 0)


def picture(form: str = "PNG", size: tuple[int, int] = (4, 3), mode: str = "RGB", **options: Any) -> bytes:
    body = BytesIO()
    Image.new(mode, size).save(body, form, **options)
    return body.getvalue()


def config(**values: Any) -> bytes:
    return json.dumps({"背景": "museum", **values}).encode()


def triangle(**parts: Any) -> dict[str, Any]:
    """The document of a model: its triangle reaches from 0 to 1 along x and to 2 along y, and is moved by 1 along x."""
    return {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "translation": [1, 0, 0]}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3", "min": [0, 0, 0], "max": [1, 2, 0]}],
        "bufferViews": [{"buffer": 0, "byteLength": len(POSITIONS)}],
        "buffers": [{"byteLength": len(POSITIONS)}],
        **parts,
    }


def gltf(**parts: Any) -> bytes:
    """A model as JSON that holds its own data."""
    data = "data:application/octet-stream;base64," + base64.b64encode(POSITIONS).decode()
    return json.dumps(triangle(buffers=[{"byteLength": len(POSITIONS), "uri": data}], **parts)).encode()


def glb(document: Any = None, data: bytes = POSITIONS, *, version: int = 2, length: int | None = None) -> bytes:
    """A binary glTF; `length` is what the header says, if not the truth."""
    text = json.dumps(triangle() if document is None else document).encode()
    chunks = chunk(b"JSON", text + b" " * (-len(text) % 4)) + (chunk(b"BIN\0", data) if data else b"")
    return struct.pack("<4sII", b"glTF", version, 12 + len(chunks) if length is None else length) + chunks


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack("<I4s", len(content), kind) + content


LARGE = glb(
    triangle(bufferViews=[{"buffer": 0, "byteLength": 12_000_000}], buffers=[{"byteLength": 12_000_000}]), bytes(12_000_000)
)


def upload(
    merchant: Caller, content: bytes, name: str = "file", media_type: str = "application/octet-stream", **options: Any
) -> Any:
    return merchant.call("POST", "/files", files={"file": (name, content, media_type)}, **options)


def uploaded(merchant: Caller, content: bytes) -> dict[str, Any]:
    """What is told of a file that was taken."""
    return made(upload(merchant, content), 201)


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The problem that an answer must be."""
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return dict(answer.json())
