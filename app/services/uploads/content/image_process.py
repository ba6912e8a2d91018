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

from PIL import Image, ImageOps

MAX_PIXELS = 25_000_000  # 100 MB when decoded
MAX_SCANS = 100  # of a JPEG; programs write 20 at most, and each is a pass over all pixels
MAX_BODY = 50_000_000  # bytes of what is written
TOO_MANY_PIXELS, TOO_COSTLY, BROKEN, DISK_FULL = 10, 11, 12, 13

_EXTENSIONS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp"}
# WebP's default method takes five times as long for a file that is 2 % smaller.
_OPTIONS: dict[str, dict[str, int]] = {"PNG": {}, "JPEG": {"quality": 90}, "WEBP": {"quality": 90, "method": 2}}
_WRONG = (OSError, SyntaxError, ValueError, IndexError, KeyError, TypeError, struct.error)  # what Pillow says of broken bytes
_START_OF_SCAN = b"\xff\xda"
_POLITE = 10  # requests go first


class TooCostly(Exception):
    """The picture takes more work or memory than any that a camera or a program makes."""


def main(body: int, seconds: int, memory: int) -> int:
    """Draw the picture anew; the exit status."""
    os.nice(_POLITE)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2  # Pillow refuses more than twice as many, before it decodes anything
    try:
        sys.stdin.buffer.seek(0)
        image, form = _decoded(sys.stdin.buffer.read())
    except Image.DecompressionBombError:
        return TOO_MANY_PIXELS
    except (TooCostly, MemoryError):
        return TOO_COSTLY
    except _WRONG:
        return BROKEN
    try:
        content = _encoded(image, form)
    except (TooCostly, MemoryError, *_WRONG):  # the encoders tell of too little memory as of anything else
        return TOO_COSTLY
    try:
        with open(body, "wb") as file:
            file.write(content)
    except OSError:
        return DISK_FULL
    json.dump({"extension": _EXTENSIONS[form], "width": image.width, "height": image.height}, sys.stdout)
    return 0


def _decoded(content: bytes) -> tuple[Image.Image, str]:
    """The picture, upright, of an animation the first frame; without its decoder, which may hold more than the picture."""
    with Image.open(io.BytesIO(content), formats=list(_EXTENSIONS)) as image:
        if image.format == "JPEG" and content.count(_START_OF_SCAN) > MAX_SCANS:
            raise TooCostly
        return ImageOps.exif_transpose(image), str(image.format)


def _encoded(image: Image.Image, form: str) -> memoryview:
    """The file of the picture, without metadata."""
    if image.mode == "CMYK":
        image = image.convert("RGB")
    image.info = {name: value for name, value in image.info.items() if name == "transparency"}
    body = io.BytesIO()
    image.save(body, form, **_OPTIONS[form])
    if body.tell() > MAX_BODY:
        raise TooCostly
    return body.getbuffer()


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
