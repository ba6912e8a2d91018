"""Pictures: decoded and encoded anew, so that only their pixels are kept."""

import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import BinaryIO, cast

import orjson

from app.errors import AppError, BrokenImage, ImageTooComplex, StorageAway, TooManyPixels
from app.services.uploads.content import IMAGE, MAX_IMAGE, Content, image_process, limited

MAX_SECONDS = 10  # of CPU that one picture may take; the largest that cameras and programs make take 3
MAX_MEMORY = 800_000_000  # bytes of address space; the largest WebP with a mask takes 620 MB, a JPEG 320 MB
PATIENCE = 60  # seconds after which a picture is given up whose process gets hardly any CPU

_one_at_a_time = threading.Lock()
_REFUSALS: dict[int, Callable[[], AppError]] = {
    image_process.TOO_MANY_PIXELS: partial(
        TooManyPixels, most=image_process.MAX_PIXELS // 1_000_000, most_of_jpeg=image_process.MAX_JPEG_PIXELS // 1_000_000
    ),
    image_process.TOO_COSTLY: ImageTooComplex,
    image_process.BROKEN: BrokenImage,
    image_process.DISK_FULL: partial(StorageAway, retry_after=5),
}


def is_image(start: bytes) -> bool:
    """Whether a file that starts like this is meant to be a PNG, JPEG or WebP."""
    riff = start[:4] == b"RIFF" and start[8:12] == b"WEBP"
    return riff or start.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"))


def encoded_anew(file: BinaryIO) -> Content:
    """The picture, upright, in sRGB and without metadata; of an animation, its first frame.

    It is drawn in a process of its own, one at a time, whose memory and time are limited.
    Raises FileTooLarge, TooManyPixels (before anything is decoded), BrokenImage, ImageTooComplex, StorageAway.
    """
    limited(file, MAX_IMAGE)
    with ExitStack() as unless_drawn:
        try:
            body = cast(BinaryIO, unless_drawn.enter_context(tempfile.TemporaryFile()))
            done = _drawn(file, body)
        except OSError:
            raise StorageAway(retry_after=5) from None
        if done.returncode < 0:  # killed by its limits, or for want of memory
            raise ImageTooComplex
        if done.returncode in _REFUSALS:
            raise _REFUSALS[done.returncode]()
        if done.returncode:
            raise RuntimeError(f"no picture was drawn: {done.stderr[-1000:].decode(errors='replace')}")
        unless_drawn.pop_all()
    told = orjson.loads(done.stdout)
    return Content(IMAGE, told.pop("extension"), body, told)


def _drawn(file: BinaryIO, body: BinaryIO) -> "subprocess.CompletedProcess[bytes]":
    """Run the process that draws the picture in `file` into `body`; raises ImageTooComplex after PATIENCE."""
    given = (body.fileno(), MAX_SECONDS, MAX_MEMORY)
    command = [sys.executable, "-I", "-W", "ignore", image_process.__file__, *map(str, given)]
    with _one_at_a_time:
        try:
            return subprocess.run(  # noqa: S603 - a program of ours
                command, check=False, stdin=file, pass_fds=given[:1], capture_output=True, timeout=PATIENCE
            )
        except subprocess.TimeoutExpired:
            raise ImageTooComplex from None
