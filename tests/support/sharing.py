"""What the workers of a run share: a folder, in which the one that first needs something makes it for all."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAME = "TESTS_SHARE"  # of the variable that tells the workers where it is


def begin(folder: Path) -> None:
    """Share this folder from now on, before the workers start."""
    os.environ[_NAME] = str(folder)


def end() -> None:
    """Remove it, after the workers have ended."""
    shutil.rmtree(os.environ.pop(_NAME))


@contextmanager
def alone() -> Iterator[Path]:
    """The folder, with no other worker in it."""
    folder = Path(os.environ[_NAME])
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
