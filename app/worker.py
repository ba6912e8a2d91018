"""What happens by itself: `python -m app.worker` (supervisor program `worker`). Several at once do no harm."""

import logging
import signal
import sys
import threading
import time

from app import database, delivering
from app.config import settings
from app.services import deadlines

INTERVAL = 10  # seconds between sweeps

log = logging.getLogger("worker")


def main() -> None:
    """Sweep and deliver until told to stop; a database that is away is waited for."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    log.setLevel(logging.INFO)
    _ = settings.token_key  # signs webhooks
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with database.running():
        log.info("sweeping every %s s", INTERVAL)
        messenger = threading.Thread(target=delivering.run, args=(stop,), name="messenger", daemon=True)
        messenger.start()
        while messenger.is_alive() and not stop.is_set():
            _sweep_once()
            stop.wait(INTERVAL)
        failed = not stop.is_set()
        messenger.join()
    if failed:
        sys.exit("the messenger died")
    log.info("stopped")


def _sweep_once() -> None:
    try:
        done = deadlines.sweep(int(time.time()))
    except database.AWAY as error:
        log.warning("database: %s", str(error).strip())
        return
    if any(done.values()):
        log.info(" ".join(f"{name}={count}" for name, count in done.items() if count))


if __name__ == "__main__":
    main()
