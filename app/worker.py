"""What happens by itself: `python -m app.worker` (supervisor program `worker`). Several at once do no harm."""

import logging
import signal
import sys
import threading
import time

from app import database, delivering, logs, startup
from app.config import ConfigurationError, settings
from app.redaction import told
from app.services import deadlines, heartbeat
from app.work import SYSTEM, Actor, Work

INTERVAL = 10  # seconds between sweeps

log = logging.getLogger("app.worker")


def main() -> None:
    """Sweep and deliver until told to stop; a database that is away is waited for."""
    logs.configure()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        _ = settings.token_key  # signs webhooks
        with database.running():
            log.info("sweeping every %s s", INTERVAL, extra={"fields": startup.described()})
            messenger = threading.Thread(target=delivering.run, args=(stop,), name="messenger", daemon=True)
            messenger.start()
            while messenger.is_alive() and not stop.is_set():
                _sweep_once()
                stop.wait(INTERVAL)
            failed = not stop.is_set()
            messenger.join()
    except (ConfigurationError, *database.AWAY) as error:
        log.critical("no worker: %s", told(error))
        sys.exit(1)
    if failed:
        log.critical("the messenger died")
        sys.exit(1)
    log.info("stopped")


def _sweep_once() -> None:
    try:
        done = deadlines.sweep(int(time.time()))
        with Work(Actor(SYSTEM), writes=True) as work:
            heartbeat.beat(work)
            work.commit()
    except database.AWAY as error:
        log.warning("database: %s", told(error))
        return
    counts = {name: count for name, count in done.items() if count}
    if counts:
        log.info("swept", extra={"fields": counts})


if __name__ == "__main__":
    main()
