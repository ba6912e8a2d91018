"""Sweeps deadlines and delivers webhooks: `python -m app.worker` (supervisor program `worker`). Several may run at once."""

import logging
import signal
import sys
import threading
import time

from app.config import ConfigurationError, settings
from app.db import failures, migration
from app.db.reaching import Stopped
from app.db.work import SYSTEM, Actor, Work
from app.ops import incidents, logs, startup, tracing
from app.process import alive
from app.redaction import redacted
from app.services.sweeping import heartbeat, sweep
from app.services.webhooks import messenger

INTERVAL = 10  # seconds between sweeps
SWEEP = "sweep"

log = logging.getLogger("app.worker")


def main() -> None:
    """Sweep and deliver until SIGTERM or SIGINT; wait for the database while it is away."""
    logs.configure()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    incidents.expect(SWEEP, *sweep.STEPS, *messenger.STEPS)
    failed = False
    try:
        _ = settings.token_key  # signs webhooks
        with tracing.running(), migration.running(waits=True):
            log.info("sweeping every %s s", INTERVAL, extra={"fields": startup.described()})
            failed = _work_until(stop)
    except Stopped:
        pass
    except (ConfigurationError, *failures.AWAY) as error:
        log.critical("no worker: %s", redacted(error))
        sys.exit(1)
    if failed:
        log.critical("the messenger died")
        sys.exit(1)
    log.info("stopped")


def _work_until(stop: threading.Event) -> bool:
    """Sweep in this thread and deliver in another; return True if the other died."""
    delivering = threading.Thread(target=messenger.run, args=(stop,), name="messenger", daemon=True)
    delivering.start()
    while delivering.is_alive() and not stop.is_set():
        _sweep_once()
        _rest(stop)
    failed = not stop.is_set()
    delivering.join()
    return failed


def _sweep_once() -> None:
    try:
        _sweep()
    except Exception as error:
        incidents.note(SWEEP, error)


def _sweep() -> None:
    done = sweep.sweep(int(time.time()), lambda: alive.beat(SWEEP))
    with Work(Actor(SYSTEM), writes=True) as work:
        heartbeat.beat(work)
        work.commit()
    counts = {name: count for name, count in done.items() if count}
    if counts:
        log.info("swept", extra={"fields": counts})


def _rest(stop: threading.Event) -> None:
    for _ in range(INTERVAL):
        alive.beat(SWEEP)
        if stop.wait(1):
            return


if __name__ == "__main__":
    main()
