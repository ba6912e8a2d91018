"""A plugin of supervisord, which supervisord.conf names as an RPC interface.

When a program keeps dying it stops the container, so that the container's owner notices. It restarts frozen programs, stops all
programs at the same time, and copies supervisord's own messages to our log.
"""

import logging
import math
import signal
import time
from collections import defaultdict, deque
from pathlib import Path

from supervisor import events, loggers
from supervisor.states import ProcessStates, SupervisorStates
from supervisor.supervisord import Supervisor

from app.config import settings
from app.process import alive

DEATHS, WITHIN = 5, 300  # so many deaths of one program within so many seconds stop the container
TICK = 5  # seconds between two checks of the signs of life

log = logging.getLogger(__name__)
given_up: list[str] = []
"""The programs that kept dying; read when supervisord has ended."""


class Watchdog:
    """Reacts to supervisord's events. Its methods have underscores because supervisord publishes all others over XML-RPC."""

    def __init__(self, supervisord: Supervisor) -> None:
        self._supervisord = supervisord
        self._deaths: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=DEATHS))
        self._signs = Signs()
        supervisord.options.logger.addHandler(_ToOurLog())
        events.subscribe(events.ProcessStateFatalEvent, self._failed_to_start)
        events.subscribe(events.ProcessStateExitedEvent, self._died)
        events.subscribe(events.SupervisorStoppingEvent, self._stop_together)
        events.subscribe(events.ProcessStateStartingEvent, self._starts)
        events.subscribe(events.Tick5Event, self._kill_frozen)

    def _failed_to_start(self, event: events.ProcessStateEvent) -> None:
        if self._supervisord.options.mood == SupervisorStates.RUNNING:
            self._stop_everything(event.process.config.name)

    def _died(self, event: events.ProcessStateEvent) -> None:
        name = event.process.config.name
        deaths = self._deaths[name]
        deaths.append(time.monotonic())
        if len(deaths) == DEATHS and deaths[-1] - deaths[0] < WITHIN:
            self._stop_everything(name)

    def _stop_everything(self, name: str) -> None:
        self._supervisord.options.logger.critical(f"{name} keeps dying: stopping everything")
        given_up.append(name)
        self._supervisord.options.mood = SupervisorStates.SHUTDOWN

    def _stop_together(self, event: object) -> None:
        """Stop all programs at once; supervisord would wait for each. The relay, the first, goes on until the last line."""
        for group in sorted(self._supervisord.process_groups.values())[1:]:
            group.stop_all()

    def _starts(self, event: events.ProcessStateEvent) -> None:
        self._signs.forget(event.process.config.name)

    def _kill_frozen(self, event: object) -> None:
        """Kill each frozen process; supervisord restarts it. SIGKILL is the only signal that a stopped process gets."""
        for group in self._supervisord.process_groups.values():
            for process in group.processes.values():
                name = process.config.name
                if process.get_state() == ProcessStates.RUNNING and self._signs.have_stopped(name):
                    self._supervisord.options.logger.critical(
                        f"{name} (pid {process.pid}) has shown no life for {settings.frozen_seconds} s: killing it"
                    )
                    self._signs.forget(name)
                    process.signal(signal.SIGKILL)


class Signs:
    """The signs of life of all processes. A process that has not shown any since it started is still starting.

    Checks are counted instead of seconds, so that a pause of the whole machine kills nothing.
    """

    def __init__(self) -> None:
        self._unchanged: dict[Path, tuple[int, int]] = {}  # each file's mtime, and for how many checks it is the same

    def forget(self, process: str) -> None:
        """Remove the signs of a process that starts anew."""
        for sign in alive.signs_of(process):
            sign.unlink(missing_ok=True)

    def have_stopped(self, process: str) -> bool:
        """Check once: whether one of the process's signs has not changed for FROZEN_SECONDS."""
        return max(map(self._unchanged_checks, alive.signs_of(process)), default=0) >= math.ceil(settings.frozen_seconds / TICK)

    def _unchanged_checks(self, sign: Path) -> int:
        changed = sign.stat().st_mtime_ns
        before, checks = self._unchanged.get(sign, (-1, 0))
        checks = checks + 1 if changed == before else 0
        self._unchanged[sign] = changed, checks
        return checks


class _ToOurLog(loggers.Handler):
    """Hands supervisord's messages to our log, so that all lines on stdout have one format."""

    def emit(self, record: loggers.LogRecord) -> None:
        log.log(record.level, "%s", record.asdict()["message"])

    def close(self) -> None:
        """There is nothing to close."""

    def reopen(self) -> None:
        """There is nothing to reopen."""

    def remove(self) -> None:
        """There is nothing to remove."""
