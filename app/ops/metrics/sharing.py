"""Lets the processes behind one port count together, so that each scrape shows the sum whichever process answers it.

The workers of `uvicorn --workers` share a directory that is named after their parent process. Other processes share the one
that PROMETHEUS_MULTIPROC_DIR names; it must be emptied before they start. A single process keeps its metrics in memory.

The counters of a dead process stay, since a sum that falls would look like a restart. Its gauges are deleted.
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
    """The directory that this process shares, which is made if it is missing; None for a single process."""
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
    """Delete the gauges of processes that have ended."""
    for file in path.glob("gauge_live*.db"):
        if not _alive(int(file.stem.rpartition("_")[2])):
            file.unlink(missing_ok=True)


def _clear_away() -> None:
    """Delete the directories of parent processes that have ended."""
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
