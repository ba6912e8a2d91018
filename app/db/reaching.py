"""Reaching the database when a service starts: it waits as long as it takes, and the log says for what."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from types import FrameType

import psycopg2
import sqlalchemy.exc
from psycopg2.extensions import parse_dsn

from app.config import ConfigurationError, settings
from app.db import pools
from app.db.failures import is_away
from app.db.remedies import needs_a_person, remedy
from app.redaction import redacted

PAUSE = 1.0  # seconds between attempts
REPEATED = 60.0  # seconds after which the same answer is logged again
STOPPING = (signal.SIGTERM, signal.SIGINT)

Answers = SimpleQueue[BaseException | None]

log = logging.getLogger(__name__)


class Stopped(Exception):
    """The process was told to stop while it waited for the database."""


class NotYet(Exception):
    """The database is there but not ready for this process; the message says why."""


def until_done(act: Callable[[], None]) -> None:
    """Connect and do `act`, as often as it takes while the database is away, or `act` raises NotYet.

    A wrong password or a database that is not there is waited for too, since others mend them while this runs: the log says
    what to do. Raises Stopped as soon as SIGTERM or SIGINT comes, and whatever else `act` raises.
    """
    notice = _Notice()
    with _signals() as answers:
        while True:
            try:
                _connect(answers)
                act()
            except NotYet as unready:
                notice.give(unready)
            except (psycopg2.Error, sqlalchemy.exc.SQLAlchemyError) as error:
                if not is_away(error):
                    raise
                notice.give(error)
            else:
                notice.end()
                return
            _pause(answers)


def where() -> str:
    """The database's address as `host:port/name`, or the directory of the embedded one. It holds no password."""
    if settings.embedded:
        return f"embedded in {settings.data_dir / 'postgres'}"
    try:
        parts = parse_dsn(settings.configured_database())
    except (ConfigurationError, psycopg2.ProgrammingError):
        return "not readable"
    address = f"{parts.get('host', 'a local socket')}:{parts.get('port', '5432')}/{parts.get('dbname', '')}"
    return address.rpartition("@")[2]  # before the @: a part of a password that was not percent-encoded


@contextmanager
def _signals() -> Iterator[Answers]:
    """A queue that gets a Stopped when the process is told to stop; the handlers that were there before are called too."""
    answers: Answers = SimpleQueue()
    if threading.current_thread() is not threading.main_thread():  # in tests: no signal comes here
        yield answers
        return
    before = {number: signal.getsignal(number) for number in STOPPING}

    def handle(number: int, frame: FrameType | None) -> None:
        answers.put(Stopped())
        earlier = before[signal.Signals(number)]
        if callable(earlier):
            earlier(number, frame)

    for number in STOPPING:
        signal.signal(number, handle)
    try:
        yield answers
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _connect(answers: Answers) -> None:
    """Connect once, in a thread: libpq may take seconds, which nobody waits for after a signal."""
    threading.Thread(target=_attempt, args=(answers,), name="connect", daemon=True).start()
    if (answer := answers.get()) is not None:
        raise answer


def _attempt(answers: Answers) -> None:
    try:
        pools.take(pools.thread_engine()).close()
    except Exception as error:
        answers.put(error)
    else:
        answers.put(None)


def _pause(answers: Answers) -> None:
    try:
        stopped = answers.get(timeout=PAUSE)
    except Empty:
        return
    if stopped is not None:
        raise stopped


class _Notice:
    """Logs what the database answers: at first, when it answers something else, and once a minute."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._given_at = 0.0
        self._said = ""

    def give(self, error: Exception) -> None:
        said = " ".join(redacted(error).split())
        if said == self._said and time.monotonic() - self._given_at < REPEATED:
            return
        self._said, self._given_at = said, time.monotonic()
        level = logging.ERROR if needs_a_person(said) else logging.WARNING
        advice = remedy(said, parse_dsn(settings.configured_database()))
        log.log(level, "waiting for the database at %s: %s (%s)", where(), said, advice)

    def end(self) -> None:
        if self._said:
            log.info("the database is there, after %.0f s", time.monotonic() - self._began)
