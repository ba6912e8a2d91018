"""Pictures: decoded, and encoded anew, so that nothing but their pixels is kept."""

import struct
from io import BytesIO
from typing import Any, BinaryIO

from PIL import Image, ImageOps

from app.errors import BrokenImage, TooManyPixels
from app.services.uploads.content import IMAGE, MAX_IMAGE, Content, limited

MAX_PIXELS = 25_000_000  # 100 MB when decoded

_EXTENSIONS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp"}
_OPTIONS: dict[str, dict[str, Any]] = {"PNG": {}, "JPEG": {"quality": 90}, "WEBP": {"quality": 90}}
_WRONG = (OSError, SyntaxError, ValueError, IndexError, KeyError, TypeError, struct.error)  # what Pillow says of broken bytes


def is_image(start: bytes) -> bool:
    """Whether a file that starts so means to be a PNG, JPEG or WebP."""
    riff = start[:4] == b"RIFF" and start[8:12] == b"WEBP"
    return riff or start.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"))


def encoded_anew(file: BinaryIO) -> Content:
    """The picture, upright and without metadata; of an animation, its first frame.

    Raises FileTooLarge, TooManyPixels (before anything is decoded), BrokenImage.
    """
    limited(file, MAX_IMAGE)
    try:
        with Image.open(file, formats=list(_EXTENSIONS)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise TooManyPixels(most=MAX_PIXELS)
            form = str(image.format)
            return _encoded(ImageOps.exif_transpose(image), form)
    except Image.DecompressionBombError:
        raise TooManyPixels(most=MAX_PIXELS) from None
    except _WRONG:
        raise BrokenImage from None


def _encoded(image: Image.Image, form: str) -> Content:
    if image.mode == "CMYK":
        image = image.convert("RGB")
    image.info = {name: value for name, value in image.info.items() if name == "transparency"}
    body = BytesIO()
    image.save(body, form, **_OPTIONS[form])
    return Content(IMAGE, _EXTENSIONS[form], body, {"width": image.width, "height": image.height})
