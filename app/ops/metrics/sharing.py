"""How the processes behind one port count together, so that a scrape does not tell of whichever of them answers.

uvicorn's `--workers` are children of one process, and share a directory named after it by themselves. Processes that share a
port in another way are given one by PROMETHEUS_MULTIPROC_DIR, which whoever starts them empties first. A process alone keeps
its figures to itself, in memory.

What a dead process has counted stays, or the sums would fall and rates with them; only what it had in hand is forgotten.
"""

import contextlib
import multiprocessing
import os
import shutil
import tempfile
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_PREFIX = f"meta_be-metrics-{os.getuid()}-"


def directory() -> Path | None:
    """The directory that this process shares, made if need be; None when it is alone."""
    parent = multiprocessing.parent_process()
    if VARIABLE not in os.environ and parent is not None and parent.pid is not None:
        _clear_away()
        os.environ[VARIABLE] = str(Path(tempfile.gettempdir(), f"{_PREFIX}{parent.pid}"))
    if VARIABLE not in os.environ:
        return None
    path = Path(os.environ[VARIABLE])
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def forget_the_dead(path: Path) -> None:
    """Delete the gauges of processes that are no more."""
    for file in path.glob("gauge_live*.db"):
        if not _alive(int(file.stem.rpartition("_")[2])):
            file.unlink(missing_ok=True)


def _clear_away() -> None:
    """Delete the directories whose processes are gone."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if not _alive(int(left.name.rpartition("-")[2])):
            shutil.rmtree(left, ignore_errors=True)


def _alive(pid: int) -> bool:
    with contextlib.suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True
