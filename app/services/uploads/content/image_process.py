"""The program that draws one picture anew, in a process of its own so that its memory and time can be limited.

`python image_process.py BODY SECONDS BYTES` reads a picture from standard input and writes it to the descriptor BODY, using at
most SECONDS of CPU and BYTES of memory. It prints the picture's size, or its exit status says why there is none.
It uses nothing of the app, so that it starts within 50 ms.
"""

import io
import json
import os
import resource
import struct
import sys
from contextlib import suppress
from itertools import product
from typing import Any, cast

from PIL import Image, ImageChops, ImageCms, ImageOps, PngImagePlugin
from PIL.JpegImagePlugin import JpegImageFile

MAX_PIXELS = 25_000_000  # 100 MB when decoded
MAX_JPEG_PIXELS = 200_000_000  # as phones take; past MAX_PIXELS the decoder makes it smaller, at no cost of memory
MAX_SCANS = 100  # of a JPEG; programs write 20 at most, and each is a pass over all pixels
MAX_BODY = 50_000_000  # bytes of what is written
TOO_MANY_PIXELS, TOO_COSTLY, BROKEN, DISK_FULL = 10, 11, 12, 13

_EXTENSIONS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp"}
_KEPT_AS = {"MPO": "JPEG"}  # several JPEGs in one file: cameras add previews, depth and HDR gain maps
_FORMS = [*_EXTENSIONS, *_KEPT_AS]
# WebP's default method takes five times as long for a file that is 2 % smaller.
_OPTIONS: dict[str, dict[str, int]] = {"PNG": {}, "JPEG": {"quality": 90}, "WEBP": {"quality": 90, "method": 2}}
# The quality of lossless WebP is how hard it is packed. What packs well takes 900 MB for MAX_PIXELS.
_LOSSLESS = {"lossless": True, "exact": True, "quality": 50, "method": 2}
_LOSSLESS_LARGE = {**_LOSSLESS, "quality": 20, "method": 0}
_LARGE = 10_000_000  # pixels
_WRONG = (OSError, SyntaxError, ValueError, IndexError, KeyError, TypeError, struct.error)  # what Pillow says of broken bytes
_START_OF_SCAN = b"\xff\xda"
_POLITE = 10  # requests go first
_LARGEST_PROFILE = 10_000_000  # bytes; Pillow reads 1 MB from a PNG, and calls it broken past that
_SRGB = ImageCms.createProfile("sRGB")
_SHADES = bytes(range(0, 256, 17))  # 16 of each colour
_UNSEEN = 2  # of 255; a picture in sRGB keeps its values, though another writer's sRGB rounds differently


class TooCostly(Exception):
    """The picture takes more work or memory than any that a camera or a program makes."""


class TooManyPixels(Exception):
    """The picture has more pixels than pictures of its form may have."""


def main(body: int, seconds: int, memory: int) -> int:
    """Draw the picture anew; the exit status."""
    os.nice(_POLITE)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    Image.MAX_IMAGE_PIXELS = MAX_JPEG_PIXELS // 2  # Pillow refuses more than twice as many, before it decodes anything
    PngImagePlugin.MAX_TEXT_CHUNK = _LARGEST_PROFILE
    sys.stdin.buffer.seek(0)
    content = sys.stdin.buffer.read()
    try:
        image, form = _decoded(content)
    except (TooManyPixels, Image.DecompressionBombError):
        return TOO_MANY_PIXELS
    except (TooCostly, MemoryError):
        return TOO_COSTLY
    except _WRONG:
        return BROKEN
    form = _KEPT_AS.get(form, form)
    options = _options(content, form, image)
    try:
        image = _for_screens(image)
        written = _encoded(image, form, options)
    except (TooCostly, MemoryError, OSError, ValueError):  # the encoders tell of too little memory as of anything else
        return TOO_COSTLY
    try:
        with open(body, "wb") as file:
            file.write(written)
    except OSError:
        return DISK_FULL
    json.dump({"extension": _EXTENSIONS[form], "width": image.width, "height": image.height}, sys.stdout)
    return 0


def _decoded(content: bytes) -> tuple[Image.Image, str]:
    """The picture, upright, of an animation the first frame; without its decoder, which may hold more than the picture."""
    with Image.open(io.BytesIO(content), formats=_FORMS) as image:
        if isinstance(image, JpegImageFile):
            if content.count(_START_OF_SCAN) > MAX_SCANS:
                raise TooCostly
            _decode_smaller(image)
        if image.width * image.height > MAX_PIXELS:
            raise TooManyPixels
        return ImageOps.exif_transpose(image), str(image.format)


def _decode_smaller(image: JpegImageFile) -> None:
    """Have a JPEG of too many pixels decoded at a half, a quarter or an eighth of its width and height."""
    for part in (1, 2, 4, 8):
        if (image.width // part) * (image.height // part) <= MAX_PIXELS:
            break
    if part > 1:
        image.draft(None, (image.width // part, image.height // part))


def _options(content: bytes, form: str, image: Image.Image) -> dict[str, Any]:
    if form == "WEBP" and _is_lossless(content):
        return _LOSSLESS_LARGE if image.width * image.height > _LARGE else _LOSSLESS
    return _OPTIONS[form]


def _is_lossless(webp: bytes) -> bool:
    """Whether the first frame of a WebP file is of its lossless kind (RFC 9649)."""
    position = 12
    while position + 8 <= len(webp):
        kind, length = struct.unpack_from("<4sI", webp, position)
        if kind in (b"VP8L", b"VP8 "):
            return bool(kind == b"VP8L")
        # A frame of an animation holds chunks of its own, after 16 bytes.
        position += 8 + (16 if kind == b"ANMF" else length + length % 2)
    return False


def _for_screens(image: Image.Image) -> Image.Image:
    """The picture in sRGB, which is what programs take a picture without a profile for. A broken profile counts as none."""
    profile = image.info.get("icc_profile")
    if profile:
        with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            image = _in_srgb(image, ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    return image.convert("RGB") if image.mode == "CMYK" else image


def _in_srgb(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    if image.mode == "P":
        palette = bytes(image.getpalette("RGB") or b"")
        colours = Image.frombytes("RGB", (len(palette) // 3, 1), palette)
        image.putpalette(_transformed(colours, profile).tobytes())
        return image
    if "transparency" in image.info and image.mode in ("L", "RGB"):  # names a colour, which would be another one
        image = image.convert(image.mode + "A")
    if image.mode in ("L", "LA"):
        grey = image.getchannel("L")
        if profile.profile.xcolor_space == "RGB ":
            grey = grey.convert("RGB")
        grey = _transformed(grey, profile).getchannel(0)
        return Image.merge("LA", (grey, image.getchannel("A"))) if image.mode == "LA" else grey
    return _transformed(image, profile) if image.mode in ("RGB", "RGBA", "CMYK") else image


def _transformed(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    form = "RGBA" if image.mode == "RGBA" else "RGB"
    if image.mode == form and _is_srgb(profile):
        return image
    return _moved(image, profile, form)


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    shades = Image.frombytes("RGB", (256, 16), bytes(part for colour in product(_SHADES, repeat=3) for part in colour))
    changes = ImageChops.difference(shades, _moved(shades, profile, "RGB"))
    return max(changes.tobytes()) <= _UNSEEN


def _moved(image: Image.Image, profile: ImageCms.ImageCmsProfile, form: str) -> Image.Image:
    return cast(Image.Image, ImageCms.applyTransform(image, ImageCms.buildTransform(profile, _SRGB, image.mode, form)))


def _encoded(image: Image.Image, form: str, options: dict[str, Any]) -> memoryview:
    """The file of the picture, without metadata."""
    image.info = {name: value for name, value in image.info.items() if name == "transparency"}
    body = io.BytesIO()
    image.save(body, form, **options)
    if body.tell() > MAX_BODY:
        raise TooCostly
    return body.getbuffer()


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
