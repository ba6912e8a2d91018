"""Signs of life: each part of a process touches a file as long as it makes progress.

`app.process.supervision` restarts a process whose files are no longer touched. Nothing is written unless the directory
RUN_DIR/alive exists, which `app.process.container` makes.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from app.config import settings

INTERVAL = 1.0  # seconds between the signs of an event loop

_PROCESS = os.environ.get("SUPERVISOR_PROCESS_NAME", "alone")


def directory() -> Path:
    """The directory of these files, which all processes of a container share."""
    return settings.run_dir / "alive"


def beat(part: str) -> None:
    """Show that this part of the process makes progress."""
    with suppress(OSError):
        (directory() / f"{_PROCESS}.{part}").touch()


async def beat_on_the_loop() -> None:
    """Show that this event loop makes progress, until cancelled."""
    while True:
        beat("loop")
        await asyncio.sleep(INTERVAL)


def signs_of(process: str) -> Iterator[Path]:
    """The files that a process has touched since it started; `process` is its name in supervisord.conf."""
    return directory().glob(f"{process}.*")
