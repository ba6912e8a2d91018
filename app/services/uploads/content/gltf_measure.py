"""The bounding box of a model, measured in a process of its own."""

import io
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfileobj
from typing import Any, BinaryIO, cast

import orjson

import app
from app.errors import BrokenModel, ModelTooComplex, StorageAway
from app.services.uploads import measuring

MAX_SECONDS = 10  # of CPU that one model may take; the work is bounded so that it takes 4
MAX_MEMORY = 700_000_000  # bytes of address space; the largest model takes 250 MB
PATIENCE = 60  # seconds after which a model is given up whose process gets hardly any CPU

_ROOT = Path(app.__file__).parents[1]
_SURROUNDINGS = {"OPENBLAS_NUM_THREADS": "1"}  # and no secret of ours


def bounding_box(file: BinaryIO) -> dict[str, Any] | None:
    """The lowest and highest corner of the default scene in metres, and whether it is `approximate`; None if it shows nothing.

    Raises BrokenModel, ModelTooComplex, StorageAway.
    """
    try:
        with _on_disk(file) as readable:
            done = _measured(readable)
    except OSError:
        raise StorageAway(retry_after=5) from None
    if done.returncode < 0 or done.returncode == measuring.TOO_COSTLY:
        raise ModelTooComplex
    if done.returncode:
        raise RuntimeError(f"no model was measured: {done.stderr[-1000:].decode(errors='replace')}")
    box: dict[str, Any] | None = orjson.loads(done.stdout)
    if box is not None and not _is_finite(box["min"], box["max"]):
        raise BrokenModel(where="nodes")
    return box


def _is_finite(*corners: list[float | None]) -> bool:
    """JSON has null for what is too large."""
    return all(part is not None for corner in corners for part in corner)


@contextmanager
def _on_disk(file: BinaryIO) -> Iterator[BinaryIO]:
    """The file, or a copy of one that is in memory only: the process reads it where it lies."""
    file.seek(0)
    try:
        file.fileno()
    except io.UnsupportedOperation:
        with tempfile.TemporaryFile() as copy:
            copyfileobj(file, copy)
            copy.flush()
            yield cast(BinaryIO, copy)
    else:
        yield file


def _measured(file: BinaryIO) -> "subprocess.CompletedProcess[bytes]":
    limits = map(str, (MAX_SECONDS, MAX_MEMORY))
    command = [sys.executable, "-E", "-s", "-m", measuring.__name__, *limits]
    try:
        return subprocess.run(  # noqa: S603 - a program of ours
            command,
            check=False,
            stdin=file,
            capture_output=True,
            timeout=PATIENCE,
            cwd=_ROOT,
            env=_SURROUNDINGS,
        )
    except subprocess.TimeoutExpired:
        raise ModelTooComplex from None
