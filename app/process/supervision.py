"""supervisord's plugin, named in supervisord.conf.

A program that keeps dying ends it all, one that is frozen is restarted, all programs stop together, and what supervisord has to
say goes into our log.
"""

import logging
import math
import signal
import time
from collections import defaultdict, deque
from pathlib import Path
from typing import Any

from supervisor import events, loggers
from supervisor.states import ProcessStates, SupervisorStates

from app.config import settings
from app.process import alive

DEATHS, WITHIN = 5, 300  # as many deaths of one program in so many seconds are too many
TICK = 5  # seconds between looks at the signs of life

log = logging.getLogger(__name__)
lost: list[str] = []
"""The programs that would not live."""


class Watchdog:
    """Subscribes to what happens to the programs; the methods have underscores since supervisord publishes the others."""

    def __init__(self, supervisord: Any) -> None:
        self._supervisord = supervisord
        self._deaths: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=DEATHS))
        self._signs = Signs()
        supervisord.options.logger.addHandler(_ToOurLog())
        events.subscribe(events.ProcessStateFatalEvent, self._gave_up)
        events.subscribe(events.ProcessStateExitedEvent, self._died)
        events.subscribe(events.SupervisorStoppingEvent, self._stop_together)
        events.subscribe(events.ProcessStateStartingEvent, self._starts)
        events.subscribe(events.Tick5Event, self._look)

    def _gave_up(self, event: Any) -> None:
        """It would not even start."""
        if self._supervisord.options.mood == SupervisorStates.RUNNING:
            self._end(event.process.config.name)

    def _died(self, event: Any) -> None:
        """It ran for a while, and died."""
        name = event.process.config.name
        deaths = self._deaths[name]
        deaths.append(time.monotonic())
        if len(deaths) == DEATHS and deaths[-1] - deaths[0] < WITHIN:
            self._end(name)

    def _end(self, name: str) -> None:
        self._supervisord.options.logger.critical(f"{name} keeps dying: stopping everything")
        lost.append(name)
        self._supervisord.options.mood = SupervisorStates.SHUTDOWN

    def _stop_together(self, event: Any) -> None:
        """supervisord by itself waits for each before it tells the next; the relay, its first, stays until the last line."""
        for group in sorted(self._supervisord.process_groups.values())[1:]:
            group.stop_all()

    def _starts(self, event: Any) -> None:
        self._signs.forget(event.process.config.name)

    def _look(self, event: Any) -> None:
        """Kill what shows no life, by SIGKILL, for a stopped process gets no other signal; supervisord then restarts it."""
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

    It counts looks, not seconds: when the whole machine stood still, nobody looked meanwhile either.
    """

    def __init__(self) -> None:
        self._unchanged: dict[Path, tuple[int, int]] = {}  # each file's time of change, and for how many looks it is that

    def forget(self, process: str) -> None:
        """Begin anew with a process that starts."""
        for sign in alive.signs_of(process):
            sign.unlink(missing_ok=True)

    def have_stopped(self, process: str) -> bool:
        """Look once: whether one of the process's signs has been the same for too many looks."""
        return max(map(self._looks_at, alive.signs_of(process)), default=0) >= math.ceil(settings.frozen_seconds / TICK)

    def _looks_at(self, sign: Path) -> int:
        changed = sign.stat().st_mtime_ns
        before, looks = self._unchanged.get(sign, (-1, 0))
        looks = looks + 1 if changed == before else 0
        self._unchanged[sign] = changed, looks
        return looks


class _ToOurLog(loggers.Handler):
    """Hands supervisord's lines to our log, so that all of stdout reads alike."""

    def emit(self, record: Any) -> None:
        log.log(record.level, "%s", record.asdict()["message"])

    def close(self) -> None:
        """There is nothing to close."""

    def reopen(self) -> None:
        """There is nothing to reopen."""

    def remove(self) -> None:
        """There is nothing to remove."""
