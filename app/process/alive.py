"""Signs of life: each part of a process touches a file while it gets on; supervision restarts a process that stopped.

Nothing is written unless the directory RUN_DIR/alive is there. `app.process.container` makes it.
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
    return settings.run_dir / "alive"


def beat(part: str) -> None:
    """Show that this part of the process gets on."""
    with suppress(OSError):
        (directory() / f"{_PROCESS}.{part}").touch()


async def beat_on_the_loop() -> None:
    """Show that this event loop gets on, until cancelled."""
    while True:
        beat("loop")
        await asyncio.sleep(INTERVAL)


def signs_of(process: str) -> Iterator[Path]:
    """The files that a process, by its name in supervisord.conf, has touched since it started."""
    return directory().glob(f"{process}.*")
